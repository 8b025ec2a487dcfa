/** Reasons in words, and how well a paper fits in three steps. */

import { text } from "../browser.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../messages.js").Reason} Reason */

/** Kinds of reasons that come from the reader, not from the paper alone. */
const PERSONAL = new Set(["paper", "words", "readers", "interest", "author", "organization", "category"]);
/** What the reader follows by name; it stands first, in this order. */
const FOLLOWED = ["author", "organization", "category"];
/** With fewer of the reader's own papers known, nothing is called a fit. */
export const MIN_EVIDENCE = 3;
/** The best share of a page's papers that get three, two and one bars. */
const FIT_STEPS = [
  [0.06, 3],
  [0.16, 2],
  [0.32, 1],
];
const SHORT_TITLE = 34;
const LONG_TITLE = 90;
const MAX_WORDS = 3;

/**
 * @param {string} title
 * @param {number} length
 */
const shorten = (title, length) => (title.length > length ? `${title.slice(0, length - 1).trimEnd()}…` : title);

/**
 * @param {Reason[]} reasons
 * @param {string} kind
 */
const largest = (reasons, kind) => reasons.filter((one) => one.kind === kind).sort((a, b) => b.share - a.share)[0];

/**
 * How many of the reader's own papers we know, from the reasons of this list and from the marks. One topic that the
 * reader named is enough evidence.
 * @param {Page} page
 * @returns {number}
 */
export function countEvidence(page) {
  if (!page.list) return 0;
  const known = new Set();
  for (const { reasons } of [...page.list.cards, ...page.list.recommended]) {
    for (const { kind, paper } of reasons ?? []) {
      if (kind === "interest" || FOLLOWED.includes(kind)) return MIN_EVIDENCE;
      if (kind === "paper" && paper) known.add(paper);
    }
  }
  for (const [paper, mark] of Object.entries(page.view?.marks ?? {})) if (mark.saved) known.add(paper);
  return known.size;
}

/**
 * How well a card of the page fits, in bars from 1 to 3; 0 if too little is known to say.
 * @param {Page} page
 * @param {string} paper
 * @param {number} evidence from `countEvidence`
 * @returns {number}
 */
export function fitOf(page, paper, evidence) {
  const ranking = page.rankingOf(paper);
  if (evidence < MIN_EVIDENCE || !ranking?.rank || ranking.basis === "none" || ranking.basis === "fallback") return 0;
  const reasons = ranking.reasons ?? [];
  const personal = reasons.filter(({ kind }) => PERSONAL.has(kind)).reduce((sum, { share }) => sum + share, 0);
  if (reasons.length && personal <= 0) return 0;
  const part = ranking.rank / Math.max(1, page.list?.cards.length ?? 1);
  return FIT_STEPS.find(([share]) => part <= share)?.[1] ?? 0;
}

/**
 * The main reason in one line: "Close to “X”, which you saved: kv-cache, paging".
 * @param {Page} page
 * @param {Reason[]} reasons
 * @param {number} [length] to which a title in it is shortened
 * @returns {string}
 */
export function summarizeReasons(page, reasons, length = SHORT_TITLE) {
  const followed = FOLLOWED.map((kind) => largest(reasons, kind)).find((one) => one?.words?.length);
  if (followed) return text(`page_reason_${followed.kind}`, wordsOf([followed]));
  const paper = largest(reasons, "paper");
  if (paper?.title && paper.share > 0) return closeTo(page, paper, length, wordsOf([paper]));
  const topics = reasons.filter(({ kind, share, words }) => kind === "interest" && share > 0 && words?.length);
  if (topics.length) return ofInterest(wordsOf(topics));
  const words = wordsOf(reasons.filter(({ kind }) => kind === "words" || kind === "paper"));
  if (words) return text("page_reason_words", words);
  const kind = ["readers", "popular", "fresh", "explore"]
    .map((one) => largest(reasons, one))
    .filter((one) => one?.share > 0)
    .sort((a, b) => b.share - a.share)[0]?.kind;
  return kind ? text(`page_reason_${kind}`) : "";
}

/** Sentences without and with the words that both papers share. */
const CLOSE_TO = {
  saved: ["page_reason_saved", "page_reason_saved_words"],
  opened: ["page_reason_opened", "page_reason_opened_words"],
  paper: ["page_reason_paper", "page_reason_paper_words"],
};

/** @param {string} words */
const ofInterest = (words) => (words ? text("page_reason_interest_words", words) : text("page_reason_interest"));

/** @param {Reason[]} reasons */
const wordsOf = (reasons) => [...new Set(reasons.flatMap((one) => one.words ?? []))].slice(0, MAX_WORDS).join(", ");

/**
 * @param {Page} page
 * @param {Reason} reason of kind "paper"
 * @param {number} length
 * @param {string} words
 */
function closeTo(page, { paper, title }, length, words) {
  const { saved, opened_at } = page.markOf(paper ?? "");
  const [alone, withWords] = CLOSE_TO[saved ? "saved" : opened_at ? "opened" : "paper"];
  const name = shorten(title ?? "", length);
  return words ? text(withWords, name, words) : text(alone, name);
}

/**
 * Every reason with its share of the score, largest first. Reasons that round to 0 % are left out.
 * @param {Page} page
 * @param {Reason[]} reasons
 * @param {string} [itself] the paper they are about: if the reader has opened or saved it, it may be a reason itself
 * @returns {{line: string, percent: number}[]}
 */
export function itemizeReasons(page, reasons, itself) {
  const sum = reasons.reduce((all, { share }) => all + Math.abs(share), 0) || 1;
  return [...reasons]
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .map((one) => ({ line: reasonLine(page, one, itself), percent: Math.round((100 * one.share) / sum) }))
    .filter(({ percent }) => percent !== 0);
}

/**
 * @param {Page} page
 * @param {Reason} reason
 * @param {string} [itself]
 */
function reasonLine(page, reason, itself) {
  if (itself && reason.kind === "paper" && reason.paper === itself)
    return text(page.markOf(itself).saved ? "page_reason_itself_saved" : "page_reason_itself_opened");
  if (reason.kind === "paper" && reason.title)
    return closeTo(page, reason, LONG_TITLE, (reason.words ?? []).slice(0, MAX_WORDS).join(", "));
  const words = (reason.words ?? []).slice(0, 6).join(", ");
  if (reason.kind === "words" && words) return text("page_reason_words", words);
  if (reason.kind === "interest") return ofInterest(words);
  return FOLLOWED.includes(reason.kind)
    ? text(`page_reason_${reason.kind}`, words)
    : text(`page_reason_${reason.kind}`);
}
