/** Undo one event: an unsent one vanishes, any other is answered by its opposite. */

import { read } from "../storage.js";
import { pushViews } from "./open-pages.js";
import { enqueue, withdraw } from "./queue.js";
import { scheduleFlush } from "./schedule-flush.js";
import { readMarks } from "./view.js";

/** @typedef {import("../messages.js").Event} Event */

/** @type {Partial<Record<Event["kind"], Event["kind"]>>} */
const OPPOSITE = {
  save: "unsave",
  unsave: "save",
  hide: "unhide",
  unhide: "hide",
  dislike: "undislike",
  undislike: "dislike",
};

/** @param {string} id of the event @param {string} paper @param {number} [tab] that asks */
export async function undoEvent(id, paper, tab) {
  if (!(await withdraw(id))) await logOpposite(id);
  await pushViews({ except: tab });
  return { marks: await readMarks([paper]) };
}

/** Log the opposite of an event that may be on the server; once, however often it is asked. @param {string} id */
async function logOpposite(id) {
  const { queue, ledger } = await read("queue", "ledger");
  const events = [...ledger, ...queue].map(({ event }) => event);
  const at = events.findIndex((event) => event.id === id);
  const event = events[at];
  const kind = event && OPPOSITE[event.kind];
  if (!kind || events.slice(at + 1).some((one) => one.paper === event.paper && one.kind === kind)) return;
  await enqueue([{ ...event, id: crypto.randomUUID(), kind, at: new Date().toISOString() }]);
  scheduleFlush(event);
}
