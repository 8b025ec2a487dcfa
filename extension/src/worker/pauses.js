/** Pauses: of everything or of one site, for an hour or until the reader ends them. */

import { change, read } from "../storage.js";

const HOUR_MS = 3_600_000;

/** @typedef {Record<string, number>} Pauses by scope ("all" or a site): when it ends, in epoch ms; 0 is open-ended */

/** @param {Pauses} pauses @param {string} scope */
export const isPaused = (pauses, scope) => scope in pauses && (pauses[scope] === 0 || pauses[scope] > Date.now());

/** @param {Pauses} pauses @returns {Pauses} those that are not over */
export const currentPauses = (pauses) =>
  Object.fromEntries(Object.entries(pauses).filter(([scope]) => isPaused(pauses, scope)));

/** @param {{scope: "all" | "hour" | "site", site?: string, on: boolean}} pause `hour`: everything, for one hour */
export const setPause = ({ scope, site = "huggingface", on }) =>
  change(["pauses"], ({ pauses }) => {
    const key = scope === "site" ? site : "all";
    if (on) pauses[key] = scope === "hour" ? Date.now() + HOUR_MS : 0;
    else delete pauses[key];
  });

/** Pause everything, or go on. */
export async function togglePause() {
  const { pauses } = await read("pauses");
  await setPause({ scope: "all", on: !isPaused(pauses, "all") });
}

/** Remove the pauses that are over: the change is what open pages and the icon hear of. */
export const removeEndedPauses = () =>
  change(["pauses"], (stored) => {
    stored.pauses = currentPauses(stored.pauses);
  });
