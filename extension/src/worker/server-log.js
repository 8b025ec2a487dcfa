/** The server's log of what the reader did, on all their browsers. */

import { ServerError } from "../server-api.js";
import { ask, hasItems } from "./connection.js";

/** @typedef {import("../messages.js").Event} Event */

/**
 * @typedef {object} Log
 * @property {Event[]} events newest first
 * @property {boolean} silent the server did not answer to the end
 * @property {boolean} partial there is more than was looked at
 */

/**
 * What to fetch, and where to stop.
 * @typedef {object} Query
 * @property {string} [paper] only events of this paper
 * @property {Event["kind"][]} [kinds] only events of these kinds
 * @property {number} [since] stop at what is older, in epoch ms
 * @property {number} max stop after so many events
 * @property {number} [until] stop at this time, in epoch ms
 */

const PAGE = 200;

/** @param {Query} query @returns {Promise<Log>} */
export async function fetchLog({ paper, kinds = [], since = -Infinity, max, until = Infinity }) {
  const filter = [
    `limit=${PAGE}`,
    ...(paper ? [`paper=${encodeURIComponent(paper)}`] : []),
    ...kinds.map((kind) => `kind=${kind}`),
  ].join("&");
  /** @type {Event[]} */
  const events = [];
  try {
    for (let cursor = ""; events.length < max && Date.now() < until;) {
      const path = `/v1/me/events?${filter}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const { items, next } = await ask("GET", path, undefined, hasItems);
      events.push(...items);
      if (!next || (items.length && Date.parse(items.at(-1).at) < since))
        return { events, silent: false, partial: false };
      cursor = next;
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return { events, silent: true, partial: false };
  }
  return { events, silent: false, partial: true };
}
