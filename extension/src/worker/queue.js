/**
 * Events on their way to the server: stored before any network call, sent in batches, gone only when the server has
 * answered for each. The server knows events by their ids, so sending one twice counts once.
 */

import { LOCAL, MAX_WAITING } from "../caps.js";
import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask, forgetFailures, isDue, readServer, recordUnsent } from "./connection.js";
import { isUnknownKind, replaceKinds } from "./older-server.js";
import { recordOpen } from "./open-dedup.js";
import { applyEvents } from "./paper-states.js";
import { OF_ONE_SERVER, sortByServer, waitingElsewhere } from "./servers.js";

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../storage.js").DeadLetter} DeadLetter */
/** @typedef {import("../storage.js").Stored} Stored */
/** @typedef {import("../storage.js").Waiting} Waiting */
/** @typedef {{event: Event, error: DeadLetter["error"]}} Refused an event that the server refused, and why */
/** @typedef {{sent: Event[], replaced: Event[]}} Outcome `replaced`: events of kinds that the server is too old for */

const MAX_BATCH = 200;
/** With so many events waiting, impressions are left out; then opens too; at the very last (`MAX_WAITING`) presses. */
const MAX_BEFORE_IMPRESSION = 4_000;
const MAX_BEFORE_OPEN = 5_000;
/** More texts would crowd the events they travel with out of the browser's 10 MB. */
const MAX_TEXTS = 1_500;
const MAX_LEDGER = 1_000;
/** Beyond so many dead letters only presses are kept. */
const MAX_DEAD = 500;
const MAX_DEAD_PRESSES = LOCAL.dead.most ?? MAX_DEAD;
/** Statuses by which our server speaks of what was sent, not of who sent it or where to. */
const ABOUT_THE_BATCH = new Set([400, 413, 422]);

/** Whether the reader pressed a button for it. @param {Event} event */
const isPress = ({ kind }) => kind !== "impression" && kind !== "open";

/** @param {number} waiting events, for whichever server @param {Event} event */
function hasRoom(waiting, event) {
  if (isPress(event)) return waiting < MAX_WAITING;
  return waiting < (event.kind === "open" ? MAX_BEFORE_OPEN : MAX_BEFORE_IMPRESSION);
}

/**
 * Keep presses about one paper in their order even where the clock was set back in between: the latest time counts.
 * @param {Event} event
 * @param {Event[]} before
 * @returns {Event}
 */
function keepOrder(event, before) {
  if (!isPress(event)) return event;
  const earlier = before.filter((one) => one.paper === event.paper && isPress(one));
  const last = Math.max(0, ...earlier.map(({ at }) => Date.parse(at)));
  return Date.parse(event.at) > last ? event : { ...event, at: new Date(last + 1).toISOString() };
}

/**
 * How an event came about.
 * @typedef {object} How
 * @property {boolean} [isArrival] an open reported by the paper's own page
 * @property {boolean} [isScripted] an arrival on a page to which a page of ours went by itself
 * @property {boolean} [byUpvote] a save that an upvote made
 */

/**
 * Store events until they are sent. An id that is there already is not added twice, nor an open reported before.
 * @param {Event[]} events
 * @param {Card[]} [cards] what the page says of their papers
 * @param {How} [how]
 * @returns {Promise<{added: Event[], overflow: number}>} `overflow`: how many did not fit; the reader is told
 */
export function enqueue(events, cards = [], how = {}) {
  const keys = /** @type {const} */ ([...OF_ONE_SERVER, "queueFull", "opened", "upvoteSaves"]);
  return change(
    [...keys],
    (stored) => {
      sortByServer(stored);
      const before = [...stored.ledger, ...stored.queue].map(({ event }) => event);
      const known = new Set(before.map(({ id }) => id));
      const fresh = events.filter(({ id }) => !known.has(id)).filter((event) => countsAnew(stored, event, how));
      const elsewhere = waitingElsewhere(stored);
      /** @type {Event[]} */
      const added = [];
      for (const event of fresh) {
        if (!hasRoom(stored.queue.length + elsewhere, event)) continue;
        stored.queue.push({ event: keepOrder(event, before) });
        added.push(event);
      }
      storeTexts(stored, cards);
      if (added.length < fresh.length) stored.queueFull = true;
      return { added, overflow: fresh.length - added.length };
    },
    ["ledger", "serverUrl"],
  );
}

/**
 * Whether an event counts; an open does only once. Records what tells opens and upvotes apart.
 * @param {Pick<Stored, "opened" | "upvoteSaves">} stored changed
 * @param {Event} event
 * @param {How} how
 */
