/** What the server holds of what the reader did, on all their browsers. */

import { ServerError } from "../server-api.js";
import { ask, hasItems } from "./connection.js";

/** @typedef {import("../messages.js").Event} Event */
/**
 * @typedef {{events: Event[], silent: boolean, partial: boolean}} Log newest first; `silent`: the server did not answer
 * to the end; `partial`: there is more than was looked at
 */

const PAGE = 200;

/**
 * @param {{paper?: string, kinds?: Event["kind"][], since?: number, most: number, until?: number}} asked `paper`,
 *   `kinds`: of
 *   these alone; `since`: what is older need not be looked at; `most`: nor more; `until`: nor longer
 *   (times in epoch ms)
 * @returns {Promise<Log>}
 */
export async function fetchLog({ paper, kinds = [], since = -Infinity, most, until = Infinity }) {
  const wanted = [
    `limit=${PAGE}`,
    ...(paper ? [`paper=${encodeURIComponent(paper)}`] : []),
    ...kinds.map((kind) => `kind=${kind}`),
  ].join("&");
  /** @type {Event[]} */
  const events = [];
  try {
    for (let cursor = ""; events.length < most && Date.now() < until;) {
      const { items, next } = await ask(
        "GET",
        `/v1/me/events?${wanted}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        undefined,
        hasItems,
      );
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
