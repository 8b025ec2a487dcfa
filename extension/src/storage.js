/**
 * What the browser keeps for us: every key of `storage.local` and `storage.session`, its default, and the one way to
 * change it. Nothing else reads or writes either area.
 *
 * The worker may be killed between any two lines, so whatever must last is written here first, one `set` a change: a
 * `set` is whole or not at all. Changes that depend on what was there go through `change`, one after the other.
 */

import { browser, text } from "./browser.js";
import { LOCAL, SESSION, applyCap } from "./caps.js";

/** @typedef {import("./messages.js").Capture} Capture */
/** @typedef {import("./messages.js").Card} Card */
/** @typedef {import("./messages.js").Event} Event */
/** @typedef {import("./messages.js").List} List */
/** @typedef {import("./messages.js").PaperState} PaperState */
/** @typedef {import("./messages.js").Site} Site */

/**
 * An event not yet known to be on the server.
 * @typedef {{event: Event, tried?: boolean}} Waiting `tried` once it may be there
 */

/**
 * An event that the server refused.
 * @typedef {{event: Event, error: {code: string, message: string}, at: number}} DeadLetter
 */

/**
 * An event as it was sent.
 * @typedef {{event: Event, sent_at: number, host: string}} LedgerLine
 */

/**
 * A recent open.
 * @typedef {{id: string, paper: string, at: number, arrived: boolean}} Opened `arrived` once the paper's own page
 *   reported it too
 */

/**
 * What the last call said of the server. `refused`: it answers, but takes nothing of what waits.
 * @typedef {"ok" | "offline" | "revoked" | "old_client" | "old_server" | "limited" | "refused"} Health
 */

/**
 * The connection to the server, and when to try again.
 * @typedef {{health: Health, failures: number, at?: number, retry_at: number, message?: string}} Connection `at`: of
 *   the last failure
 */

/**
 * A saved paper, as far as it is shown and searched without the server.
 * @typedef {object} SavedPaper
 * @property {string} id
 * @property {string | null} title
 * @property {string[]} authors
 * @property {number | null} upvotes
 * @property {string | null} url
 * @property {string | null} saved_at RFC 3339
 * @property {string[]} tags
 */

/**
 * A copy of the library as the server last told it.
 * @typedef {{entries: SavedPaper[], fetched_at: number, more: boolean}} Library `entries`: oldest first; `fetched_at`:
 *   when it was asked, 0 for never; `more`: the server has older ones
 */

/** @typedef {{serverUrl?: string, sites?: string[]}} Managed what a lab's policy sets, see managed-schema.json */

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

/** The keys of `storage.local`: what outlasts the browser. */
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
   * Scope ("all" or a site) to the time its pause ends (epoch ms); 0 lasts until it is ended.
   * @type {Record<string, number>}
   */
  pauses: {},
  /** @type {Waiting[]} oldest first; all for the server named in `queueOf` */
  queue: [],
  /** The server that the queue is for; "" where none was known. */
  queueOf: "",
  /**
   * What waits for servers that this browser was paired with before, and what they refused.
   * @type {Record<string, {queue: Waiting[], dead: DeadLetter[]}>}
   */
  elsewhere: {},
  /** Texts that travel with waiting events. @type {Record<string, Card>} */
  texts: {},
  /** @type {DeadLetter[]} oldest first */
  dead: [],
  /** How many dead letters were dropped because there were too many. */
  deadDropped: 0,
  /** @type {LedgerLine[]} oldest first */
  ledger: [],
  /** The opens of the last minutes, so that each counts once. @type {Opened[]} */
  opened: [],
  /**
   * Events that the reader deleted while the server was silent: id to the server that holds it.
   * @type {Record<string, string>}
   */
  deletions: {},
  /** What the server last said of papers, the latest touched last. @type {Record<string, PaperState>} */
  states: {},
  /** The last list of each page, the latest last. @type {Record<string, List>} */
  lists: {},
  /** @type {Library} */
  library: { entries: [], fetched_at: 0, more: false },
  /** Saves that came from an upvote, by paper: the event's id. @type {Record<string, string>} */
  upvoteSaves: {},
  /**
   * Upvotes seen in the page's data, offered for import until the reader has answered.
   * @type {{papers: Record<string, Card>}}
   */
  upvotes: { papers: {} },
  /** Papers whose upvotes were offered and answered, newest last: they are not offered again. @type {string[]} */
  upvotesAnswered: [],
  /** @type {Connection} */
  connection: { health: "ok", failures: 0, retry_at: 0 },
  /** Titles of papers the reader hid, to name them when unhiding. @type {Record<string, string>} */
  titles: {},
  /** True once an event had to be left out because the queue is full. */
  queueFull: false,
  /**
   * The server of which the reader has read what is sent there, and agreed. Older versions stored true, for the server
   * paired with.
   * @type {string | boolean}
   */
  agreed: "",
  /** What a lab's policy said when the browser last knew it. @type {Managed} */
  managed: {},
};

/** @typedef {{site: Site, page_kind: string, page: string, papers: string[]}} OpenPage what a tab shows */

/**
 * A context menu on a paper's link.
 * @typedef {{paper: string, page: string, surface?: string, list_id?: string, position?: number, tab: number,
 *   at: number}} Menu
 */

