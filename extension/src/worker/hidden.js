/** The papers that the reader has hidden, on whichever browser, by name. */

import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask, isDue, readServer } from "./connection.js";
import { fetchLog } from "./server-log.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("./server-log.js").Log & {asked: number}} TimedLog `asked`: when, in epoch ms */

export const MAX_TITLE = 300;
/** Titles fetched at a time; until then the other papers go by their ids. */
const MAX_NAMES = 20;
/** Enough for what a reader still wants back: they wait for the list. */
const MAX_LOGGED = 10_000;

/** How long the list waits for the server to tell its log, and to say anything at all. */
const LOG_MS = 2_000;
const PATIENCE_MS = 3_000;

/** @param {number} ms @returns {Promise<null>} */
const delay = (ms) => new Promise((settle) => setTimeout(() => settle(null), ms));

/** @returns {Promise<{papers: {id: string, title: string}[]}>} the latest hidden first */
export async function listHidden() {
  const log = await fetchLogInTime();
  const hidden = [...(await readHidden(log))].reverse();
  if (log && !log.silent) await fetchNames(hidden);
  const { titles } = await read("titles");
  return { papers: hidden.map((id) => ({ id, title: titles[id] ?? id })) };
}

/** @returns {Promise<TimedLog | null>} null while the server is silent */
async function fetchLogInTime() {
  const asked = Date.now();
  const { connection } = await read("connection");
  if (!(await readServer()) || !isDue(connection)) return null;
  const log = await Promise.race([
    fetchLog({ kinds: ["hide", "unhide"], max: MAX_LOGGED, until: asked + LOG_MS }),
    delay(PATIENCE_MS),
  ]);
  return log && { ...log, asked };
}

/**
 * Those hidden, as the server says, with what is not yet sent laid over it; as known here while it is silent.
 * @param {TimedLog | null} log
 */
async function readHidden(log) {
  const { states, queue, ledger } = await read("states", "queue", "ledger");
  // A whole log knows more than this browser: what it does not name was unhidden elsewhere.
  const isWhole = log && !log.silent && !log.partial;
  const hidden = new Set(isWhole ? [] : Object.keys(states).filter((paper) => states[paper].hidden));
  applyHides(hidden, log?.events.toReversed() ?? []);
  // What was sent while the server told its log may not be in it.
  const sent = ledger.filter(({ sent_at }) => log && sent_at >= log.asked);
  applyHides(
    hidden,
    [...sent, ...queue].map(({ event }) => event),
  );
  return hidden;
}

/** @param {Set<string>} hidden changed @param {Event[]} events oldest first */
function applyHides(hidden, events) {
  for (const { kind, paper } of events) {
    if (kind === "hide" || kind === "unhide") hidden.delete(paper);
    if (kind === "hide") hidden.add(paper);
  }
}

/** Fetch what papers hidden on another browser are called. @param {string[]} hidden */
async function fetchNames(hidden) {
  const { titles: known } = await read("titles");
  const nameless = hidden.filter((id) => !known[id]).slice(0, MAX_NAMES);
  const found = await Promise.all(nameless.map(fetchName));
  await change(["titles"], ({ titles }) => nameless.forEach((id, at) => found[at] && (titles[id] = found[at])));
}

/** @param {string} id @returns {Promise<string | null>} */
const fetchName = (id) =>
  ask("GET", `/v1/papers/${encodeURIComponent(id)}`)
    .then(({ title }) => (typeof title === "string" ? title.slice(0, MAX_TITLE) : null))
    .catch((error) => {
      if (!(error instanceof ServerError)) throw error;
      return null;
    });

/**
 * Store what a hidden paper is called, so that it can be unhidden by name.
 * @param {string} paper
 * @param {string} [title] as the page tells it; otherwise a stored list may have it
 */
export const nameHidden = (paper, title) =>
  change(
    ["titles"],
    ({ titles, lists }) => {
      const listed = Object.values(lists).flatMap(({ recommended }) => recommended.map((one) => one.paper));
      const name = title ?? listed.find(({ id }) => id === paper)?.title;
      if (name) titles[paper] = name.slice(0, MAX_TITLE);
    },
    ["lists"],
  );