function countsAnew(stored, event, { isArrival = false, isScripted = false, byUpvote = false }) {
  if (event.kind === "save" && byUpvote) stored.upvoteSaves[event.paper] = event.id;
  // What the reader pressed here is theirs: removing the upvote later does not undo it.
  else if (event.kind === "save" || event.kind === "unsave") delete stored.upvoteSaves[event.paper];
  if (event.kind !== "open") return true;
  const { isNew, opened } = recordOpen(stored.opened, event, isArrival, isScripted);
  stored.opened = opened;
  return isNew;
}

/** @param {Pick<Stored, "queue" | "texts">} stored changed @param {Card[]} cards */
function storeTexts(stored, cards) {
  const waiting = new Set(stored.queue.map(({ event }) => event.paper));
  let room = MAX_TEXTS - Object.keys(stored.texts).length;
  for (const card of cards) {
    if (!waiting.has(card.id) || (!(card.id in stored.texts) && room-- <= 0)) continue;
    stored.texts[card.id] = toSendable(card);
  }
}

/**
 * The part of a card that is sent: that the reader upvoted it on the site stays here.
 * @param {Card} card
 * @returns {Card}
 */
export function toSendable(card) {
  const { upvoted: _, ...rest } = card;
  return rest;
}

/**
 * Remove an event that cannot be on the server: not sent yet, or refused.
 * @param {string} id
 * @returns {Promise<boolean>} whether it was there to be removed
 */
export function withdraw(id) {
  return change(["queue", "dead", "upvoteSaves"], (stored) => {
    const queue = stored.queue.filter(({ event, tried }) => event.id !== id || tried);
    const dead = stored.dead.filter(({ event }) => event.id !== id);
    const isRemoved = queue.length < stored.queue.length || dead.length < stored.dead.length;
    stored.upvoteSaves = Object.fromEntries(Object.entries(stored.upvoteSaves).filter(([, save]) => save !== id));
    Object.assign(stored, { queue, dead });
    return isRemoved;
  });
}

/** @type {Promise<Outcome> | null} */
let running = null;

/**
 * Send what waits, if it is time to; one run at a time.
 * @param {{now?: boolean}} [how] `now`: without waiting for the back-off to pass
 * @returns {Promise<Outcome>} what came of this run
 */
export async function flush({ now = false } = {}) {
  // A run under way may be past what this one is asked for.
  if (now) await running?.catch(() => {});
  running ??= sendAll(now).finally(() => {
    running = null;
  });
  return running;
}

/** Send because the reader asks for it. @returns {Promise<{sent: number}>} how many events the server accepted */
export async function flushNow() {
  await forgetFailures();
  return { sent: (await flush({ now: true })).sent.length };
}

/** @param {boolean} now */
async function sendAll(now) {
  /** @type {Outcome} */
  const outcome = { sent: [], replaced: [] };
  const { connection } = await read("connection");
  const server = now || isDue(connection) ? await readServer() : null;
  if (server && (await sendDeletions(server.serverUrl))) await sendQueue(server.serverUrl, outcome);
  return outcome;
}

/**
 * Whether smaller batches may pass where this one did not: our server said so, or a proxy found it too large.
 * @param {ServerError} error
 */
const isAboutTheBatch = ({ kind, status, isOurs }) =>
  ABOUT_THE_BATCH.has(status ?? 0) && (isOurs || kind === "too_large");

/**
 * Send batch by batch. A batch that the server refuses is sent again in smaller and smaller ones, until the event that
 * it refuses is alone.
 * @param {string} host
 * @param {Outcome} outcome added to
 */
async function sendQueue(host, outcome) {
  for (let size = MAX_BATCH; ;) {
    const batch = await takeBatch(size, host);
    if (!batch.events.length) return;
    try {
      await sendBatch(batch, host, outcome);
      size = Math.min(MAX_BATCH, size * 4);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (!isAboutTheBatch(error)) return recordUnsent(error);
      if (batch.events.length > 1) size = Math.max(1, Math.floor(batch.events.length / 4));
      else if (batch.papers.length) await dropText(batch.papers[0].id);
      else if (error.isOurs) await setAside(batch.events[0], error);
      // A proxy that finds one bare event too large lets none through.
      else return recordUnsent(error);
    }
  }
}

/**
 * The oldest events, marked as tried before they leave: should the worker die now, nobody takes them for unsent.
 * @param {number} size
 * @param {string} host the batch is empty if this is no longer the server paired with
 * @returns {Promise<{events: Event[], papers: Card[]}>}
 */
function takeBatch(size, host) {
  return change(
    [...OF_ONE_SERVER],
    (stored) => {
      sortByServer(stored);
      const batch = stored.queueOf === host ? stored.queue.slice(0, size) : [];
      for (const one of batch) one.tried = true;
      const papers = [...new Set(batch.map(({ event }) => event.paper))];
      const texts = papers.map((paper) => stored.texts[paper]).filter(Boolean);
      return { events: batch.map(({ event }) => event), papers: texts };
    },
    ["serverUrl"],
  );
}

