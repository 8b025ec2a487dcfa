/** What a page shows: put together from what is kept, told anew to every open page when that changes. */

import { browser, text } from "../browser.js";
import { TO_PAGE } from "../messages.js";
import { managed, read, session } from "../storage.js";
import { failures, keyOf } from "./ranked-lists.js";
import { marksOf } from "./paper-states.js";

/** @typedef {import("../messages.js").View} View */
/** @typedef {import("../messages.js").State} State */
/** @typedef {import("../storage.js").Stored} Stored */
/**
 * @typedef {{site: import("../messages.js").Site, page_kind: string, page: string, papers: string[]}} OpenPage what a
 * tab shows
 */

/**
 * Read what says how it stands, and more; sites that a lab left out are off.
 * @template {keyof Stored} [K=never]
 * @param {...K} more
 * @returns {Promise<Pick<Stored, K | "serverUrl" | "token" | "preferences" | "pauses" | "connection">>}
 */
export async function readStanding(...more) {
  /** @type {any[]} */
  const keys = ["serverUrl", "token", "preferences", "pauses", "connection", ...more];
  const [kept, { sites }] = await Promise.all([/** @type {Promise<any>} */ (read(...keys)), managed()]);
  /** @type {Record<string, boolean>} */
  const own = kept.preferences.sites;
  if (sites)
    kept.preferences.sites = Object.fromEntries(
      Object.entries(own).map(([site, on]) => [site, on && sites.includes(site)]),
    );
  return kept;
}

/** @param {Record<string, number>} pauses @param {string} scope */
export const isPaused = (pauses, scope) => scope in pauses && (pauses[scope] === 0 || pauses[scope] > Date.now());

/** With these the server answers, whatever else it does. @type {Set<import("../storage.js").Health>} */
const ANSWERS = new Set(["ok", "limited", "refused"]);

/**
 * @param {Pick<Stored, "serverUrl" | "token" | "preferences" | "pauses" | "connection">} kept
 * @param {string} [site]
 * @returns {State}
 */
export function stateOf({ serverUrl, token, preferences, pauses, connection }, site = "huggingface") {
  if (preferences.capture === "off" || (site !== "demo" && preferences.sites[site] === false)) return "off";
  if (isPaused(pauses, "all") || isPaused(pauses, site)) return "paused";
  if (!serverUrl || !token || connection.health === "revoked") return "unpaired";
  return ANSWERS.has(connection.health) ? "ready" : "offline";
}

/**
 * @param {State} state @param {Pick<Stored, "connection" | "queue" | "queueFull">} kept @returns {string | undefined}
 */
function messageOf(state, { connection, queue, queueFull }) {
  if (queueFull) return text("worker_queue_full", queue.length);
  if (state === "unpaired" && connection.health === "revoked") return text("worker_revoked", queue.length);
  if (state !== "offline") return undefined;
  if (connection.message)
    return [connection.message, queue.length && text("popup_waiting", queue.length)].filter(Boolean).join(" ");
  return queue.length ? text("worker_offline_waiting", queue.length) : undefined;
}

/**
 * What was recommended last, on whatever page: with the server silent, a page never ranked shows that. It ranks no card
 * here.
 * @param {Record<string, import("../messages.js").List>} lists
 * @param {string[]} [papers] on the page, where they need no recommendation
 */
function lastOf(lists, papers = []) {
  const last = Object.values(lists).at(-1);
  return (
    last && { ...last, cards: [], recommended: last.recommended.filter(({ paper }) => !papers.includes(paper.id)) }
  );
}

/**
 * Papers that a list recommends, and those its reasons name: whether they were saved or opened is part of the reason.
 * @param {import("../messages.js").List} list
 */
const namedIn = ({ recommended, cards }) => [
  ...recommended.map(({ paper }) => paper.id),
  ...[...recommended, ...cards].flatMap(({ reasons }) => (reasons ?? []).flatMap(({ paper }) => paper ?? [])),
];

/**
 * @param {string} page
 * @param {{site?: string, papers?: string[]}} [more] the papers on it; else those of its last list
 * @returns {Promise<View>}
 */
