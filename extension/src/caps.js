/**
 * How large each stored value may get, so that no page and no server can crowd what the reader did out of the browser's
 * 10 MB. A key without a row here cannot be written.
 */

/**
 * A cap on one key. Where a value has more, its oldest entries are dropped.
 * @typedef {object} Cap
 * @property {number} bytes of JSON
 * @property {number} [most] entries
 * @property {true} [neverDropped] whoever adds to it stops at `most` and tells the reader
 * @property {string} [inside] the map that grows is this field of the value
 */

const KB = 1_000;

/** Waiting events, for whichever server; with the longest list ids one is half a kilobyte. */
export const MAX_WAITING = 7_000;
export const MAX_DELETIONS = 6_000;

/** For `storage.local`, whose room is 10 MB. @type {Record<string, Cap>} */
export const LOCAL = {
  serverUrl: { bytes: 3 * KB },
  token: { bytes: 1 * KB },
  reader: { bytes: 1 * KB },
  preferences: { bytes: 4 * KB },
  pauses: { bytes: 1 * KB, most: 10 },
  queue: { bytes: 3_500 * KB, most: MAX_WAITING, neverDropped: true },
  queueOf: { bytes: 3 * KB },
  elsewhere: { bytes: 3_500 * KB, neverDropped: true }, // Counted together with the queue.
  texts: { bytes: 850 * KB, most: 1_500 },
  dead: { bytes: 600 * KB, most: 600 },
  deadDropped: { bytes: 20 },
  ledger: { bytes: 700 * KB, most: 1_000 },
  opened: { bytes: 40 * KB, most: 200 },
  deletions: { bytes: 600 * KB, most: MAX_DELETIONS, neverDropped: true },
  states: { bytes: 700 * KB, most: 5_000 },
  lists: { bytes: 1_650 * KB, most: 12 },
  library: { bytes: 340 * KB, most: 1_000, inside: "entries" },
  upvoteSaves: { bytes: 100 * KB, most: 1_000 },
  upvotes: { bytes: 200 * KB, most: 500, inside: "papers" },
  upvotesAnswered: { bytes: 40 * KB, most: 2_000 },
  connection: { bytes: 2 * KB },
  titles: { bytes: 150 * KB, most: 500 },
  queueFull: { bytes: 10 },
  agreed: { bytes: 3 * KB },
  managed: { bytes: 10 * KB },
};

/** For `storage.session`, which has 10 MB of its own. @type {Record<string, Cap>} */
export const SESSION = {
  traded: { bytes: 5 * KB },
  menu: { bytes: 1 * KB },
  left: { bytes: 20 * KB, most: 200 },
  unranked: { bytes: 3_000 * KB, most: 6 },
  pages: { bytes: 3_000 * KB, most: 200 },
  drifted: { bytes: 50 * KB, most: 200 },
  managed: { bytes: 10 * KB },
};

const encoder = new TextEncoder();

/** @param {unknown} value @returns {number} bytes of JSON */
export function sizeOf(value) {
  const json = JSON.stringify(value) ?? "";
  return encoder.encode(json).length;
}

/**
 * Cut a value to its cap, dropping its oldest entries.
 * @template T
 * @param {Record<string, Cap>} caps
 * @param {string} key
 * @param {T} value
 * @returns {T}
 * @throws where the key has no cap
 */
export function applyCap(caps, key, value) {
  const cap = caps[key];
  if (!cap) throw new Error(`${key} has no cap`);
  if (cap.neverDropped || cap.most === undefined || value === null || typeof value !== "object") return value;
  if (!cap.inside) return keepNewest(value, cap.most, cap.bytes);
  return { ...value, [cap.inside]: keepNewest(/** @type {any} */ (value)[cap.inside], cap.most, cap.bytes) };
}

/**
 * @template T
 * @param {T} value an array or a map, oldest first
 * @param {number} most
 * @param {number} bytes
 * @returns {T} the same where it fits
 */
function keepNewest(value, most, bytes) {
  const entries = Object.entries(/** @type {any} */ (value));
  let room = bytes - 2; // Without the brackets around it.
  let first = entries.length;
  while (first > 0 && entries.length - first < most) {
    room -= sizeOf(entries[first - 1][1]) + sizeOf(entries[first - 1][0]) + 2;
    if (room < 0) break;
    first--;
  }
  if (first === 0) return value;
  const newest = entries.slice(first);
  return /** @type {any} */ (Array.isArray(value) ? newest.map(([, one]) => one) : Object.fromEntries(newest));
}