/** The event may be fine, and only the text beside it too much. @param {string} paper */
const dropText = (paper) => change(["texts"], (stored) => void delete stored.texts[paper]);

/**
 * @param {{events: Event[], papers: Card[]}} batch
 * @param {string} host
 * @param {Outcome} outcome added to
 * @throws {ServerError}
 */
async function sendBatch(batch, host, outcome) {
  const { events } = batch;
  const isComplete = (/** @type {any} */ answer) => isAnswerFor(events, answer.results);
  const { results } = await ask("POST", "/v1/events", batch, isComplete, host);
  const accepted = events.filter((_, at) => results[at].status !== "rejected");
  const replaced = events.filter((event, at) => isUnknownKind(event, results[at]));
  const refused = events.flatMap((event, at) =>
    results[at].status === "rejected" && !replaced.includes(event) ? { event, error: reasonOf(results[at]) } : [],
  );
  if (replaced.length) await replaceKinds(replaced);
  await moveBatch(accepted, refused, host);
  outcome.sent.push(...accepted);
  outcome.replaced.push(...replaced);
}

const VERDICTS = ["accepted", "duplicate", "rejected"];

/**
 * Whether there is a verdict for each event: an answer cut short says nothing of the rest.
 * @param {Event[]} events
 * @param {any} results
 */
const isAnswerFor = (events, results) =>
  Array.isArray(results) &&
  results.length === events.length &&
  results.every(({ id, status }, at) => (id ?? events[at].id) === events[at].id && VERDICTS.includes(status));

/** @param {any} result @returns {DeadLetter["error"]} */
const reasonOf = ({ error }) => ({
  code: String(error?.code ?? "rejected").slice(0, 80),
  message: String(error?.message ?? "").slice(0, 300),
});

/**
 * Atomically move a batch from the queue to the ledger, or to the dead letters.
 * @param {Event[]} accepted
 * @param {Refused[]} refused
 * @param {string} host
 */
function moveBatch(accepted, refused, host) {
  return change(["queue", "texts", "ledger", "dead", "deadDropped", "states", "queueFull"], (stored) => {
    const at = Date.now();
    // What the reader deleted while it was on its way is not written down again.
    const waiting = new Set(stored.queue.map(({ event }) => event.id));
    const lines = accepted.filter(({ id }) => waiting.has(id));
    stored.ledger = [...stored.ledger, ...lines.map((event) => ({ event, sent_at: at, host }))].slice(-MAX_LEDGER);
    const letters = refused.filter(({ event }) => waiting.has(event.id)).map((one) => ({ ...one, at }));
    addDeadLetters(stored, letters);
    removeEvents(stored, [...accepted, ...refused.map(({ event }) => event)]);
    applyEvents(stored.states, lines);
  });
}

/** @param {Pick<Stored, "queue" | "texts" | "queueFull">} stored changed @param {Event[]} events */
function removeEvents(stored, events) {
  const done = new Set(events.map(({ id }) => id));
  stored.queue = stored.queue.filter(({ event }) => !done.has(event.id));
  const papers = new Set(stored.queue.map(({ event }) => event.paper));
  stored.texts = Object.fromEntries(Object.entries(stored.texts).filter(([paper]) => papers.has(paper)));
  stored.queueFull &&= stored.queue.length >= MAX_BEFORE_IMPRESSION;
}

/** @param {Pick<Stored, "dead" | "deadDropped">} stored changed @param {DeadLetter[]} letters */
function addDeadLetters(stored, letters) {
  const all = [...stored.dead, ...letters];
  stored.dead = dropSurplus(all);
  stored.deadDropped += all.length - stored.dead.length;
}

/** Of too many dead letters, drop the oldest that the reader did not press. @param {DeadLetter[]} dead */
function dropSurplus(dead) {
  let surplus = dead.length - MAX_DEAD;
  return dead.filter(({ event }) => isPress(event) || surplus-- <= 0).slice(-MAX_DEAD_PRESSES);
}

/** @param {Event} event @param {ServerError} error */
const setAside = (event, error) => moveBatch([], [{ event, error: reasonOf({ error }) }], "");

/**
 * Send what the reader deleted while this server was silent; another server would not know it and count it as gone.
 * @param {string} host
 * @returns {Promise<boolean>} whether the server still answers
 */
async function sendDeletions(host) {
  const { deletions } = await read("deletions");
  for (const id of Object.keys(deletions).filter((one) => deletions[one] === host)) {
    try {
      await ask("DELETE", `/v1/me/events/${encodeURIComponent(id)}`, undefined, undefined, host);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      // Refused as unknown, or as no id at all: it is not there.
      if (error.kind !== "refused") return false;
    }
    await change(["deletions"], (stored) => void delete stored.deletions[id]);
  }
  return true;
}
