/** What a listing's content script may ask. All it says comes from a page and is checked for its shape. */

import { browser, version } from "../../browser.js";
import { FROM_PAGE } from "../../messages.js";
import { paperFromUrl } from "../../paper-id.js";
import { ServerError } from "../../server-api.js";
import { change, read } from "../../storage.js";
import { ask } from "../connection.js";
import { hasDrifted, rememberDrift } from "../drift.js";
import { LONGEST_TITLE } from "../hidden.js";
import { keyOf, more, rank } from "../ranked-lists.js";
import { forgetMenu, menuBehind, rememberLeft, rememberMenu, wasByScript } from "../open-dedup.js";
import { enqueue, flush, withdraw } from "../queue.js";
import { pageRoom } from "../reserved-space.js";
import { UNTOUCHED, marksOf } from "../paper-states.js";
import { parseCard, cardsIn, parseEvent, pageIn, paperIn, siteOf, whereIn } from "../validate.js";
import { drawTabIcon, openPages, pushViews, readStanding, rememberPage, stateOf, unseen, viewOf } from "../view.js";

/** @typedef {import("../../messages.js").Event} Event */
/** @typedef {import("../../messages.js").Card} Card */
/** @typedef {import("../../messages.js").Site} Site */
/** @typedef {{tab?: number, url?: string, site?: Site}} From which page speaks */

/** How long a page waits for the server before it shows what is known; the rest comes when it comes. */
const PATIENCE_MS = 2_500;
/**
 * With this many saves the recommendations become the reader's own: from then on lists change with the next visit only.
 */
const PERSONAL_FROM = 3;
/** @type {Partial<Record<Event["kind"], Event["kind"]>>} */
const OPPOSITE = { save: "unsave", unsave: "save", hide: "unhide", unhide: "hide" };

/** @param {number} ms */
const after = (ms) => new Promise((settle) => setTimeout(settle, ms));

/**
 * What a page is to show of these papers from now on: of one no longer touched, that it is not. @param {string[]}
 * papers
 */
async function marks(papers) {
  const known = marksOf(await read("states", "queue"), papers);
  return Object.fromEntries(papers.map((paper) => [paper, known[paper] ?? UNTOUCHED]));
}

/**
 * Send what waits and rank the page; a server that does not answer leaves the list of the last visit. @param {{page:
 * string, cards: Card[]}} told
 */
