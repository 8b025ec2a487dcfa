/** Send events a moment after they are stored, so that what comes together goes together. */

import { text } from "../browser.js";
import { read } from "../storage.js";
import { warnPages } from "./open-pages.js";
import { flush } from "./queue.js";
import { rankOpenPages } from "./rank-open-pages.js";

/** @typedef {import("../messages.js").Event} Event */

const AFTER_IMPRESSION_MS = 2_000;
const AFTER_PRESS_MS = 150;
/** Up to this many saves, each changes what is recommended at once; later ones count on the next visit. */
const MAX_EARLY_SAVES = 3;

/** Should the worker die first, the alarm sends. @type {{timer?: ReturnType<typeof setTimeout>, at: number}} */
const scheduled = { at: Infinity };

/** @param {Event} event just stored */
export function scheduleFlush(event) {
  const at = Date.now() + (event.kind === "impression" ? AFTER_IMPRESSION_MS : AFTER_PRESS_MS);
  if (at >= scheduled.at && scheduled.at > Date.now()) return;
  clearTimeout(scheduled.timer);
  scheduled.at = at;
  scheduled.timer = setTimeout(() => flush().then(followUp), at - Date.now());
}

/** @param {import("./queue.js").Outcome} outcome */
async function followUp({ sent, replaced }) {
  if (replaced.some(({ kind }) => kind === "dislike")) await warnPages(text("worker_less_old_server"));
  if (await isTelling(sent)) await rankOpenPages();
}

/** Whether these events change at once what is recommended. @param {Event[]} sent */
async function isTelling(sent) {
  // What is like a paper of which the reader wants less is to sink before their eyes.
  if (sent.some(({ kind }) => kind === "dislike" || kind === "undislike")) return true;
  if (!sent.some(({ kind }) => kind === "save")) return false;
  const { states } = await read("states");
  return Object.values(states).filter(({ saved }) => saved).length <= MAX_EARLY_SAVES;
}
