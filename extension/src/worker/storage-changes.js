/** What follows when something stored has changed, whoever wrote it: a page, another window, a lab's policy. */

import { DEFAULTS, change } from "../storage.js";
import { forgetFailures } from "./connection.js";
import { drawIcon, drawTabIcons } from "./icon.js";
import { findOpenPages, pushViews } from "./open-pages.js";
import { flush } from "./queue.js";
import { followSites } from "./site-registration.js";

/** @typedef {{oldValue?: any, newValue?: any}} Change */
/** @typedef {import("../storage.js").Waiting} Waiting */

/** Changes of these say nothing new to an open page: they come of what it did itself. */
const SILENT_KEYS = new Set([
  "reader",
  "ledger",
  "texts",
  "titles",
  "deletions",
  "upvotes",
  "upvotesAnswered",
  "upvoteSaves",
  "opened",
  "lists",
  "library",
  "states",
  "queue",
  "queueOf",
  "elsewhere",
  "dead",
  "deadDropped",
]);

/** @param {Record<string, Change>} changes by key */
export async function followStorageChanges(changes) {
  // Firefox also reports keys that were written with the value they had.
  const isNew = (/** @type {string} */ key) => changes[key] && changes[key].oldValue !== changes[key].newValue;
  const isPairedAnew = isNew("serverUrl") || isNew("token");
  if (isPairedAnew) await startPairing(isNew("serverUrl") ? changes.serverUrl.oldValue : "");
  if (changes.preferences) await followSites();
  if (Object.keys(changes).some((key) => !SILENT_KEYS.has(key)) || hasSent(changes.queue)) await pushViews();
  if (isPairedAnew && changes.token?.newValue) await findOpenPages();
  await drawIcon();
  if (changes.pauses || changes.preferences) await drawTabIcons();
}

/**
 * Another server or another token counts at once.
 * @param {string} [before] the server until now
 */
async function startPairing(before) {
  if (before) await change(["states", "lists"], (stored) => void Object.assign(stored, { states: {}, lists: {} }));
  // A token may be another reader's, at the same server too.
  await change(["library"], (stored) => void (stored.library = structuredClone(DEFAULTS.library)));
  await forgetFailures();
  await flush({ now: true });
}

/**
 * Whether an event that marks a paper has left the queue: its mark is no longer pending.
 * @param {Change} [queue]
 */
function hasSent(queue) {
  /** @type {(waiting?: Waiting[]) => import("../messages.js").Event[]} */
  const eventsOf = (waiting) => (waiting ?? []).map(({ event }) => event);
  const waiting = new Set(eventsOf(queue?.newValue).map(({ id }) => id));
  return eventsOf(queue?.oldValue).some(({ id, kind }) => kind !== "impression" && !waiting.has(id));
}
