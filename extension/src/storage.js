/**
 * What lasts: every key of `storage.local`, its default, and the one way to change it.
 *
 * The worker may be killed between any two lines, so whatever must last is written here first, one `set` a change: a
 * `set` is whole or not at all. Changes that depend on what was there go through `change`, one after the other.
 */

import { browser, text } from "./browser.js";
import { LOCAL, SESSION, capped } from "./caps.js";

/** @typedef {import("./messages.js").Event} Event */
/** @typedef {import("./messages.js").Card} Card */
/** @typedef {import("./messages.js").PaperState} PaperState */
/** @typedef {import("./messages.js").List} List */
/** @typedef {import("./messages.js").Capture} Capture */

/**
 * @typedef {{event: Event, tried?: boolean}} Waiting an event not yet known to be on the server; `tried` once it may be
 */
/**
 * @typedef {{event: Event, error: {code: string, message: string}, at: number}} DeadLetter an event the server refused
 */
/** @typedef {{event: Event, sent_at: number, host: string}} LedgerLine an event as it was sent */
/**
 * @typedef {{id: string, paper: string, at: number, arrived: boolean}} Opened an open told of lately; `arrived` once
 * its page told of it too
 */
/**
 * @typedef {"ok" | "offline" | "revoked" | "old_client" | "old_server" | "limited" | "refused"} Health `refused`: it
 * answers, but takes nothing of what waits
 */
/**
 * @typedef {{health: Health, failures: number, at?: number, retry_at: number, message?: string}} Connection `at`: when
 * it failed last
 */

/**
 * @typedef {object} Preferences
 * @property {Capture} capture
 * @property {boolean} upvote_is_save
 * @property {"original" | "foryou"} order
 * @property {boolean} panel_collapsed
 * @property {Record<string, string>} shortcuts
 * @property {Record<string, boolean>} sites which sites are switched on
 */

/** Keys for moving between cards are letters that the listing itself leaves free. */
const SHORTCUTS = { next: "j", previous: "k", save: "s", hide: "x", undo: "u", why: "w", order: "o" };

export const DEFAULTS = {
  /** Address of the server, without a slash at its end; "" while unpaired. */
  serverUrl: "",
  /** This device's token; "" while unpaired. */
  token: "",
  /** Who the reader is to the server paired with last: it may come back under another address. */
  reader: "",
  /** @type {Preferences} */
  preferences: {
    capture: "auto",
    upvote_is_save: true,
    order: "original",
    panel_collapsed: false,
    shortcuts: SHORTCUTS,
    sites: { huggingface: true, arxiv: false },
  },
  /**
   * Scope ("all" or a site) to the time it ends (epoch ms); 0 is until switched on again. @type {Record<string,
   * number>}
   */
  pauses: {},
  /** @type {Waiting[]} oldest first; all for the server named in `queueOf` */
  queue: [],
  /** The server that what waits is for; "" where none was known. */
  queueOf: "",
  /**
   * What waits for servers that this browser was paired with before, and what they refused. @type {Record<string,
   * {queue: Waiting[], dead: DeadLetter[]}>}
   */
  elsewhere: {},
  /** Texts that travel with waiting events. @type {Record<string, Card>} */
  texts: {},
  /** @type {DeadLetter[]} oldest first */
  dead: [],
  /** How many refused events had to go because too many came back. */
  deadDropped: 0,
  /** @type {LedgerLine[]} oldest first */
  ledger: [],
  /** The opens of the last minutes, so that each counts once. @type {Opened[]} */
  opened: [],
  /**
   * Events the reader deleted while the server was silent: their ids, and the server that holds them. @type
   * {Record<string, string>}
   */
  deletions: {},
  /** What the server last said of papers, the latest touched last. @type {Record<string, PaperState>} */
  states: {},
  /** The last list of each page, the latest last. @type {Record<string, List>} */
  lists: {},
  /** Saves that came from an upvote, by paper: the event's id. @type {Record<string, string>} */
  upvoteSaves: {},
  /**
   * Upvotes seen in the page's data, offered once for import. @type {{papers: Record<string, Card>, settled: boolean}}
   */
  upvotes: { papers: {}, settled: false },
  /** @type {Connection} */
  connection: { health: "ok", failures: 0, retry_at: 0 },
  /** Titles of papers the reader hid, to name them when unhiding. @type {Record<string, string>} */
  titles: {},
  /** True once something had to be left out because the queue is full. */
  queueFull: false,
  /**
   * The server of which the reader has read what is sent there, and agreed; true, as older versions had it: the one
   * paired with. @type {string | boolean}
   */
  agreed: "",
  /** What a lab's policy said when the browser last knew it. @type {Managed} */
  managed: {},
};

/** @typedef {typeof DEFAULTS} Stored */

/**
 * Read some keys, with defaults where nothing was kept.
 * @template {keyof Stored} K
 * @param {K[]} keys
 * @returns {Promise<Pick<Stored, K>>}
 */
