/** The state of the extension, in general and on one site: ready, offline, unpaired, paused or off. */

import { read, readManaged } from "../storage.js";
import { isPaused } from "./pauses.js";

/** @typedef {import("../messages.js").State} State */
/** @typedef {import("../storage.js").Stored} Stored */
/** @typedef {"serverUrl" | "token" | "preferences" | "pauses" | "connection"} StateKey */

/** @type {StateKey[]} */
const STATE_KEYS = ["serverUrl", "token", "preferences", "pauses", "connection"];

/**
 * Read the keys that the state follows from, and more. Sites that a lab's policy leaves out count as switched off.
 * @template {keyof Stored} [K=never]
 * @param {...K} more
 * @returns {Promise<Pick<Stored, K | StateKey>>}
 */
export async function readWithState(...more) {
  /** @type {(K | StateKey)[]} */
  const keys = [...STATE_KEYS, ...more];
  const [stored, { sites }] = await Promise.all([read(...keys), readManaged()]);
  if (sites)
    stored.preferences.sites = Object.fromEntries(
      Object.entries(stored.preferences.sites).map(([site, isOn]) => [site, isOn && sites.includes(site)]),
    );
  return stored;
}

/** While the connection is in one of these, the server answers. @type {Set<import("../storage.js").Health>} */
const ANSWERING = new Set(["ok", "limited", "refused"]);

/**
 * @param {Pick<Stored, StateKey>} stored
 * @param {string} [site]
 * @returns {State}
 */
export function stateOf({ serverUrl, token, preferences, pauses, connection }, site = "huggingface") {
  if (preferences.capture === "off" || (site !== "demo" && preferences.sites[site] === false)) return "off";
  if (isPaused(pauses, "all") || isPaused(pauses, site)) return "paused";
  if (!serverUrl || !token || connection.health === "revoked") return "unpaired";
  return ANSWERING.has(connection.health) ? "ready" : "offline";
}
