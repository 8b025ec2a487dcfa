/** How the server makes this reader's lists: switches and weights that are theirs to set. */

import { change } from "../storage.js";
import { ask } from "./connection.js";
import { rankOpenPages } from "./rank-open-pages.js";
import { BadMessage } from "./validate.js";

/**
 * `personal`: by what the reader did; `learn_for_others`: the model for others may learn from it; the weights are
 * factors, 1 as built.
 * @typedef {{personal: boolean, learn_for_others: boolean, freshness: number, variety: number, exploration: number}}
 *   ListSettings
 */

const MAX_WEIGHT = 2;

/** @param {unknown} value */
const isSwitch = (value) => typeof value === "boolean";
/** @param {unknown} value */
const isWeight = (value) => typeof value === "number" && value >= 0 && value <= MAX_WEIGHT;

/** @type {Record<string, (value: unknown) => boolean>} */
const CHECKS = {
  personal: isSwitch,
  learn_for_others: isSwitch,
  freshness: isWeight,
  variety: isWeight,
  exploration: isWeight,
};

/** @returns {Promise<{settings: ListSettings | null}>} null where the server is too old to have them */
export async function readListSettings() {
  const me = await ask("GET", "/v1/me");
  const names = Object.keys(CHECKS);
  const isKnown = names.every((name) => CHECKS[name](me[name]));
  return { settings: isKnown ? /** @type {any} */ (Object.fromEntries(names.map((name) => [name, me[name]]))) : null };
}

/** Change some of them; what is shown was ranked without the change. @param {any} wanted */
export async function setListSettings(wanted) {
  const entries = Object.entries(wanted ?? {});
  if (!entries.length || !entries.every(([name, value]) => CHECKS[name]?.(value)))
    throw new BadMessage("change is missing or malformed");
  await ask("PATCH", "/v1/me", Object.fromEntries(entries));
  await change(["lists"], (stored) => void (stored.lists = {}));
  await rankOpenPages();
}
