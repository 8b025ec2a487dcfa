/** Deleting what was logged: here at once, on the server now or when it answers, and what becomes of the marks then. */

import { MOST_DELETIONS } from "../caps.js";
import { change, read } from "../storage.js";
import { hostOf } from "./connection.js";
import { rankOpenPages } from "./rank-open-pages.js";
import { fetchLog } from "./server-log.js";
import { flush } from "./queue.js";
import { remember } from "./paper-states.js";
import { pushViews } from "./open-pages.js";

/** @typedef {import("../messages.js").Event} Event */
/**
 * @typedef {{deleted: number, waiting: number, elsewhere: number, silent: boolean, partial: boolean}} Forgotten
 * `waiting`: to be deleted on the server once it answers; `elsewhere`: were sent to a server paired with before;
 * `silent`: the server could not be asked what else it holds; `partial`: its log is longer than was looked through
 */

/** A server can only be asked for its log page by page: so many events are years of reading. */
const MOST_LOGGED = 50_000;

/**
 * @param {string[]} ids
 * @returns {Promise<Forgotten>}
 */
export async function forgetEvents(ids) {
  const elsewhere = await dropHere(new Set(ids));
  await flush({ now: true });
  const { deletions } = await read("deletions");
  const waiting = ids.filter((id) => id in deletions).length;
  // What a paper's state is without the deleted events the server knows best.
  if (!waiting) await rankOpenPages();
  else await pushViews();
  return { deleted: ids.length, waiting, elsewhere, silent: false, partial: false };
}

/** @param {Set<string>} ids @returns {Promise<number>} how many of them another server holds */
function dropHere(ids) {
  return change(
    ["queue", "ledger", "dead", "deletions", "states", "elsewhere"],
    (kept) => {
      /** @param {{event: Event}} one */
      const isMeant = ({ event }) => ids.has(event.id);
      const lines = kept.ledger.filter(isMeant);
      const there = [
        ...lines.filter(({ host }) => host === hostOf(kept)),
        ...kept.queue.filter((one) => one.tried && isMeant(one)),
      ];
      for (const { event } of there) kept.deletions[event.id] = hostOf(kept);
      for (const [host, waiting] of Object.entries(kept.elsewhere)) {
        for (const one of waiting.queue) if (one.tried && isMeant(one)) kept.deletions[one.event.id] = host;
        kept.elsewhere[host] = {
          queue: waiting.queue.filter((one) => !isMeant(one)),
          dead: waiting.dead.filter((one) => !isMeant(one)),
        };
      }
      const papers = new Set([...lines, ...kept.queue.filter(isMeant)].map(({ event }) => event.paper));
      for (const list of /** @type {const} */ (["queue", "ledger", "dead"])) {
        // @ts-expect-error TypeScript does not see that each list keeps its own kind.
        kept[list] = kept[list].filter((one) => !isMeant(one));
      }
      for (const paper of papers) delete kept.states[paper];
      remember(
        kept.states,
        kept.ledger.map(({ event }) => event).filter(({ paper }) => papers.has(paper)),
      );
      return lines.filter(({ host }) => host !== hostOf(kept)).length;
    },
    ["serverUrl"],
  );
}

/**
 * All of one paper, or all since a time, on all the reader's browsers.
 * @param {{paper?: string, since?: number}} asked `since` in epoch ms
 * @returns {Promise<Forgotten>}
 */
export async function forgetMatching({ paper, since }) {
  /** @param {Event} event */
  const isMeant = (event) =>
    (paper === undefined || event.paper === paper) && (since === undefined || Date.parse(event.at) >= since);
  const { events, silent, partial } = await fetchLog({ paper, since, most: MOST_LOGGED });
  const room = MOST_DELETIONS - Object.keys((await read("deletions")).deletions).length;
  const meant = events.filter(isMeant).map(({ id }) => id);
  const there = meant.slice(0, Math.max(0, room));
  await change(
    ["deletions", "texts", "titles", "upvoteSaves"],
    (kept) => {
      for (const id of there) kept.deletions[id] = hostOf(kept);
      if (paper !== undefined) for (const facts of [kept.texts, kept.titles, kept.upvoteSaves]) delete facts[paper];
    },
    ["serverUrl"],
  );
  const { queue, ledger, dead, elsewhere } = await read("queue", "ledger", "dead", "elsewhere");
  const others = Object.values(elsewhere).flatMap((one) => [...one.queue, ...one.dead]);
  const here = [...queue, ...ledger, ...dead, ...others].map(({ event }) => event).filter(isMeant);
  return {
    ...(await forgetEvents([...new Set([...here.map(({ id }) => id), ...there])])),
    silent,
    partial: partial || there.length < meant.length,
  };
}

/** @returns {Promise<{lines: import("../storage.js").LedgerLine[]}>} newest first */
export const listLedger = async () => ({ lines: (await read("ledger")).ledger.reverse() });
