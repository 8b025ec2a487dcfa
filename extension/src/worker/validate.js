/** What pages tell, checked for its shape: a page is untrusted, so only known fields of the right kind go on. */

import { paperId } from "../paper-id.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Site} Site */

/** What a page of arXiv lists at most. The marks of all are shown; the server ranks fewer. */
const MOST_CARDS = 2_000;
const MOST_NAMES = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A kind and a date; so a query or an address can never be sent as one. */
const PAGE = /^[a-z]+(\/[\dW-]{1,10})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
/** What the server's database holds of a number. */
const MOST_UPVOTES = 2 ** 31 - 1;
const KINDS = ["open", "save", "unsave", "hide", "unhide", "impression"];
const SURFACES = ["card", "panel", "paper_page", "search", "feed", "digest", "library", "import", "demo"];
/** @type {[Site, RegExp][]} */
const SITES = [
  ["huggingface", /^https:\/\/huggingface\.co\/papers/],
  ["arxiv", /^https:\/\/(?:www\.|export\.|browse\.)?arxiv\.org\//],
  ["demo", /^https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?\/demo/],
];

/** The site whose page an address is, or null. @param {string | undefined} url @returns {Site | null} */
export const siteOf = (url) => SITES.find(([, address]) => address.test(url ?? ""))?.[0] ?? null;

/** Thrown where a message lacks what it must have. */
export class BadMessage extends Error {}

/**
 * @template T
 * @param {string} field
 * @param {T | null | undefined | false} value
 * @returns {T}
 */
function need(field, value) {
  if (value === null || value === undefined || value === false)
    throw new BadMessage(`${field} is missing or not what it should be`);
  return value;
}

/** Cut before it is made whole: a cut may go through a pair. @param {any} value @param {number} longest */
const words = (value, longest) =>
  typeof value === "string" && value ? value.slice(0, longest).toWellFormed().replaceAll("\0", "") : undefined;

/**
 * A time as the server reads it: JavaScript takes "2026", the 30th of February and the year 0 too. @param {any} value
 */
function moment(value) {
  if (typeof value !== "string" || !TIME.test(value) || Number.isNaN(Date.parse(value))) return undefined;
  const written = new Date(value).toISOString();
  return TIME.test(written) && written >= "0001" ? written : undefined;
}

/** @param {any} value @param {number} longest */
const names = (value, longest) =>
  Array.isArray(value) ? value.slice(0, MOST_NAMES).flatMap((one) => words(one, longest) ?? []) : undefined;

/** @param {any} value @returns {string} the canonical id */
export const parsePaper = (value) => need("paper", typeof value === "string" && paperId(value));

/** @param {any} value @returns {string} */
export const parsePage = (value) => need("page", typeof value === "string" && PAGE.test(value) && value);

/** Fields that say where an event happened, as far as they are right. @param {any} told */
export function parseContext(told) {
  const { surface, page, list_id, position } = told ?? {};
  return {
    ...(SURFACES.includes(surface) ? { surface } : {}),
    ...(typeof page === "string" && PAGE.test(page) ? { page } : {}),
    ...(typeof list_id === "string" && list_id.length < 200 ? { list_id } : {}),
    ...(Number.isInteger(position) && position > 0 ? { position } : {}),
  };
}

/** @param {any} told @returns {Event} */
export function parseEvent(told) {
  const { id, kind, at } = told ?? {};
  return {
    id: need("id", UUID.test(id) && id),
    kind: need("kind", KINDS.includes(kind) && kind),
    paper: parsePaper(told?.paper),
    at: need("at", typeof at === "string" && at.length <= 40 && !Number.isNaN(Date.parse(at)) && at),
    ...parseContext(told),
  };
}

/** @param {any} told @returns {Card | null} null without a usable id */
export function parseCard(told) {
  const id = typeof told?.id === "string" ? paperId(told.id) : null;
  if (!id) return null;
  const texts = {
    title: words(told.title, 1_000),
    abstract: words(told.abstract, 20_000),
    organization: words(told.organization, 200),
  };
  const lists = { authors: names(told.authors, 200), categories: names(told.categories, 50) };
  const published_at = moment(told.published_at);
  const upvotes =
    Number.isInteger(told.upvotes) && told.upvotes >= 0 && told.upvotes <= MOST_UPVOTES ? told.upvotes : undefined;
  const upvoted = told.upvoted === true ? true : undefined;
  const card = { id, ...texts, ...lists, published_at, upvotes, upvoted };
  return /** @type {Card} */ (Object.fromEntries(Object.entries(card).filter(([, value]) => value !== undefined)));
}

/** @param {any} told @returns {Card[]} those with a usable id */
export const parseCards = (told) =>
  Array.isArray(told) ? told.slice(0, MOST_CARDS).flatMap((one) => parseCard(one) ?? []) : [];
