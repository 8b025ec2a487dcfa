/** The room that a page keeps for us while it loads: asked for first of all, so answered from few and small facts. */

import { paperFromUrl } from "../paper-ids.js";
import { hasDrifted } from "./drifted-addresses.js";
import { readWithState, stateOf } from "./state.js";

/** @typedef {import("../messages.js").Room} Room */

/** @type {Set<string>} */
const TAKES_ROOM = new Set(["ready", "offline", "unpaired"]);

/**
 * @param {import("../messages.js").State} state
 * @param {boolean} isPaper the page is about one paper
 * @param {boolean} isFolded
 * @returns {Room | null} null: nothing of ours comes before the list
 */
export function roomOf(state, isPaper, isFolded) {
  if (state === "ready" || state === "offline") return isPaper ? "bar" : isFolded ? "folded" : "full";
  return state === "unpaired" && !isPaper ? "sentence" : null;
}

/** @param {import("../messages.js").Sender} sender */
export async function reservePageRoom({ url, site }) {
  const stored = await readWithState();
  const state = stateOf(stored, site);
  if (TAKES_ROOM.has(state) && (await hasDrifted(url))) return { state: "drift", room: null };
  const { order, panel_collapsed } = stored.preferences;
  const isPaper = paperFromUrl(url ?? "") !== null;
  const room = roomOf(state, isPaper, panel_collapsed);
  return { state, room, order: room === "full" || room === "folded" ? order : "original" };
}
