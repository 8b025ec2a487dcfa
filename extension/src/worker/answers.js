/**
 * Parse what a server says of papers, before it is stored or shown: only fields that a page of ours shows, none longer
 * than it can be shown, and a paper only under an id that a link can be made from.
 */

import { paperId } from "../paper-ids.js";

/** @typedef {import("../messages.js").Reason} Reason */

const MAX_CARDS = 250;
const MAX_RECOMMENDED = 60;
const MAX_REASONS = 40;
const MAX_WORDS = 12;
const MAX_NAMES = 30;
const MAX_SAVED_NAMES = 12;
const MAX_DEVICES = 500;

/** @param {any} value @param {number} maxLength @returns {string | null} */
const parseText = (value, maxLength) => (typeof value === "string" ? value.slice(0, maxLength) : null);

/** @param {any} value @param {number} max @param {number} maxLength @returns {string[]} */
const parseTexts = (value, max, maxLength) =>
  Array.isArray(value)
    ? value
        .filter((one) => typeof one === "string")
        .slice(0, max)
        .map((one) => one.slice(0, maxLength))
    : [];

/** The longest list of topics that a server takes, and the longest topic. */
const MAX_TOPICS = 200;
const MAX_TOPIC = 300;

/** @param {any} value @returns {string[]} */
export const parseTopicList = (value) => parseTexts(value, MAX_TOPICS, MAX_TOPIC);

/** @param {any} value @returns {number | null} */
const parseNumber = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Whether an id is written as we write it ourselves. @param {any} id @returns {id is string} */
export const isCanonical = (id) => typeof id === "string" && paperId(id) === id;

/** @param {any} raw @returns {Reason} */
function parseReason({ kind, share, paper, title, words }) {
  return /** @type {Reason} */ ({
    kind: parseText(kind, 20) ?? "",
    share: parseNumber(share) ?? 0,
    ...(isCanonical(paper) ? { paper } : {}),
    ...(parseText(title, 300) === null ? {} : { title: parseText(title, 300) }),
    ...(Array.isArray(words) ? { words: parseTexts(words, MAX_WORDS, 60) } : {}),
  });
}

/** @param {any} raw @returns {Reason[]} */
const parseReasons = (raw) =>
  Array.isArray(raw)
    ? raw
        .filter((one) => one && typeof one === "object")
        .slice(0, MAX_REASONS)
        .map(parseReason)
    : [];

/** @param {any} raw @returns {import("../messages.js").Paper} */
const parsePaper = ({ id, title, authors, published_at, upvotes, categories, url }) => ({
  id,
  title: parseText(title, 500),
  abstract: null,
  authors: parseTexts(authors, MAX_NAMES, 100),
  published_at: parseText(published_at, 40),
  upvotes: parseNumber(upvotes),
  categories: parseTexts(categories, 20, 30),
  // Says only which site the paper is on; its link is made from its id, see `addressOf`.
  url: parseText(url, 200),
});

/**
 * @param {any} raw items of an answer that have a paper each
 * @returns {any[]} those whose paper can be shown
 */
export const parseItems = (raw) =>
  (Array.isArray(raw) ? raw : [])
    .filter((one) => isCanonical(one?.paper?.id))
    .slice(0, MAX_RECOMMENDED)
    .map(({ paper, score, rank, reasons }) => ({
      paper: parsePaper(paper),
      score: parseNumber(score),
      rank: parseNumber(rank),
      reasons: parseReasons(reasons),
    }));

/**
 * @param {any} raw items of the library
 * @returns {import("../storage.js").SavedPaper[]} those whose paper can be shown, in the same order
 */
export const parseEntries = (raw) =>
  (Array.isArray(raw) ? raw : [])
    .filter((one) => isCanonical(one?.paper?.id))
    .map(({ paper: { id, title, authors, upvotes, url }, saved_at, tags }) => ({
      id,
      title: parseText(title, 300),
      authors: parseTexts(authors, MAX_SAVED_NAMES, 60),
      upvotes: parseNumber(upvotes),
      url: parseText(url, 100),
      saved_at: parseText(saved_at, 40),
      tags: parseTexts(tags, MAX_NAMES, 60),
    }));

/** @param {any[]} raw @returns {any[]} `RankCard`s in the same order */
const parseCards = (raw) =>
  raw.slice(0, MAX_CARDS).map((one) => ({
    id: isCanonical(one?.id) ? one.id : null,
    input_id: parseText(one?.input_id, 100) ?? "",
    rank: parseNumber(one?.rank),
    score: parseNumber(one?.score),
    basis: parseText(one?.basis, 20),
    state: parseState(one?.state),
    reasons: parseReasons(one?.reasons),
    ...(one?.error
      ? { error: { code: parseText(one.error.code, 80), message: parseText(one.error.message, 300) } }
      : {}),
  }));

/** @param {any} raw @returns {import("../messages.js").PaperState} */
const parseState = (raw) => ({
  opened_at: parseText(raw?.opened_at, 40),
  saved: raw?.saved === true,
  hidden: raw?.hidden === true,
  ...(typeof raw?.disliked === "boolean" ? { disliked: raw.disliked } : {}),
});

/** @param {any} answer @returns {boolean} whether it is a ranked list */
export const isList = (answer) =>
  typeof answer?.list_id === "string" &&
  answer.list_id.length < 200 &&
  Array.isArray(answer.cards) &&
  Array.isArray(answer.recommended);

/**
 * @param {any} answer for which `isList`
 * @returns {Pick<import("../messages.js").List, "list_id" | "model" | "cards" | "recommended">}
 */
export const parseList = ({ list_id, model, cards, recommended }) => ({
  list_id,
  model: model === null || model === undefined ? null : (parseText(model, 100) ?? true),
  cards: parseCards(cards),
  recommended: parseItems(recommended),
});

/**
 * Names are shown inside a sentence of ours: drop characters that move or hide the letters around them.
 * @param {string} name
 */
const dropControls = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();

/**
 * Whom a pairing code is for.
 * @param {any} raw
 * @returns {import("../messages.js").Whose | null} null where the answer does not say
 */
export function parseWhose({ reader_id, operator, devices }) {
  if (reader_id !== null && typeof reader_id !== "string") return null;
  return {
    reader_id: parseText(reader_id, 200) ?? "",
    operator: operator === true,
    devices: parseTexts(devices, MAX_DEVICES, 60).map(dropControls).filter(Boolean),
  };
}
