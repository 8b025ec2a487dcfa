/** Accept what a reader did: store it if they want such events logged, then show and send it. */

import { paperFromUrl } from "../paper-ids.js";
import { nameHidden } from "./hidden.js";
import { forgetMenu, isScriptNavigation } from "./open-dedup.js";
import { pushViews } from "./open-pages.js";
import { enqueue } from "./queue.js";
import { scheduleFlush } from "./schedule-flush.js";
import { readWithState, stateOf } from "./state.js";
import { readMarks } from "./view.js";

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Sender} Sender */
/** @typedef {import("../messages.js").Site} Site */

/**
 * Whether the reader wants such an event logged.
 * @param {Event} event
 * @param {Site} [site]
 */
async function isWanted({ kind }, site) {
  const stored = await readWithState();
  const state = stateOf(stored, site);
  // A page may report a click before it has heard that it is paused, or not paired yet.
  if (state === "paused" || state === "off" || (state === "unpaired" && !stored.token)) return false;
  const { capture } = stored.preferences;
  return capture === "auto" || (capture === "manual" && kind !== "open" && kind !== "impression");
}

/**
 * Store an event if the reader wants such events, and show what it changed wherever its paper is shown.
 * @param {Event} event
 * @param {Card | null} card
 * @param {Sender} sender
 * @param {import("./queue.js").How} [how]
 * @returns {Promise<boolean>} whether it is stored
 */
export async function acceptEvent(event, card, { tab, site }, how) {
  if (!(await isWanted(event, site))) return false;
  const { added, overflow } = await enqueue([event], card ? [card] : [], how);
  if (event.kind === "hide") await nameHidden(event.paper, card?.title);
  scheduleFlush(event);
  if (added.length && event.kind !== "impression") await pushViews({ except: tab });
  return !overflow && (added.length > 0 || event.kind !== "open");
}

/**
 * Accept an event that a page reports.
 * @param {{event: Event, card: Card | null, isReferred: boolean}} report `isReferred`: the reader came from a page of
 *   ours
 * @param {Sender} sender
 */
export async function acceptPageEvent({ event, card, isReferred }, sender) {
  if (event.kind === "open") await forgetMenu(sender.tab);
  const isArrival = sender.url !== undefined && paperFromUrl(sender.url) === event.paper;
  const isScripted = isArrival && (await isScriptNavigation(sender.tab, event.paper, isReferred));
  const queued = await acceptEvent(event, card, sender, { isArrival, isScripted });
  return { queued, marks: await readMarks([event.paper]) };
}

/**
 * Accept what the reader did on one of our own pages: it counts whatever is paused.
 * @param {{id?: string, kind: Event["kind"], paper: string, title?: string,
 *   surface?: import("../messages.js").Surface}} action
 */
export async function acceptOwnEvent({ id = crypto.randomUUID(), kind, paper, title, surface = "panel" }) {
  /** @type {Event} */
  const event = { id, kind, paper, at: new Date().toISOString(), surface };
  await enqueue([event], title ? [{ id: paper, title }] : []);
  if (kind === "hide" && title) await nameHidden(paper, title);
  scheduleFlush(event);
  await pushViews();
  return { queued: true };
}