export async function read(...keys) {
  const wanted = Object.fromEntries(keys.map((key) => [key, structuredClone(DEFAULTS[key])]));
  const found = /** @type {any} */ (await browser().storage.local.get(wanted));
  if (found.preferences) found.preferences = { ...DEFAULTS.preferences, ...found.preferences };
  return found;
}

let last = Promise.resolve();

/**
 * Run one piece of work at a time: among the tabs of the demo too, which share their storage.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function alone(work) {
  if (globalThis.navigator?.locks) return navigator.locks.request("inkling-storage", work);
  const mine = last.then(work, work);
  last = mine.then(
    () => undefined,
    () => undefined,
  );
  return mine;
}

/**
 * Read some keys, change them, and write what changed in one step.
 * @template {keyof Stored} K
 * @template {keyof Stored} R
 * @template T
 * @param {K[]} keys
 * @param {(kept: Pick<Stored, K | R>) => T} edit changes `kept` in place; throw to write nothing
 * @param {R[]} [alsoRead] keys that `edit` only looks at
 * @returns {Promise<T>}
 */
export function change(keys, edit, alsoRead = []) {
  return alone(async () => {
    const kept = /** @type {Pick<Stored, K | R>} */ (
      /** @type {unknown} */ (await read(...keys, .../** @type {any[]} */ (alsoRead)))
    );
    const before = Object.fromEntries(keys.map((key) => [key, JSON.stringify(kept[key])]));
    const result = edit(kept);
    const changed = keys.filter((key) => JSON.stringify(kept[key]) !== before[key]);
    for (const key of changed) kept[key] = capped(LOCAL, key, kept[key]);
    if (changed.length) await write(Object.fromEntries(changed.map((key) => [key, kept[key]])));
    return result;
  });
}

/** What browsers say where their storage, or the disk it is on, is full. @param {unknown} error */
const isFull = (error) => /quota|no.?space|disk.*full/i.test(String(error));

/**
 * Write in one step. Where there is no room, lists make some: the server tells them again, but nobody what the reader
 * did.
 * @param {Record<string, any>} items
 */
async function write(items) {
  const { local } = browser().storage;
  try {
    await local.set(items);
  } catch (error) {
    if (!isFull(error)) throw error;
    const lists = Object.fromEntries(Object.entries(items.lists ?? {}).slice(-1));
    await local
      .set({ ...items, lists })
      .catch((still) => Promise.reject(isFull(still) ? new Error(text("worker_storage_full")) : still));
  }
}

/** Forget everything, the pairing included. */
export const wipe = () => alone(() => browser().storage.local.clear());

/** Facts that need not outlast the browser; Firefox and Chromium both keep them from content scripts. */
export const session = {
  /** @template T @param {string} key @param {T} otherwise @returns {Promise<T>} */
  async get(key, otherwise) {
    return /** @type {any} */ (await browser().storage.session.get({ [key]: otherwise }))[key];
  },
  /** @param {string} key @param {unknown} value */
  set: (key, value) => browser().storage.session.set({ [key]: capped(SESSION, key, value) }),
  /** @template T @param {string} key @param {T} otherwise @param {(value: T) => T} edit @returns {Promise<void>} */
  change: (key, otherwise, edit) => alone(async () => session.set(key, edit(await session.get(key, otherwise)))),
};

/** Keep the token from content scripts, where the browser has such a boundary (Chromium). */
export const protect = () => browser().storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/**
 * @param {(changes: Record<string, {oldValue?: any, newValue?: any}>) => void} listener hears what changed, whoever
 *   changed it
 */
export function onChanged(listener) {
  browser().storage.onChanged.addListener((changes, area) => {
    if (area === "managed") learnManaged();
    if (area === "local" || (area === "session" && changes[MANAGED])) listener(changes);
  });
}

/** @typedef {{serverUrl?: string, sites?: string[]}} Managed */

const MANAGED = "managed";
/** Right after its start Chromium takes seconds to know its policies; no page waits that long, and none waits twice. */
const POLICY_MS = 100;
let isLate = false;

/**
 * What a lab set for its readers, if anything. Until the browser knows, what it knew when it last ran counts: a site
 * that
 * was left out is not to come on for the first seconds of each day. What comes late is told as a change.
 * @returns {Promise<Managed>}
 */
export async function managed() {
  const known = await session.get(MANAGED, /** @type {Managed | null} */ (null));
  if (known) return known;
  const before = (await read(MANAGED)).managed;
  if (isLate) return before;
  const late = new Promise((settle) => setTimeout(settle, POLICY_MS)).then(() => {
    isLate = true;
    return before;
  });
  return Promise.race([learnManaged(), late]);
}

/** @returns {Promise<Managed>} */
async function learnManaged() {
  /** @type {Managed} */
  let found = {};
  try {
    found = (await browser().storage.managed?.get(null)) ?? {};
  } catch {
    // Firefox rejects where no policy is set.
  }
  await session.set(MANAGED, found);
  await change([MANAGED], (kept) => void (kept.managed = found));
  return found;
}
