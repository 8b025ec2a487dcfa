/**
 * Events on their way to the server: in storage before any network, sent in batches, gone only when the server has
 * answered for each. The server knows events by their ids, so sending one twice counts once.
 */

import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask, server } from "./connection.js";
import { remember } from "./states.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../storage.js").Waiting} Waiting */

export const BATCH = 200;
/** From here on what was only seen is left out; from `MOST` on opens too. What the reader pressed is always kept. */
const FULL = 4_000;
const MOST = 5_000;
const LEDGER = 1_000;
const DEAD = 500;

/** @param {Waiting[]} queue @param {Event} event */
function hasRoom(queue, event) {
  if (event.kind === "impression") return queue.length < FULL;
  return event.kind !== "open" || queue.length < MOST;
}

/**
 * Keep events until they are sent. An id that is there already is not taken twice.
 * @param {Event[]} events
 * @param {Card[]} [cards] what the page said of their papers
 * @returns {Promise<number>} how many were left out because the queue is full; the reader is told
 */
export function enqueue(events, cards = []) {
  return change(["queue", "texts", "queueFull"], (kept) => {
    const known = new Set(kept.queue.map(({ event }) => event.id));
    let left = 0;
    for (const event of events) {
      if (known.has(event.id)) continue;
      if (hasRoom(kept.queue, event)) kept.queue.push({ event });
      else left++;
    }
    const waiting = new Set(kept.queue.map(({ event }) => event.paper));
    for (const card of cards) if (waiting.has(card.id)) kept.texts[card.id] = sendable(card);
    if (left) kept.queueFull = true;
    return left;
  });
}

/** What of a card is sent: that the reader upvoted it on the site stays here. @param {Card} card @returns {Card} */
export function sendable(card) {
  const { upvoted: _, ...rest } = card;
  return rest;
}

/**
 * Take an event out again, if it cannot have been sent yet.
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export function withdraw(id) {
  return change(["queue"], (kept) => {
    const at = kept.queue.findIndex(({ event, tried }) => event.id === id && !tried);
    if (at >= 0) kept.queue.splice(at, 1);
    return at >= 0;
  });
}

/** @type {Promise<{sent: Event[]}> | null} */
let running = null;

/**
 * Send what waits, if it is time to; one run at a time.
 * @param {{now?: boolean}} [how] `now`: without waiting for the back-off to pass
 * @returns {Promise<{sent: Event[]}>} what the server took, in this run
 */
export function flush({ now = false } = {}) {
  running ??= run(now).finally(() => {
    running = null;
  });
  return running;
}

/** @param {boolean} now */
async function run(now) {
  /** @type {Event[]} */
  const sent = [];
  const { connection } = await read("connection");
  if (!now && connection.retry_at > Date.now()) return { sent };
  const to = await server();
  if (!to) return { sent };
  await sendDeletions();
  for (let size = BATCH; ; ) {
    const batch = await nextBatch(size);
    if (!batch.events.length) return { sent };
    try {
      sent.push(...(await send(batch, to.serverUrl)));
    } catch (error) {
      if (!(error instanceof ServerError) || error.passes || !isAboutTheBatch(error)) return { sent };
      if (batch.events.length === 1) await setAside(batch.events[0], error);
      else size = Math.max(1, Math.floor(batch.events.length / 4));
    }
  }
}

/** @param {ServerError} error whether smaller batches would find out which event it is about */
const isAboutTheBatch = (error) => error.kind === "refused" || error.kind === "too_large";

/**
 * The oldest events, marked as tried before they leave: should we die now, nobody takes them for unsent.
 * @param {number} size
 * @returns {Promise<{events: Event[], papers: Card[]}>}
 */
function nextBatch(size) {
  return change(["queue", "texts"], (kept) => {
    const batch = kept.queue.slice(0, size);
    for (const one of batch) one.tried = true;
    const papers = [...new Set(batch.map(({ event }) => event.paper))].map((paper) => kept.texts[paper]).filter(Boolean);
    return { events: batch.map(({ event }) => event), papers };
  });
}

/**
 * @param {{events: Event[], papers: Card[]}} batch
 * @param {string} host
 * @returns {Promise<Event[]>} what is now on the server
 */
async function send(batch, host) {
  const answer = await ask("POST", "/v1/events", batch);
  const results = answer.results;
  if (!Array.isArray(results) || results.length !== batch.events.length) throw new ServerError("garbage", "");
  /** @type {Event[]} */
  const taken = [];
  /** @type {{event: Event, error: {code: string, message: string}}[]} */
  const refused = [];
  batch.events.forEach((event, at) => {
    const { status, error } = results[at];
    if (status === "rejected") refused.push({ event, error: error ?? { code: "rejected", message: "" } });
    else if (status === "accepted" || status === "duplicate") taken.push(event);
  });
  await settle(taken, refused, host);
  if (taken.length + refused.length < batch.events.length) throw new ServerError("garbage", "");
  return taken;
}

/**
 * In one step: out of the queue, into the ledger or to the letters that came back.
 * @param {Event[]} taken
 * @param {{event: Event, error: {code: string, message: string}}[]} refused
 * @param {string} host
 */
function settle(taken, refused, host) {
  return change(["queue", "texts", "ledger", "dead", "states", "queueFull"], (kept) => {
    const done = new Set([...taken, ...refused.map(({ event }) => event)].map(({ id }) => id));
    kept.queue = kept.queue.filter(({ event }) => !done.has(event.id));
    const waiting = new Set(kept.queue.map(({ event }) => event.paper));
    kept.texts = Object.fromEntries(Object.entries(kept.texts).filter(([paper]) => waiting.has(paper)));
    const at = Date.now();
    kept.ledger = [...kept.ledger, ...taken.map((event) => ({ event, sent_at: at, host }))].slice(-LEDGER);
    kept.dead = [...kept.dead, ...refused.map(({ event, error }) => ({ event, error, at }))].slice(-DEAD);
    kept.queueFull &&= kept.queue.length >= FULL;
    remember(kept.states, taken);
  });
}

/** @param {Event} event @param {ServerError} error */
const setAside = (event, error) => settle([], [{ event, error: { code: error.code, message: error.message } }], "");

/** What the reader deleted while the server was silent. */
async function sendDeletions() {
  const { deletions } = await read("deletions");
  for (const id of deletions) {
    try {
      await ask("DELETE", `/v1/me/events/${encodeURIComponent(id)}`);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 404) return;
    }
    await change(["deletions"], (kept) => {
      kept.deletions = kept.deletions.filter((one) => one !== id);
    });
  }
}
