/** What the reader has hidden, on whichever browser, by name. */

import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask, isDue, readServer } from "./connection.js";
import { fetchLog } from "./server-log.js";

export const MAX_TITLE = 300;
/** Names asked for at a time; the others go by their ids until then. */
const MOST_NAMES = 20;
/** Enough for what a reader still wants back; the list is waited for. */
const MOST_LOGGED = 10_000;

/** How long the list waits for the server to tell its log, and to say anything at all. */
const TELLING_MS = 2_000;
const PATIENCE_MS = 3_000;

/** @typedef {import("../messages.js").Event} Event */

/** @param {number} ms @returns {Promise<null>} */
const after = (ms) => new Promise((settle) => setTimeout(() => settle(null), ms));

/** @returns {Promise<{papers: {id: string, title: string}[]}>} the latest hidden first */
export async function listHidden() {
  const log = await logInTime();
  const hidden = [...(await hiddenPapers(log))].reverse();
  if (log && !log.silent) await learnNames(hidden);
  const { titles } = await read("titles");
  return { papers: hidden.map((id) => ({ id, title: titles[id] ?? id })) };
}

/** @returns {Promise<(import("./server-log.js").Log & {asked: number}) | null>} null while the server is silent */
async function logInTime() {
  const asked = Date.now();
  const { connection } = await read("connection");
  if (!(await readServer()) || !isDue(connection)) return null;
  const log = await Promise.race([
    fetchLog({ kinds: ["hide", "unhide"], most: MOST_LOGGED, until: asked + TELLING_MS }),
    after(PATIENCE_MS),
  ]);
  return log && { ...log, asked };
}

/**
 * Those hidden, as the server says, with what is not yet sent laid over it; as known here while it is silent.
 * @param {(import("./server-log.js").Log & {asked: number}) | null} log
 */
async function hiddenPapers(log) {
  const { states, queue, ledger } = await read("states", "queue", "ledger");
  // A log told in full knows more than this browser: what it does not name was taken back elsewhere.
  const isWhole = log && !log.silent && !log.partial;
  const hidden = new Set(isWhole ? [] : Object.keys(states).filter((paper) => states[paper].hidden));
  apply(hidden, log?.events.toReversed() ?? []);
  // What was sent while the server told its log may not be in it.
  apply(
    hidden,
    [...ledger.filter(({ sent_at }) => log && sent_at >= log.asked), ...queue].map(({ event }) => event),
  );
  return hidden;
}

/** @param {Set<string>} hidden changed @param {Event[]} events oldest first */
function apply(hidden, events) {
  for (const { kind, paper } of events) {
    if (kind === "hide" || kind === "unhide") hidden.delete(paper);
    if (kind === "hide") hidden.add(paper);
  }
}

/** What papers hidden on another browser are called. @param {string[]} hidden */
async function learnNames(hidden) {
  const { titles: known } = await read("titles");
  const nameless = hidden.filter((id) => !known[id]).slice(0, MOST_NAMES);
  const found = await Promise.all(nameless.map(nameOf));
  await change(["titles"], ({ titles }) => nameless.forEach((id, at) => found[at] && (titles[id] = found[at])));
}

/** @param {string} id @returns {Promise<string | null>} */
const nameOf = (id) =>
  ask("GET", `/v1/papers/${encodeURIComponent(id)}`)
    .then(({ title }) => (typeof title === "string" ? title.slice(0, MAX_TITLE) : null))
    .catch((error) => {
      if (!(error instanceof ServerError)) throw error;
      return null;
    });

/**
 * Keep what a hidden paper is called, so that it can be unhidden by name.
 * @param {string} paper
 * @param {string} [title] where the page tells it; else a stored list may
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