async function refresh({ page, cards }) {
  await flush();
  try {
    await rank(page, cards);
    // Answered before its back-off was over: what waited for that goes now.
    await flush();
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

/** @param {any} told @param {From} from */
async function pageCards(told, { tab, url, site = "huggingface" }) {
  const [page, cards] = [pageIn(told.page), cardsIn(told.cards)];
  const papers = cards.map(({ id }) => id);
  if (tab !== undefined) await rememberPage(tab, { site, page_kind: page.split("/")[0], page, papers });
  await noticeUpvotes(cards);
  await rememberDrift(url, false);
  const state = stateOf(await readStanding(), site);
  if (state === "ready" || state === "offline") await refreshPatiently({ page, cards });
  return { view: unseen(await viewOf(page, { site, papers })) };
}

/** @param {{page: string, cards: Card[]}} told */
async function refreshPatiently(told) {
  let late = false;
  const asked = refresh(told).then(() => (late ? pushViews({ page: told.page }) : undefined));
  await Promise.race([asked, after(PATIENCE_MS)]);
  late = true;
}

/** Upvotes that the page itself shows: kept here, offered once for import. @param {Card[]} cards */
async function noticeUpvotes(cards) {
  const upvoted = cards.filter((card) => card.upvoted === true);
  if (!upvoted.length) return;
  await change(["upvotes"], (kept) => {
    if (!kept.upvotes.settled)
      for (const { id, title } of upvoted)
        kept.upvotes.papers[id] ??= title ? { id, title: title.slice(0, LONGEST_TITLE) } : { id };
  });
}

/**
 * @param {Event} event @param {Site} [site] @returns {Promise<boolean>} whether the reader wants such an event logged
 */
async function isWanted({ kind }, site) {
  const kept = await readStanding();
  const state = stateOf(kept, site);
  // A page may tell of a click before it has heard that it is paused, or not paired yet.
  if (state === "paused" || state === "off" || (state === "unpaired" && !kept.token)) return false;
  const { capture } = kept.preferences;
  return capture === "auto" || (capture === "manual" && kind !== "open" && kind !== "impression");
}

/**
 * Keep an event if the reader wants such events, and show what it changed wherever its paper is shown.
 * @param {Event} event
 * @param {Card | null} card
 * @param {From} from
 * @param {{isArrival?: boolean, isScripts?: boolean, byUpvote?: boolean}} [how]
 * @returns {Promise<boolean>} whether it is kept
 */
async function take(event, card, { tab, site }, how) {
  if (!(await isWanted(event, site))) return false;
  const { taken, left } = await enqueue([event], card ? [card] : [], how);
  if (event.kind === "hide") await nameHidden(event.paper, card?.title);
  sendSoon(event);
  if (taken.length && event.kind !== "impression") await pushViews({ except: tab });
  return !left && (taken.length > 0 || event.kind !== "open");
}

/** @param {{event: any, card?: any, referrer?: any}} told @param {From} from */
async function eventLog(told, from) {
  const event = parseEvent(told.event);
  if (event.kind === "open") await forgetMenu(from.tab);
  const isArrival = from.url !== undefined && paperFromUrl(from.url) === event.paper;
  const isScripts = isArrival && (await wasByScript(from.tab, event.paper, siteOf(told.referrer) !== null));
  const queued = await take(event, parseCard(told.card), from, { isArrival, isScripts });
  return { queued, marks: await marks([event.paper]) };
}

/** What a hidden paper is called, so that it can be unhidden by name. @param {string} paper @param {string} [title] */
const nameHidden = (paper, title) =>
  change(
    ["titles"],
    ({ titles, lists }) => {
      const listed = Object.values(lists).flatMap(({ recommended }) => recommended.map((one) => one.paper));
      const name = title ?? listed.find(({ id }) => id === paper)?.title;
      if (name) titles[paper] = name.slice(0, LONGEST_TITLE);
    },
    ["lists"],
  );

/**
 * A new tab from a page whose context menu was open on a paper's link. @param {{openerTabId?: number, url?: string,
 * pendingUrl?: string}} tab
 */
export async function tabCreated({ openerTabId, url, pendingUrl }) {
  const menu = await menuBehind(openerTabId);
  const address = pendingUrl || url;
  // Where the browser lets us see the address, it is to be that paper's.
  if (!menu || (address && /^https?:/.test(address) && paperFromUrl(address) !== menu.paper)) return;
  const { paper, at } = menu;
  const { site } = (await openPages())[openerTabId ?? -1] ?? {};
  await take({ id: crypto.randomUUID(), kind: "open", paper, at: new Date(at).toISOString(), ...whereIn(menu) }, null, {
    site,
  });
}

/** @type {{timer?: ReturnType<typeof setTimeout>, at: number}} */
const soon = { at: Infinity };

/**
 * Send after a moment, so that what comes together goes together; should the worker die first, the alarm does it.
 * @param {Event} event
 */
export function sendSoon(event) {
  const at = Date.now() + (event.kind === "impression" ? 2_000 : 150);
  if (at >= soon.at && soon.at > Date.now()) return;
  clearTimeout(soon.timer);
  soon.at = at;
  soon.timer = setTimeout(() => flush().then(({ sent }) => afterSending(sent)), at - Date.now());
}

/** The first saves change what is recommended at once. @param {Event[]} sent */
async function afterSending(sent) {
  if (!sent.some(({ kind }) => kind === "save")) return;
  const { states } = await read("states");
  if (Object.values(states).filter(({ saved }) => saved).length <= PERSONAL_FROM) await rankOpenPages();
}

/** Ask anew for every page that is open, by its papers' ids: their texts are on the server since the page was told. */
export async function rankOpenPages() {
  const pages = Object.values(await openPages()).filter(({ papers }) => papers.length);
  for (const { page, papers } of new Map(pages.map((one) => [keyOf(one.page, one.papers), one])).values()) {
    try {
      await rank(
        page,
        papers.map((id) => ({ id })),
      );
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
    }
    await pushViews({ page });
  }
}

/** @param {{id: string, paper: string}} told @param {From} from */
async function eventUndo({ id, paper: told }, { tab }) {
  const paper = paperIn(told);
  if (!(await withdraw(String(id)))) await logOpposite(String(id));
  await pushViews({ except: tab });
  return { marks: await marks([paper]) };
}

/** Take back by a later word what may be on the server; once, however often it is asked. @param {string} id */
async function logOpposite(id) {
  const { queue, ledger } = await read("queue", "ledger");
  const events = [...ledger, ...queue].map(({ event }) => event);
  const at = events.findIndex((event) => event.id === id);
  const event = events[at];
  const kind = event && OPPOSITE[event.kind];
  if (!kind || events.slice(at + 1).some((one) => one.paper === event.paper && one.kind === kind)) return;
  await enqueue([{ ...event, id: crypto.randomUUID(), kind, at: new Date().toISOString() }]);
  sendSoon(event);
}

/**
 * An upvote is a save only where the paper is not saved already; taking it back takes back only that save.
 * @param {{upvoted: boolean, event: any, card?: any}} told
 * @param {From} from
 */
async function upvoteChanged(told, from) {
  const event = parseEvent({ ...told.event, kind: told.upvoted ? "save" : "unsave" });
  const { paper } = event;
  const { preferences, upvoteSaves } = await read("preferences", "upvoteSaves");
  const isSaved = (await marks([paper]))[paper]?.saved === true;
  const counts = told.upvoted ? !isSaved : isSaved && paper in upvoteSaves;
  if (counts && preferences.upvote_is_save) await take(event, parseCard(told.card), from, { byUpvote: true });
  return { marks: await marks([paper]) };
}

/** Without a paper: the menu is closed. @param {any} told @param {From} from */
async function linkContext(told, { tab }) {
  if (tab === undefined) return {};
  if (told.paper)
    await rememberMenu({ paper: paperIn(told.paper), page: pageIn(told.page), ...whereIn(told), tab, at: Date.now() });
  else await forgetMenu(tab);
  return {};
}

/** @param {any} told @param {From} from */
async function pageLeft(told, { tab }) {
  if (tab !== undefined) await rememberLeft(tab, told.paper ? paperIn(told.paper) : null);
  return {};
}

/** @param {{order?: "original" | "foryou", panel_collapsed?: boolean}} told */
async function settingsSet({ order, panel_collapsed }) {
  await change(["preferences"], (kept) => {
    if (order === "original" || order === "foryou") kept.preferences.order = order;
    if (typeof panel_collapsed === "boolean") kept.preferences.panel_collapsed = panel_collapsed;
  });
  return { settings: (await read("preferences")).preferences };
}

/** @param {any} told @param {From} from */
async function reportDrift({ page_kind, seen, expected, page: told }, { tab, url, site = "huggingface" }) {
  const page = pageIn(told ?? page_kind);
  await rememberDrift(url, true);
  if (tab !== undefined) await rememberPage(tab, { site, page_kind: "drift", page, papers: [] });
  const report = {
    kind: "drift",
    site,
    page_kind: page.split("/")[0],
    seen: Number(seen),
    expected: Number(expected),
    version: version(),
  };
  await ask("POST", "/v1/client-reports", report).catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });
  return { view: { ...(await viewOf(page, { site })), state: "drift" } };
}

