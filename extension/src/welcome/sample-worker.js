/**
 * Stands in for the worker on "Try it here": answers the page's messages from the sample papers, in the page's memory
 * only. Nothing is stored or sent. It ranks by the words that papers share with what was saved or opened.
 */

import { FROM_PAGE, refuse } from "../messages.js";
import { DEFAULTS } from "../storage.js";
import { UNTOUCHED, applyEvents, marksOf } from "../worker/paper-states.js";
import { LISTED, UNSEEN } from "./sample-papers.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("./sample-papers.js").SamplePaper} SamplePaper */

const ALL = [...LISTED, ...UNSEEN];
const MAX_SIMILAR = 5;
const WEIGHTS = { saved: 1, opened: 0.5 };
/** Words that tell no paper from another. */
const STOP_WORDS = new Set(
  (
    "a all an and are as by for from in is it its makes more of on one or our over step than that the to we with " +
    "without you your"
  ).split(" "),
);

/**
 * What the reader did here, oldest first.
 * @type {Event[]}
 */
let events = [];
/** @type {any} */
let settings = {
  order: "original",
  upvote_is_save: false,
  panel_collapsed: false,
  shortcuts: DEFAULTS.preferences.shortcuts,
};

/** @param {SamplePaper} one */
const wordsOf = ({ title, abstract }) =>
  new Set(
    `${title} ${abstract}`
      .toLowerCase()
      .match(/[a-z]{3,}/g)
      ?.filter((word) => !STOP_WORDS.has(word)),
  );

/** Whether few enough papers have this word for it to be a reason. */
const isTelling = (/** @type {string} */ word) => ALL.filter((one) => wordsOf(one).has(word)).length <= ALL.length / 3;

const states = () => {
  /** @type {Record<string, import("../messages.js").PaperState>} */
  const known = {};
  applyEvents(known, events);
  return known;
};

/**
 * One reason for each saved or opened paper that shares words with this one, and one for its popularity.
 * @param {SamplePaper} one
 * @returns {import("../messages.js").Reason[]} shares that add up to the score
 */
function reasonsFor(one) {
  const [known, words] = [states(), wordsOf(one)];
  const close = ALL.filter(({ id }) => id !== one.id && (known[id]?.saved || known[id]?.opened_at)).map((other) => {
    const shared = [...wordsOf(other)].filter((word) => words.has(word));
    const weight = known[other.id].saved ? WEIGHTS.saved : WEIGHTS.opened;
    return {
      kind: /** @type {const} */ ("paper"),
      share: (weight * shared.length) / Math.sqrt(words.size * wordsOf(other).size),
      paper: other.id,
      title: other.title,
      words: shared.filter(isTelling).slice(0, 3),
    };
  });
  return [...close.filter(({ share }) => share > 0), { kind: "popular", share: one.upvotes / 1000 }];
}

/**
 * Rank papers, best first.
 * @param {SamplePaper[]} papers
 */
function rank(papers) {
  const scored = papers.map((paper) => ({
    paper: { ...paper, categories: [], url: null },
    reasons: reasonsFor(paper),
  }));
  const sums = scored.map((one) => ({ ...one, score: one.reasons.reduce((sum, { share }) => sum + share, 0) }));
  return sums.sort((a, b) => b.score - a.score).map((one, at) => ({ ...one, rank: at + 1 }));
}

/** @returns {import("../messages.js").View} */
function makeView() {
  const known = states();
  const untouched = UNSEEN.filter(({ id }) => {
    const { saved, hidden, disliked, opened_at } = known[id] ?? UNTOUCHED;
    return !(saved || hidden || disliked || opened_at);
  });
  const isPersonal = Object.values(known).some(({ saved, opened_at }) => saved || opened_at);
  const rankings = new Map(rank(LISTED).map((one) => [one.paper.id, one]));
  const cards = LISTED.map(({ id }) => ({
    id,
    input_id: id,
    rank: rankings.get(id)?.rank ?? null,
    score: rankings.get(id)?.score ?? null,
    reasons: rankings.get(id)?.reasons ?? [],
  }));
  const basis = /** @type {"text" | "fallback"} */ (isPersonal ? "text" : "fallback");
  const state = { opened_at: null, saved: false, hidden: false };
  const list = {
    list_id: "sample",
    model: null,
    cards: cards.map((card) => ({ ...card, basis, state: known[card.id] ?? state })),
    recommended: rank(untouched),
    fetched_at: Date.now(),
    stale: false,
  };
  return {
    state: "ready",
    capture: "auto",
    list,
    marks: marksOf(
      { states: known, queue: [] },
      ALL.map(({ id }) => id),
    ),
    settings,
  };
}

/**
 * The papers that share most words with one.
 * @param {string} paper
 */
function findSimilar(paper) {
  const itself = ALL.find(({ id }) => id === paper);
  const words = itself ? wordsOf(itself) : new Set();
  const others = ALL.filter(({ id }) => id !== paper).map((one) => {
    const shared = [...wordsOf(one)].filter((word) => words.has(word) && isTelling(word));
    const reasons = [{ kind: "paper", share: shared.length, paper, title: itself?.title, words: shared }];
    return { paper: { ...one, categories: [], url: null }, score: shared.length, reasons };
  });
  const items = others.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
  return { items: items.slice(0, MAX_SIMILAR), marks: makeView().marks };
}

/** @param {Event} event */
function log(event) {
  events = [...events, event];
  return { queued: true, marks: makeView().marks };
}

/** @type {Record<string, (message: any) => object>} */
const ANSWERS = {
  [FROM_PAGE.pageView]: () => ({ view: makeView() }),
  [FROM_PAGE.pageCards]: () => ({ view: makeView() }),
  [FROM_PAGE.eventLog]: ({ event }) => log(event),
  [FROM_PAGE.eventUndo]: ({ id }) => {
    events = events.filter((event) => event.id !== id);
    return {
      marks: {
        ...Object.fromEntries(ALL.map(({ id: paper }) => [paper, { opened_at: null, saved: false, hidden: false }])),
        ...makeView().marks,
      },
    };
  },
  [FROM_PAGE.settingsSet]: ({ type: _, ...wanted }) => {
    settings = { ...settings, ...wanted };
    return { settings };
  },
  [FROM_PAGE.similar]: ({ paper }) => findSimilar(paper),
  [FROM_PAGE.more]: () => ({ list: makeView().list }),
  [FROM_PAGE.linkContext]: () => ({}),
};

/**
 * The browser as the content script sees it here.
 * @param {typeof chrome} real
 * @returns {any}
 */
export function sampleBrowser(real) {
  /** @type {Set<(message: any, sender: any) => void>} */
  const listeners = new Set();
  /** Push the view that follows from what the reader has just done. */
  const pushView = () =>
    listeners.forEach((hear) => hear({ type: "view/changed", view: makeView() }, { id: real.runtime.id }));
  const sendMessage = async (/** @type {any} */ message) => {
    const answer = ANSWERS[message.type]?.(message);
    if (message.type === FROM_PAGE.eventLog && message.event.kind !== "impression") setTimeout(pushView, 300);
    return answer ? { ok: true, ...answer } : refuse("unknown_message", message.type);
  };
  const onMessage = {
    addListener: (/** @type {any} */ call) => listeners.add(call),
    removeListener: (/** @type {any} */ call) => listeners.delete(call),
  };
  return {
    runtime: {
      id: real.runtime.id,
      getURL: (/** @type {string} */ path) => real.runtime.getURL(path),
      sendMessage,
      onMessage,
    },
    i18n: real.i18n,
  };
}