/**
 * A page that went elsewhere by itself, without a press of the reader's.
 * @typedef {{paper: string | null, at: number}} Departure `paper` it went to, as far as it is known
 */

/**
 * Why a page could not be ranked.
 * @typedef {{page: string, cards: Card[], message: string, passes: boolean}} Failure `passes`: it may be ranked later
 */

/** @typedef {{address: string, code: string, paired: {token: string, reader_id?: string}}} Trade */

/** The keys of `storage.session`: what need not outlast the browser. */
export const SESSION_DEFAULTS = {
  /** What a tab shows, by tab. @type {Record<string, OpenPage>} */
  pages: {},
  /** The context menu whose link may yet appear in a new tab. @type {Menu | null} */
  menu: null,
  /** Where pages went by themselves, by tab. @type {Record<string, Departure>} */
  left: {},
  /** Pages that could not be ranked when last asked for, by the key of their list. @type {Record<string, Failure>} */
  unranked: {},
  /** The token that a pairing code was traded for, until the token has worked once. @type {Trade | null} */
  traded: null,
  /** Addresses whose page lately looked otherwise than we know it. @type {string[]} */
  drifted: [],
  /** What a lab's policy says; null until the browser has been asked. @type {Managed | null} */
  managed: null,
};

/** @typedef {typeof SESSION_DEFAULTS} Session */

/** @typedef {typeof DEFAULTS} Stored */

/**
 * Read some keys, with defaults where nothing is stored.
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
 * Run one piece of work at a time; on the demo, whose tabs share their storage, one among all tabs.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function runAlone(work) {
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
 * @param {(stored: Pick<Stored, K | R>) => T} edit changes `stored` in place; throw to write nothing
 * @param {R[]} [alsoRead] keys that `edit` only looks at
 * @returns {Promise<T>}
 */
export function change(keys, edit, alsoRead = []) {
  return runAlone(async () => {
    const stored = /** @type {Pick<Stored, K | R>} */ (
      /** @type {unknown} */ (await read(...keys, .../** @type {any[]} */ (alsoRead)))
    );
    const before = Object.fromEntries(keys.map((key) => [key, JSON.stringify(stored[key])]));
    const result = edit(stored);
    const changed = keys.filter((key) => JSON.stringify(stored[key]) !== before[key]);
    for (const key of changed) stored[key] = applyCap(LOCAL, key, stored[key]);
    if (changed.length) await write(Object.fromEntries(changed.map((key) => [key, stored[key]])));
    return result;
  });
}

/** What browsers say where their storage, or the disk it is on, is full. @param {unknown} error */
const isFull = (error) => /quota|no.?space|disk.*full/i.test(String(error));

/**
 * Write in one step. Where there is no room, stored lists make some: the server can tell those again, but nobody can
 * tell again what the reader did.
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
export const wipe = () =>
  runAlone(async () => {
    const { local, session: untilClosed } = browser().storage;
    await Promise.all([local.clear(), untilClosed.clear()]);
  });

/** The keys of `storage.session`. Firefox and Chromium both keep them from content scripts. */
export const session = {
  /** @template {keyof Session} K @param {K} key @returns {Promise<Session[K]>} */
  get: async (key) => {
    const byDefault = structuredClone(SESSION_DEFAULTS[key]);
    return /** @type {any} */ (await browser().storage.session.get({ [key]: byDefault }))[key];
  },
  /** @template {keyof Session} K @param {K} key @param {Session[K]} value */
  set: (key, value) => browser().storage.session.set({ [key]: applyCap(SESSION, key, value) }),
  /** @template {keyof Session} K @param {K} key @param {(value: Session[K]) => Session[K]} edit */
  change: (key, edit) => runAlone(async () => session.set(key, edit(await session.get(key)))),
};

/** Keep the token from content scripts, where the browser has such a boundary (Chromium). */
export const protect = () => browser().storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

/**
 * Hear what changed, whoever changed it.
 * @param {(changes: Record<string, {oldValue?: any, newValue?: any}>) => void} listener
 */
export function onChanged(listener) {
  browser().storage.onChanged.addListener((changes, area) => {
    if (area === "managed") refreshManaged();
    if (area === "local" || (area === "session" && changes.managed)) listener(changes);
  });
}

/** Right after its start Chromium takes seconds to know its policies; no page waits that long, and none waits twice. */
const POLICY_MS = 100;
let isLate = false;

/**
 * What a lab set for its readers, if anything. Until the browser knows, what it knew when it last ran counts: a site
 * that was left out must not come on for the first seconds of each day. What comes late is heard of as a change.
 * @returns {Promise<Managed>}
 */
export async function readManaged() {
  const known = await session.get("managed");
  if (known) return known;
  const before = (await read("managed")).managed;
  if (isLate) return before;
  const late = new Promise((settle) => setTimeout(settle, POLICY_MS)).then(() => {
    isLate = true;
    return before;
  });
  return Promise.race([refreshManaged(), late]);
}

/** @returns {Promise<Managed>} */
async function refreshManaged() {
  /** @type {Managed} */
  let found = {};
  try {
    found = (await browser().storage.managed?.get(null)) ?? {};
  } catch {
    // Firefox rejects where no policy is set.
  }
  await session.set("managed", found);
  await change(["managed"], (stored) => void (stored.managed = found));
  return found;
}
