/** Deleting what was logged: here at once, on the server now or when it answers, and the marks that follow from it. */

import { MAX_DELETIONS } from "../caps.js";
import { change, read } from "../storage.js";
import { hostOf } from "./connection.js";
import { pushViews } from "./open-pages.js";
import { applyEvents } from "./paper-states.js";
import { flush } from "./queue.js";
import { rankOpenPages } from "./rank-open-pages.js";
import { fetchLog } from "./server-log.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../storage.js").Stored} Stored */

/**
 * What a deletion came to.
 * @typedef {object} Forgotten
 * @property {number} deleted
 * @property {number} waiting to be deleted on the server once it answers
 * @property {number} elsewhere were sent to a server paired with before
 * @property {boolean} silent the server could not be asked what else it holds
 * @property {boolean} partial its log is longer than was looked through
 */

/** The server tells its log page by page only; so many events are years of reading. */
const MAX_LOGGED = 50_000;

/** @returns {Promise<{lines: import("../storage.js").LedgerLine[]}>} what was sent, newest first */
export const listLedger = async () => ({ lines: (await read("ledger")).ledger.reverse() });

/**
 * @param {string[]} ids
 * @returns {Promise<Forgotten>}
 */
export async function forgetEvents(ids) {
  const elsewhere = await dropHere(new Set(ids));
  await flush({ now: true });
  const { deletions } = await read("deletions");
  const waiting = ids.filter((id) => id in deletions).length;
  // The server knows best what a paper's state is without the deleted events.
  if (!waiting) await rankOpenPages();
  else await pushViews();
  return { deleted: ids.length, waiting, elsewhere, silent: false, partial: false };
}

const LISTS = /** @type {const} */ (["queue", "ledger", "dead"]);

/** @param {Set<string>} ids @returns {Promise<number>} how many of them another server holds */
const dropHere = (ids) =>
  change(
    [...LISTS, "deletions", "states", "elsewhere", "library"],
    (stored) => {
      /** @param {{event: Event}} one */
      const isMeant = ({ event }) => ids.has(event.id);
      const lines = stored.ledger.filter(isMeant);
      const papers = new Set([...lines, ...stored.queue.filter(isMeant)].map(({ event }) => event.paper));
      recordDeletions(stored, isMeant);
      dropElsewhere(stored, isMeant);
      // @ts-expect-error TypeScript does not see that each list keeps its own kind.
      for (const list of LISTS) stored[list] = stored[list].filter((one) => !isMeant(one));
      for (const paper of papers) delete stored.states[paper];
      // What is left of it in the library, the server knows: the copy is due to be fetched anew.
      const entries = stored.library.entries.filter(({ id }) => !papers.has(id));
      if (entries.length < stored.library.entries.length)
        stored.library = { ...stored.library, entries, fetched_at: 0 };
      applyEvents(
        stored.states,
        stored.ledger.map(({ event }) => event).filter(({ paper }) => papers.has(paper)),
      );
      return lines.filter(({ host }) => host !== hostOf(stored)).length;
    },
    ["serverUrl"],
  );

/**
 * Record which of the events have to be deleted on the server paired with: those that it has, or may have.
 * @param {Pick<Stored, "queue" | "ledger" | "deletions" | "serverUrl">} stored changed
 * @param {(one: {event: Event}) => boolean} isMeant
 */
function recordDeletions({ queue, ledger, deletions, serverUrl }, isMeant) {
  const here = hostOf({ serverUrl });
  const sent = [...ledger.filter(({ host }) => host === here), ...queue.filter(({ tried }) => tried)];
  for (const { event } of sent.filter(isMeant)) deletions[event.id] = here;
}

/**
 * Drop what waits for servers paired with before; what such a server may have, it deletes when it is paired again.
 * @param {Pick<Stored, "elsewhere" | "deletions">} stored changed
 * @param {(one: {event: Event}) => boolean} isMeant
 */
function dropElsewhere({ elsewhere, deletions }, isMeant) {
  for (const [host, { queue, dead }] of Object.entries(elsewhere)) {
    for (const one of queue) if (one.tried && isMeant(one)) deletions[one.event.id] = host;
    elsewhere[host] = { queue: queue.filter((one) => !isMeant(one)), dead: dead.filter((one) => !isMeant(one)) };
  }
}

/**
 * Forget everything of one paper, or everything since a time, on all the reader's browsers.
 * @param {{paper?: string, since?: number}} which `since` in epoch ms
 * @returns {Promise<Forgotten>}
 */
export async function forgetMatching({ paper, since }) {
  /** @param {Event} event */
  const isMeant = (event) =>
    (paper === undefined || event.paper === paper) && (since === undefined || Date.parse(event.at) >= since);
  const { events, silent, partial } = await fetchLog({ paper, since, max: MAX_LOGGED });
  const logged = events.filter(isMeant).map(({ id }) => id);
  const room = MAX_DELETIONS - Object.keys((await read("deletions")).deletions).length;
  const onServer = logged.slice(0, Math.max(0, room));
  await deleteOnServer(onServer, paper);
  const { queue, ledger, dead, elsewhere } = await read("queue", "ledger", "dead", "elsewhere");
  const others = Object.values(elsewhere).flatMap((one) => [...one.queue, ...one.dead]);
  const here = [...queue, ...ledger, ...dead, ...others].map(({ event }) => event).filter(isMeant);
  return {
    ...(await forgetEvents([...new Set([...here.map(({ id }) => id), ...onServer])])),
    silent,
    partial: partial || onServer.length < logged.length,
  };
}

/**
 * Record events to be deleted on the server, and forget what else is stored of the paper.
 * @param {string[]} ids
 * @param {string} [paper]
 */
const deleteOnServer = (ids, paper) =>
  change(
    ["deletions", "texts", "titles", "upvoteSaves", "library"],
    (stored) => {
      for (const id of ids) stored.deletions[id] = hostOf(stored);
      if (paper === undefined) return;
      for (const facts of [stored.texts, stored.titles, stored.upvoteSaves]) delete facts[paper];
      stored.library.entries = stored.library.entries.filter(({ id }) => id !== paper);
    },
    ["serverUrl"],
  );
