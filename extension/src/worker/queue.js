/**
 * Events on their way to the server: in storage before any network, sent in batches, gone only when the server has
 * answered for each. The server knows events by their ids, so sending one twice counts once.
 */

import { LOCAL, MOST_WAITING } from "../caps.js";
import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask, forgetFailures, isDue, readServer, recordUnsent } from "./connection.js";
import { recordOpen } from "./open-dedup.js";
import { OF_ONE_SERVER, sortByServer, waitingElsewhere } from "./servers.js";
import { remember } from "./paper-states.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../storage.js").Stored} Stored */
/** @typedef {import("../storage.js").Waiting} Waiting */
/** @typedef {import("../storage.js").DeadLetter} DeadLetter */

export const BATCH = 200;
/**
 * From here on what was only seen is left out; from `MOST` on opens too, and at the very last what the reader pressed.
 */
export const FULL = 4_000;
export const MOST = 5_000;
/** Texts that wait with their events: more would crowd the events themselves out of the browser's 10 MB. */
const TEXTS = 1_500;
const LEDGER = 1_000;
const DEAD = 500;
const MOST_DEAD = LOCAL.dead.most ?? DEAD;
/** Statuses by which our server speaks of what was sent, not of who sent it or where to. */
const ABOUT_THE_BATCH = new Set([400, 413, 422]);

/** @param {Event} event whether the reader pressed something for it */
const isPressed = ({ kind }) => kind !== "impression" && kind !== "open";

/** @param {number} waiting how many do, for whichever server @param {Event} event */
const hasRoom = (waiting, event) => waiting < (isPressed(event) ? MOST_WAITING : event.kind === "open" ? MOST : FULL);

/** @param {Waiting[]} queue @param {Event[]} taken @param {Event} event */
function add(queue, taken, event) {
  queue.push({ event });
  taken.push(event);
}

/**
 * What is said of one paper stays in its order also where the clock was set back in between, for its state follows the
 * latest time.
 * @param {Event} event
 * @param {Event[]} before
 * @returns {Event}
 */
function inOrder(event, before) {
  if (!isPressed(event)) return event;
  const last = Math.max(
    0,
    ...before.filter((one) => one.paper === event.paper && isPressed(one)).map(({ at }) => Date.parse(at)),
  );
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
    (kept) => {
      sortByServer(kept);
      const before = [...kept.ledger, ...kept.queue].map(({ event }) => event);
      const known = new Set(before.map(({ id }) => id));
      const fresh = events.filter(({ id }) => !known.has(id)).filter((event) => isCounted(kept, event, how));
      const others = waitingElsewhere(kept);
      /** @type {Event[]} */
      const added = [];
      for (const event of fresh)
        if (hasRoom(kept.queue.length + others, event)) add(kept.queue, added, inOrder(event, before));
      keepTexts(kept, cards);
      if (added.length < fresh.length) kept.queueFull = true;
      return { added, overflow: fresh.length - added.length };
    },
    ["ledger", "serverUrl"],
  );
}

/**
 * @param {Pick<Stored, "opened" | "upvoteSaves">} kept what tells opens and saves apart; changed
 * @param {Event} event
 * @param {How} how
 */
function isCounted(kept, event, { isArrival = false, isScripted = false, byUpvote = false }) {
  if (event.kind === "save" && byUpvote) kept.upvoteSaves[event.paper] = event.id;
  // What the reader pressed here is theirs: a later un-upvote does not take it back.
  else if (event.kind === "save" || event.kind === "unsave") delete kept.upvoteSaves[event.paper];
  if (event.kind !== "open") return true;
  const { isNew, opened } = recordOpen(kept.opened, event, isArrival, isScripted);
  kept.opened = opened;
  return isNew;
}