export async function viewOf(page, { site, papers } = {}) {
  const kept = await readStanding("lists", "states", "queue", "queueFull");
  const state = stateOf(kept, site);
  const known = state === "ready" || state === "offline";
  const key = keyOf(page, papers);
  const failure = known ? (await failures())[key] : undefined;
  const found = known ? (kept.lists[key] ?? (state === "offline" ? lastOf(kept.lists, papers) : undefined)) : undefined;
  const list = found ? { ...found, stale: state === "offline" || Boolean(failure) } : null;
  const shown = [...(papers ?? list?.cards.map(({ id }) => id ?? "") ?? []), ...(list ? namedIn(list) : [])];
  const { capture, order, upvote_is_save, panel_collapsed, shortcuts } = kept.preferences;
  const message = messageOf(state, kept) ?? (state === "ready" ? failure?.message : undefined);
  return {
    state,
    ...(message ? { message } : {}),
    capture,
    list,
    marks: known ? marksOf(kept, shown) : {},
    settings: { order, upvote_is_save, panel_collapsed, shortcuts },
  };
}

/**
 * A view as a page gets it anew, without recommending what was opened, saved or hidden since its list was made. On a
 * page
 * that shows the list already such papers keep their place, for the reader may take back what they did.
 * @param {View} view
 * @returns {View}
 */
export function unseen(view) {
  const { list, marks } = view;
  return list ? { ...view, list: { ...list, recommended: notTouched(list.recommended, marks) } } : view;
}

/** @param {import("../messages.js").Recommended[]} recommended @param {import("../messages.js").Marks} marks */
export const notTouched = (recommended, marks) =>
  recommended.filter(({ paper: { id } }) => !(marks[id]?.saved || marks[id]?.hidden || marks[id]?.opened_at));

const KEY = "pages";

/** @returns {Promise<Record<string, OpenPage>>} by tab */
export const openPages = () => session.get(KEY, {});

/** @param {number} tab @param {OpenPage | null} page null: the tab is gone */
export function rememberPage(tab, page) {
  return session.change(KEY, /** @type {Record<string, OpenPage>} */ ({}), (pages) => {
    if (page) pages[tab] = page;
    else delete pages[tab];
    return pages;
  });
}

/**
 * Tell every open page what it shows now, or only those of one page, or all but one tab. @param {{page?: string,
 * except?: number}} [which]
 */
export async function pushViews({ page: only, except } = {}) {
  for (const [tab, { page, site, papers }] of Object.entries(await openPages())) {
    if ((only !== undefined && page !== only) || Number(tab) === except) continue;
    await tellTab(Number(tab), { type: TO_PAGE.viewChanged, view: await viewOf(page, { site, papers }) });
  }
}

/** @param {number} tab @param {object} message @returns {Promise<void>} also where the tab has moved on */
export async function tellTab(tab, message) {
  try {
    await browser().tabs.sendMessage(tab, message);
  } catch {
    await rememberPage(tab, null);
  }
}

const ICONS = { 16: "icons/drop-16.png", 32: "icons/drop-32.png" };
const PAUSED_ICONS = { 16: "icons/drop-paused-16.png", 32: "icons/drop-paused-32.png" };

/** @param {State} state */
const iconOf = (state) =>
  Object.fromEntries(
    Object.entries(state === "paused" || state === "off" ? PAUSED_ICONS : ICONS).map(([size, file]) => [
      size,
      `/${file}`,
    ]),
  );

/** The icon over a tab whose site is paused alone is pale too. @param {number} tab @param {string} [site] */
export async function drawTabIcon(tab, site) {
  // The tab may be gone.
  await browser()
    .action.setIcon({ tabId: tab, path: iconOf(stateOf(await readStanding(), site)) })
    .catch(() => {});
}

export async function drawTabIcons() {
  for (const [tab, { site }] of Object.entries(await openPages())) await drawTabIcon(Number(tab), site);
}

/** The toolbar icon: pale while paused or off, with the count of what waits once the server does not take it. */
export async function drawIcon() {
  const { action } = browser();
  const kept = await readStanding("queue", "dead");
  const state = stateOf(kept);
  const waits = kept.queue.length && (state === "offline" || state === "unpaired" || kept.connection.health !== "ok");
  await action.setIcon({ path: iconOf(state) });
  await action.setBadgeText({ text: waits ? String(kept.queue.length) : kept.dead.length ? "!" : "" });
  await action.setBadgeBackgroundColor({ color: waits ? "#b45309" : "#6b7280" });
}
