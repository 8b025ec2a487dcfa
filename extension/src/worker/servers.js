/**
 * What is stored for one server. While this browser is paired with another it is put aside, and nothing of it is sent
 * there; it comes back with its server.
 */

import { hostOf } from "./connection.js";

/** @typedef {import("../storage.js").Stored} Stored */

/** Keys that change together; `serverUrl` is only read. */
export const OF_ONE_SERVER = /** @type {const} */ (["queueOf", "queue", "texts", "dead", "elsewhere"]);

/**
 * Make the queue that of the server paired with, whoever wrote its address. Each change that adds to the queue or
 * removes from it calls this first.
 * @param {Pick<Stored, typeof OF_ONE_SERVER[number] | "serverUrl">} stored changed
 */
export function sortByServer(stored) {
  const [before, now] = [stored.queueOf, hostOf(stored)];
  if (!now || before === now) return;
  stored.queueOf = now;
  // What was stored before any server was known goes to the first.
  if (!before) return;
  const { [now]: back, ...others } = stored.elsewhere;
  const { queue, dead } = stored;
  stored.elsewhere = queue.length || dead.length ? { ...others, [before]: { queue, dead } } : others;
  Object.assign(stored, { queue: [], dead: [], texts: {} }, back);
}

/**
 * The same server has another address now.
 * @param {Pick<Stored, "queueOf">} stored changed
 * @param {string} from
 * @param {string} to
 */
export function renameServer(stored, from, to) {
  if (stored.queueOf === from) stored.queueOf = to;
}

/** How many events wait for other servers. @param {Pick<Stored, "elsewhere">} stored */
export const waitingElsewhere = ({ elsewhere }) =>
  Object.values(elsewhere).reduce((sum, { queue }) => sum + queue.length, 0);

/**
 * Whether the reader has agreed to what is sent to this server.
 * @param {Pick<Stored, "agreed" | "serverUrl">} stored
 * @param {string} address
 */
export const isAgreed = ({ agreed, serverUrl }, address) =>
  address !== "" && (agreed === true ? hostOf({ serverUrl }) : agreed) === address;