/** @param {Pick<Stored, "queue" | "texts">} kept @param {Card[]} cards */
function keepTexts(kept, cards) {
  const waiting = new Set(kept.queue.map(({ event }) => event.paper));
  let room = TEXTS - Object.keys(kept.texts).length;
  for (const card of cards) {
    if (!waiting.has(card.id) || (!(card.id in kept.texts) && room-- <= 0)) continue;
    kept.texts[card.id] = sendable(card);
  }
}

/** What of a card is sent: that the reader upvoted it on the site stays here. @param {Card} card @returns {Card} */
export function sendable(card) {
  const { upvoted: _, ...rest } = card;
  return rest;
}

/**
 * Take an event out again, if it cannot be on the server: not sent yet, or refused.
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export function withdraw(id) {
  return change(["queue", "dead", "upvoteSaves"], (kept) => {
    const waiting = kept.queue.filter(({ event, tried }) => event.id !== id || tried);
    const dead = kept.dead.filter(({ event }) => event.id !== id);
    const isGone = waiting.length < kept.queue.length || dead.length < kept.dead.length;
    kept.upvoteSaves = Object.fromEntries(Object.entries(kept.upvoteSaves).filter(([, save]) => save !== id));
    Object.assign(kept, { queue: waiting, dead });
    return isGone;
  });
}

/** @type {Promise<{sent: Event[]}> | null} */
let running = null;

/**
 * Send what waits, if it is time to; one run at a time.
 * @param {{now?: boolean}} [how] `now`: without waiting for the back-off to pass
 * @returns {Promise<{sent: Event[]}>} what the server took, in this run
 */
export async function flush({ now = false } = {}) {
  // A run under way may be past what this one is asked for.
  if (now) await running?.catch(() => {});
  running ??= run(now).finally(() => {
    running = null;
  });
  return running;
}

/** Send because the reader asks for it. @returns {Promise<{sent: number}>} how many events the server took */
export async function flushNow() {
  await forgetFailures();
  return { sent: (await flush({ now: true })).sent.length };
}

/** @param {boolean} now */
async function run(now) {
  /** @type {Event[]} */
  const sent = [];
  const { connection } = await read("connection");
  const to = now || isDue(connection) ? await readServer() : null;
  if (to && (await sendDeletions(to.serverUrl))) await sendQueue(to.serverUrl, sent);
  return { sent };
}

/**
 * Whether smaller batches may go where this one did not: our server said so, or somebody in between found it too large.
 * @param {ServerError} error
 */
const isAboutTheBatch = ({ kind, status, isOurs }) =>
  ABOUT_THE_BATCH.has(status ?? 0) && (isOurs || kind === "too_large");

/**
 * Batch by batch. One that the server refuses is sent again in ever smaller ones, until the event it is about is alone.
 * @param {string} host
 * @param {Event[]} sent what the server took; added to
 */
async function sendQueue(host, sent) {
  for (let size = BATCH; ;) {
    const batch = await nextBatch(size, host);
    if (!batch.events.length) return;
    try {
      sent.push(...(await send(batch, host)));
      size = Math.min(BATCH, size * 4);
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      if (!isAboutTheBatch(error)) return recordUnsent(error);
      if (batch.events.length > 1) size = Math.max(1, Math.floor(batch.events.length / 4));
      else if (batch.papers.length) await forgetText(batch.papers[0].id);
      else if (error.isOurs) await setAside(batch.events[0], error);
      // Whoever finds one bare event too large takes none.
      else return recordUnsent(error);
    }
  }
}

/**
 * The oldest events, marked as tried before they leave: should we die now, nobody takes them for unsent.
 * @param {number} size
 * @param {string} host none, should it not be the one paired with any more
 * @returns {Promise<{events: Event[], papers: Card[]}>}
 */
function nextBatch(size, host) {
  return change(
    [...OF_ONE_SERVER],
    (kept) => {
      sortByServer(kept);
      const batch = kept.queueOf === host ? kept.queue.slice(0, size) : [];
      for (const one of batch) one.tried = true;
      const papers = [...new Set(batch.map(({ event }) => event.paper))]
        .map((paper) => kept.texts[paper])
        .filter(Boolean);
      return { events: batch.map(({ event }) => event), papers };
    },
    ["serverUrl"],
  );
}

