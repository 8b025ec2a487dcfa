/**
 * What a server says of papers, checked before it is kept or shown: only what a page of ours shows goes on, each part
 * of it
 * no longer than it can be shown, and a paper only under an id that a link can be made from.
 */

import { paperId } from "../paper-id.js";

/** @typedef {import("../messages.js").Reason} Reason */

const MOST_CARDS = 250;
const MOST_RECOMMENDED = 60;
const MOST_REASONS = 40;
const MOST_WORDS = 12;
const MOST_NAMES = 30;
const MOST_DEVICES = 500;

/** @param {any} value @param {number} longest @returns {string | null} */
const words = (value, longest) => (typeof value === "string" ? value.slice(0, longest) : null);

/** @param {any} value @param {number} most @param {number} longest @returns {string[]} */
const list = (value, most, longest) =>
  Array.isArray(value)
    ? value
        .filter((one) => typeof one === "string")
        .slice(0, most)
        .map((one) => one.slice(0, longest))
    : [];

/** @param {any} value @returns {number | null} */
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Whether an id is one as we write them ourselves. @param {any} id @returns {id is string} */
export const isCanonical = (id) => typeof id === "string" && paperId(id) === id;

/** @param {any} told @returns {Reason} */
function parseReason({ kind, share, paper, title, words: named }) {
  return /** @type {Reason} */ ({
    kind: words(kind, 20) ?? "",
    share: number(share) ?? 0,
    ...(isCanonical(paper) ? { paper } : {}),
    ...(words(title, 300) === null ? {} : { title: words(title, 300) }),
    ...(Array.isArray(named) ? { words: list(named, MOST_WORDS, 60) } : {}),
  });
}

/** @param {any} told @returns {Reason[]} */
const parseReasons = (told) =>
  Array.isArray(told)
    ? told
        .filter((one) => one && typeof one === "object")
        .slice(0, MOST_REASONS)
        .map(parseReason)
    : [];

/**
 * A paper as it is shown. Its address is made from its id, whatever the server says. @param {any} told @returns
 * {import("../messages.js").Paper}
 */
const parsePaper = ({ id, title, authors, published_at, upvotes, categories, url }) => ({
  id,
  title: words(title, 500),
  abstract: null,
  authors: list(authors, MOST_NAMES, 100),
  published_at: words(published_at, 40),
  upvotes: number(upvotes),
  categories: list(categories, 20, 30),
  // Says only which site it is on, see `addressOf`.
  url: words(url, 200),
});

/**
 * @param {any} told items of an answer that have a paper each
 * @returns {any[]} those whose paper can be shown
 */
export const parseItems = (told) =>
  (Array.isArray(told) ? told : [])
    .filter((one) => isCanonical(one?.paper?.id))
    .slice(0, MOST_RECOMMENDED)
    .map(({ paper, score, rank, reasons }) => ({
      paper: parsePaper(paper),
      score: number(score),
      rank: number(rank),
      reasons: parseReasons(reasons),
    }));

/** @param {any} told @returns {import("../messages.js").RankCard[]} in the same order */
function parseCards(told) {
  return told.slice(0, MOST_CARDS).map((/** @type {any} */ one) => ({
    id: isCanonical(one?.id) ? one.id : null,
    input_id: words(one?.input_id, 100) ?? "",
    rank: number(one?.rank),
    score: number(one?.score),
    basis: words(one?.basis, 20),
    state: parseState(one?.state),
    reasons: parseReasons(one?.reasons),
    ...(one?.error ? { error: { code: words(one.error.code, 80), message: words(one.error.message, 300) } } : {}),
  }));
}

/** @param {any} told @returns {import("../messages.js").PaperState} */
const parseState = (told) => ({
  opened_at: words(told?.opened_at, 40),
  saved: told?.saved === true,
  hidden: told?.hidden === true,
});

/** @param {any} answer @returns {boolean} whether it is a ranked list */
export const isList = (answer) =>
  typeof answer?.list_id === "string" &&
  answer.list_id.length < 200 &&
  Array.isArray(answer.cards) &&
  Array.isArray(answer.recommended);

/** @param {any} answer @returns {Pick<import("../messages.js").List, "list_id" | "model" | "cards" | "recommended">} */
export const parseList = ({ list_id, model, cards, recommended }) => ({
  list_id,
  model: model === null || model === undefined ? null : (words(model, 100) ?? true),
  cards: parseCards(cards),
  recommended: parseItems(recommended),
});

/** Names are shown inside a sentence of ours: what moves or hides the letters around it goes. @param {string} name */
const plain = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();

/**
 * Whom a pairing code is for; null where the answer does not say. @param {any} told @returns
 * {import("../messages.js").Whose | null}
 */
export function parseWhose({ reader_id, operator, devices }) {
  if (reader_id !== null && typeof reader_id !== "string") return null;
  return {
    reader_id: words(reader_id, 200) ?? "",
    operator: operator === true,
    devices: list(devices, MOST_DEVICES, 60).map(plain).filter(Boolean),
  };
}
