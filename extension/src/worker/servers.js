/**
 * What belongs to one server. What was kept for it is put aside while this browser is paired with another, to which
 * nothing of it goes, and comes back with it.
 */

import { hostOf } from "./connection.js";

/** @typedef {import("../storage.js").Stored} Stored */

/** Keys that change together; `serverUrl` is only looked at. */
export const OF_ONE_SERVER = /** @type {const} */ (["queueOf", "queue", "texts", "dead", "elsewhere"]);

/**
 * Have the queue be the one of the server paired with, whoever wrote its address. To be called in each change that adds
 * to the queue or takes from it. Changes `kept`.
 * @param {Pick<Stored, typeof OF_ONE_SERVER[number] | "serverUrl">} kept
 */
export function sortByServer(kept) {
  const [before, now] = [kept.queueOf, hostOf(kept)];
  if (!now || before === now) return;
  kept.queueOf = now;
  // What was kept before any server was known goes to the first.
  if (!before) return;
  const { [now]: back, ...others } = kept.elsewhere;
  const { queue, dead } = kept;
  kept.elsewhere = queue.length || dead.length ? { ...others, [before]: { queue, dead } } : others;
  Object.assign(kept, { queue: [], dead: [], texts: {} }, back);
}

/**
 * The same server has another address now. Changes `kept`. @param {Pick<Stored, "queueOf">} kept @param {string} from
 * @param {string} to
 */
export function renameServer(kept, from, to) {
  if (kept.queueOf === from) kept.queueOf = to;
}

/** How many events wait for other servers. @param {Pick<Stored, "elsewhere">} kept */
export const waitingElsewhere = ({ elsewhere }) =>
  Object.values(elsewhere).reduce((sum, { queue }) => sum + queue.length, 0);

/**
 * Whether the reader has agreed to what is sent to this server. @param {Pick<Stored, "agreed" | "serverUrl">} kept
 * @param {string} address
 */
export const isAgreed = ({ agreed, serverUrl }, address) =>
  address !== "" && (agreed === true ? hostOf({ serverUrl }) : agreed) === address;
