/** What an older server does not know is sent as what it knows, and the reader is told. */

import { change } from "../storage.js";

/** @typedef {import("../messages.js").Event} Event */

/**
 * The nearest kind that every server knows.
 * @type {Partial<Record<Event["kind"], Event["kind"]>>}
 */
const OLDER_KIND = { dislike: "hide", undislike: "unhide" };

/**
 * Whether the server refused an event for its kind alone.
 * @param {Event} event
 * @param {any} result of this event
 */
export const isUnknownKind = (event, { status, error }) =>
  status === "rejected" && error?.field === "kind" && event.kind in OLDER_KIND;

/**
 * Let refused events wait as what the server knows. They keep their ids, under which it holds nothing: so each can
 * still be undone.
 * @param {Event[]} refused
 */
export const replaceKinds = (refused) =>
  change(["queue"], (stored) => {
    const ids = new Set(refused.map(({ id }) => id));
    for (const waiting of stored.queue) {
      const { event } = waiting;
      if (ids.has(event.id)) waiting.event = { ...event, kind: OLDER_KIND[event.kind] ?? event.kind };
    }
  });
