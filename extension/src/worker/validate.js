/** Parse what pages say. A page is untrusted: only known fields of the right kind go on. */

import { paperId } from "../paper-ids.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Site} Site */

/** No page of arXiv lists more. The marks of all are shown; the server ranks fewer. */
const MAX_CARDS = 2_000;
const MAX_NAMES = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A kind and a date, so that a query or an address can never be sent as one. */
const PAGE = /^[a-z]+(\/[\dW-]{1,10})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
/** The largest integer of the server's database. */
const MAX_UPVOTES = 2 ** 31 - 1;
const KINDS = ["open", "save", "unsave", "hide", "unhide", "dislike", "undislike", "impression"];
const SURFACES = ["card", "panel", "paper_page", "search", "feed", "digest", "library", "import", "demo"];
/** @type {[Site, RegExp][]} */
const SITES = [
  ["huggingface", /^https:\/\/huggingface\.co\/papers/],
  ["arxiv", /^https:\/\/(?:www\.|export\.|browse\.)?arxiv\.org\//],
  ["demo", /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/demo/],
];

/** The site whose page an address is, or null. @param {string | undefined} url @returns {Site | null} */
export const siteOf = (url) => SITES.find(([, address]) => address.test(url ?? ""))?.[0] ?? null;

/** A message lacks what it must have. */
export class BadMessage extends Error {}

/**
 * @template T
 * @param {string} field
 * @param {T | null | undefined | false} value
 * @returns {T}
 */
function requireField(field, value) {
  if (value === null || value === undefined || value === false)
    throw new BadMessage(`${field} is missing or malformed`);
  return value;
}

/** Cut first, for a cut may split a surrogate pair. @param {any} value @param {number} maxLength */
const parseText = (value, maxLength) =>
  typeof value === "string" && value ? value.slice(0, maxLength).toWellFormed().replaceAll("\0", "") : undefined;

/** Only a time that the server accepts: JavaScript takes "2026", 30 February and the year 0 too. @param {any} value */
function parseTime(value) {
  if (typeof value !== "string" || !TIME.test(value) || Number.isNaN(Date.parse(value))) return undefined;
  const written = new Date(value).toISOString();
  return TIME.test(written) && written >= "0001" ? written : undefined;
}

/** @param {any} value @param {number} maxLength */
const parseNames = (value, maxLength) =>
  Array.isArray(value) ? value.slice(0, MAX_NAMES).flatMap((one) => parseText(one, maxLength) ?? []) : undefined;

/** @param {any} value @returns {string} the canonical id @throws {BadMessage} */
export const parsePaper = (value) => requireField("paper", typeof value === "string" && paperId(value));

/** @param {any} value @returns {string} @throws {BadMessage} */
export const parsePage = (value) => requireField("page", typeof value === "string" && PAGE.test(value) && value);

/** The fields that say where an event happened, as far as they are right. @param {any} raw */
export function parseContext(raw) {
  const { surface, page, list_id, position } = raw ?? {};
  return {
    ...(SURFACES.includes(surface) ? { surface } : {}),
    ...(typeof page === "string" && PAGE.test(page) ? { page } : {}),
    ...(typeof list_id === "string" && list_id.length < 200 ? { list_id } : {}),
    ...(Number.isInteger(position) && position > 0 ? { position } : {}),
  };
}

/** @param {any} raw @returns {Event} @throws {BadMessage} */
export function parseEvent(raw) {
  const { id, kind, at } = raw ?? {};
  return {
    id: requireField("id", UUID.test(id) && id),
    kind: requireField("kind", KINDS.includes(kind) && kind),
    paper: parsePaper(raw?.paper),
    at: requireField("at", typeof at === "string" && at.length <= 40 && !Number.isNaN(Date.parse(at)) && at),
    ...parseContext(raw),
  };
}

/** @param {any} raw @returns {Card | null} null without a usable id */
export function parseCard(raw) {
  const id = typeof raw?.id === "string" ? paperId(raw.id) : null;
  if (!id) return null;
  const texts = {
    title: parseText(raw.title, 1_000),
    abstract: parseText(raw.abstract, 20_000),
    organization: parseText(raw.organization, 200),
  };
  const lists = { authors: parseNames(raw.authors, 200), categories: parseNames(raw.categories, 50) };
  const published_at = parseTime(raw.published_at);
  const upvotes =
    Number.isInteger(raw.upvotes) && raw.upvotes >= 0 && raw.upvotes <= MAX_UPVOTES ? raw.upvotes : undefined;
  const upvoted = raw.upvoted === true ? true : undefined;
  const card = { id, ...texts, ...lists, published_at, upvotes, upvoted };
  return /** @type {Card} */ (Object.fromEntries(Object.entries(card).filter(([, value]) => value !== undefined)));
}

/** @param {any} raw @returns {Card[]} those with a usable id */
export const parseCards = (raw) =>
  Array.isArray(raw) ? raw.slice(0, MAX_CARDS).flatMap((one) => parseCard(one) ?? []) : [];