/** The event may be well, and only the text beside it too much. @param {string} paper */
const forgetText = (paper) => change(["texts"], (kept) => void delete kept.texts[paper]);

/**
 * @param {{events: Event[], papers: Card[]}} batch @param {string} host @returns {Promise<Event[]>} what is now on the
 * server
 */
async function send(batch, host) {
  const { results } = await ask(
    "POST",
    "/v1/events",
    batch,
    (answer) => isAnswerFor(batch.events, answer.results),
    host,
  );
  const taken = batch.events.filter((_, at) => results[at].status !== "rejected");
  const refused = batch.events.flatMap((event, at) =>
    results[at].status === "rejected" ? { event, error: reasonOf(results[at]) } : [],
  );
  await settle(taken, refused, host);
  return taken;
}

/**
 * Whether there is a verdict for each event: an answer cut short says nothing of the rest. @param {Event[]} events
 * @param {any} results
 */
const isAnswerFor = (events, results) =>
  Array.isArray(results) &&
  results.length === events.length &&
  results.every(
    ({ id, status }, at) =>
      (id ?? events[at].id) === events[at].id && ["accepted", "duplicate", "rejected"].includes(status),
  );

/** @param {any} result @returns {DeadLetter["error"]} */
const reasonOf = ({ error }) => ({
  code: String(error?.code ?? "rejected").slice(0, 80),
  message: String(error?.message ?? "").slice(0, 300),
});

/**
 * In one step: out of the queue, into the ledger or to the letters that came back.
 * @param {Event[]} taken
 * @param {{event: Event, error: DeadLetter["error"]}[]} refused
 * @param {string} host
 */
function settle(taken, refused, host) {
  return change(["queue", "texts", "ledger", "dead", "deadDropped", "states", "queueFull"], (kept) => {
    const done = new Set([...taken, ...refused.map(({ event }) => event)].map(({ id }) => id));
    // What the reader deleted while it was on its way is not written down again.
    const waiting = new Set(kept.queue.map(({ event }) => event.id));
    kept.queue = kept.queue.filter(({ event }) => !done.has(event.id));
    const wanted = new Set(kept.queue.map(({ event }) => event.paper));
    kept.texts = Object.fromEntries(Object.entries(kept.texts).filter(([paper]) => wanted.has(paper)));
    const at = Date.now();
    const lines = taken.filter(({ id }) => waiting.has(id));
    kept.ledger = [...kept.ledger, ...lines.map((event) => ({ event, sent_at: at, host }))].slice(-LEDGER);
    const letters = [
      ...kept.dead,
      ...refused.filter(({ event }) => waiting.has(event.id)).map((one) => ({ ...one, at })),
    ];
    kept.dead = withoutSurplus(letters);
    kept.deadDropped += letters.length - kept.dead.length;
    kept.queueFull &&= kept.queue.length >= FULL;
    remember(kept.states, lines);
  });
}

/** Of too many refused events the oldest go that the reader did not press. @param {DeadLetter[]} dead */
function withoutSurplus(dead) {
  let surplus = dead.length - DEAD;
  return dead.filter(({ event }) => isPressed(event) || surplus-- <= 0).slice(-MOST_DEAD);
}

/** @param {Event} event @param {ServerError} error */
const setAside = (event, error) => settle([], [{ event, error: reasonOf({ error }) }], "");

/**
 * What the reader deleted while this server was silent. Another one would not know it, and it would be taken for gone.
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
      // Refused as unknown or as no id at all: it is not there.
      if (error.kind !== "refused") return false;
    }
    await change(["deletions"], (kept) => void delete kept.deletions[id]);
  }
  return true;
}
