/** The status that our own pages show: how things stand, in general and in the tab the reader looks at. */

import { readManaged } from "../storage.js";
import { hostOf, readServer } from "./connection.js";
import { refreshPage } from "./open-pages.js";
import { currentPauses } from "./pauses.js";
import { isAgreed } from "./servers.js";
import { readWithState, stateOf } from "./state.js";

/** @param {number} [tab] that the reader looks at */
export async function readStatus(tab) {
  const here = await refreshPage(tab);
  const stored = await readWithState("queue", "dead", "queueFull", "upvotes", "agreed");
  const state = stateOf(stored, here?.site);
  const { queue, dead, upvotes, pauses, preferences, connection, serverUrl, queueFull } = stored;
  const address = hostOf(stored);
  return {
    state: here?.page_kind === "drift" && state === "ready" ? "drift" : state,
    here,
    paired: Boolean(await readServer()),
    serverUrl,
    managed: await readManaged(),
    connection,
    waiting: queue.length,
    dead: dead.length,
    queue_full: queueFull,
    upvotes: Object.keys(upvotes.papers).length,
    preferences,
    pauses: currentPauses(pauses),
    agreed: isAgreed(stored, address) ? address : "",
  };
}