/** What a page showed last time, without the network. @param {any} told @param {From} from */
async function pageView(told, { tab, url, site = "huggingface" }) {
  const page = pageIn(told.page);
  const known = tab === undefined ? undefined : (await openPages())[tab];
  const papers = known?.page === page ? known.papers : undefined;
  const view = unseen(await viewOf(page, { site, papers }));
  const isLeftAlone = (await hasDrifted(url)) && view.state !== "paused" && view.state !== "off";
  if (tab !== undefined) {
    // A page that loads while all is paused tells no cards, and is to hear when it goes on.
    if (!papers) await rememberPage(tab, { site, page_kind: page.split("/")[0], page, papers: [] });
    await drawTabIcon(tab, site);
  }
  return { view: isLeftAlone ? { ...view, state: "drift" } : view };
}

/** @type {Record<string, (told: any, from: From) => Promise<object>>} */
export const fromPage = {
  [FROM_PAGE.pageCards]: pageCards,
  [FROM_PAGE.pageRoom]: pageRoom,
  [FROM_PAGE.pageView]: pageView,
  [FROM_PAGE.eventLog]: eventLog,
  [FROM_PAGE.eventUndo]: eventUndo,
  [FROM_PAGE.upvoteChanged]: upvoteChanged,
  [FROM_PAGE.more]: async ({ page }, { tab }) => ({
    list: await more(keyOf(pageIn(page), (await openPages())[tab ?? -1]?.papers)),
  }),
  [FROM_PAGE.linkContext]: linkContext,
  [FROM_PAGE.pageLeft]: pageLeft,
  [FROM_PAGE.settingsSet]: settingsSet,
  [FROM_PAGE.reportDrift]: reportDrift,
  [FROM_PAGE.openOptions]: async () => {
    await browser().runtime.openOptionsPage();
    return {};
  },
};
