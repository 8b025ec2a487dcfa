/** The view: all that a page shows, built from what is stored. */

import { text } from "../browser.js";
import { read } from "../storage.js";
import { UNTOUCHED, marksOf } from "./paper-states.js";
import { keyOf, readFailures } from "./ranked-lists.js";
import { readWithState, stateOf } from "./state.js";

/** @typedef {import("../messages.js").List} List */
/** @typedef {import("../messages.js").Marks} Marks */
/** @typedef {import("../messages.js").Recommended} Recommended */
/** @typedef {import("../messages.js").State} State */
/** @typedef {import("../messages.js").View} View */
/** @typedef {import("../storage.js").Stored} Stored */

/**
 * @param {State} state
 * @param {Pick<Stored, "connection" | "queue" | "queueFull">} stored
 * @returns {string | undefined}
 */
function messageOf(state, { connection, queue, queueFull }) {
  if (queueFull) return text("worker_queue_full", queue.length);
  if (state === "unpaired" && connection.health === "revoked") return text("worker_revoked", queue.length);
  if (state !== "offline") return undefined;
  if (connection.message)
    return [connection.message, queue.length && text("popup_waiting", queue.length)].filter(Boolean).join(" ");
  return queue.length ? text("worker_offline_waiting", queue.length) : undefined;
}

/**
 * The latest list of any page, for a page that was never ranked and now cannot be: it recommends, but ranks no card.
 * @param {Record<string, List>} lists
 * @param {string[]} [papers] on the page, so not recommended
 */
function latestOf(lists, papers = []) {
  const latest = Object.values(lists).at(-1);
  return (
    latest && {
      ...latest,
      cards: [],
      recommended: latest.recommended.filter(({ paper }) => !papers.includes(paper.id)),
    }
  );
}

/**
 * The papers that a list recommends or names in a reason: whether one was saved or opened is part of the reason.
 * @param {List} list
 */
const papersNamedIn = ({ recommended, cards }) => [
  ...recommended.map(({ paper }) => paper.id),
  ...[...recommended, ...cards].flatMap(({ reasons }) => (reasons ?? []).flatMap(({ paper }) => paper ?? [])),
];

/**
 * The list to show on a page, and the sentence that goes with it.
 * @param {State} state
 * @param {string} page
 * @param {string[] | undefined} papers
 * @param {Pick<Stored, "lists">} stored
 * @returns {Promise<{list: List | null, failure?: string}>}
 */
async function findList(state, page, papers, { lists }) {
  const key = keyOf(page, papers);
  const failure = (await readFailures())[key];
  const list = lists[key] ?? (state === "offline" ? latestOf(lists, papers) : undefined);
  return {
    list: list ? { ...list, stale: state === "offline" || Boolean(failure) } : null,
    failure: state === "ready" ? failure?.message : undefined,
  };
}

/**
 * @param {string} page
 * @param {{site?: string, papers?: string[]}} [more] `papers` on the page; without them, those of its last list
 * @returns {Promise<View>}
 */
export async function buildView(page, { site, papers } = {}) {
  const stored = await readWithState("lists", "states", "queue", "queueFull");
  const state = stateOf(stored, site);
  const isShown = state === "ready" || state === "offline";
  const { list, failure } = isShown ? await findList(state, page, papers, stored) : { list: null, failure: undefined };
  const shown = [...(papers ?? list?.cards.map(({ id }) => id ?? "") ?? []), ...(list ? papersNamedIn(list) : [])];
  const { capture, order, upvote_is_save, panel_collapsed, shortcuts } = stored.preferences;
  const message = messageOf(state, stored) ?? failure;
  return {
    state,
    ...(message ? { message } : {}),
    capture,
    list,
    marks: isShown ? marksOf(stored, shown) : {},
    settings: { order, upvote_is_save, panel_collapsed, shortcuts },
  };
}

/**
 * The view for a page that is just being loaded: it does not recommend papers opened, saved or hidden since its list
 * was made. On a page that already shows the list they keep their place, for the reader may undo what they did.
 * @param {View} view
 * @returns {View}
 */
export function forNewPage(view) {
  const { list, marks } = view;
  return list ? { ...view, list: { ...list, recommended: dropMarked(list.recommended, marks) } } : view;
}

/** @param {Recommended[]} recommended @param {Marks} marks */
export const dropMarked = (recommended, marks) =>
  recommended.filter(({ paper: { id } }) => {
    const { saved, hidden, disliked, opened_at } = marks[id] ?? UNTOUCHED;
    return !(saved || hidden || disliked || opened_at);
  });

/**
 * Marks to draw for these papers; a paper no longer marked gets an empty mark.
 * @param {string[]} papers
 * @returns {Promise<Marks>}
 */
export async function readMarks(papers) {
  const known = marksOf(await read("states", "queue"), papers);
  return Object.fromEntries(papers.map((paper) => [paper, known[paper] ?? UNTOUCHED]));
}
