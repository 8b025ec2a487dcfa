/** What a listing's content script may ask. All it says comes from a page and is checked for its shape. */

import { browser } from "../browser.js";
import { FROM_PAGE } from "../messages.js";
import { paperFromUrl } from "../paper-id.js";
import { ServerError } from "../server-api.js";
import { change, read } from "../storage.js";
import { ask } from "./connection.js";
import { markStale, more, rank } from "./lists.js";
import { forgetMenu, isNewOpen, rememberMenu } from "./opens.js";
import { enqueue, flush, withdraw } from "./queue.js";
import { marksOf } from "./states.js";
import { openPages, pushViews, rememberPage, stateOf, viewOf } from "./view.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").PageCards} PageCards */

/** How long a page waits for the server before it shows what is known; the rest comes when it comes. */
const PATIENCE_MS = 2_500;
/** With this many saves the recommendations become the reader's own: from then on lists change with the next visit only. */
const PERSONAL_FROM = 3;
/** @type {Partial<Record<Event["kind"], Event["kind"]>>} */
const OPPOSITE = { save: "unsave", unsave: "save", hide: "unhide", unhide: "hide" };

/** @param {number} ms */
const after = (ms) => new Promise((settle) => setTimeout(settle, ms));

/** @param {string[]} papers */
async function marks(papers) {
  return marksOf(await read("states", "queue"), papers);
}

/** Send what waits and rank the page; a server that does not answer leaves the list of the last visit. @param {PageCards} told */
async function refresh({ page, cards }) {
  await flush();
  try {
    await rank(page, cards);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await markStale();
  }
}

/** @param {PageCards & {type: string}} told @param {number | undefined} tab */
async function pageCards(told, tab) {
  const papers = told.cards.map(({ id }) => id);
  if (tab !== undefined) await rememberPage(tab, { site: told.site, page_kind: told.page_kind, page: told.page, papers });
  await noticeUpvotes(told.cards);
  const kept = await read("serverUrl", "token", "preferences", "pauses", "connection");
  const state = stateOf(kept, told.site);
  if ((state === "ready" || state === "offline") && told.cards.length) {
    let late = false;
    const asked = refresh(told).then(() => (late ? pushViews(told.page) : undefined));
    await Promise.race([asked, after(PATIENCE_MS)]);
    late = true;
  }
  return { view: await viewOf(told.page, { site: told.site, papers }) };
}

/** Upvotes that the page itself shows: kept here, offered once for import. @param {Card[]} cards */
async function noticeUpvotes(cards) {
  const upvoted = cards.filter((card) => card.upvoted === true);
  if (!upvoted.length) return;
  await change(["upvotes"], (kept) => {
    if (!kept.upvotes.settled) for (const card of upvoted) kept.upvotes.papers[card.id] ??= { id: card.id, title: card.title };
  });
}

/** @param {Event} event @returns {Promise<boolean>} whether the reader wants such an event logged */
async function isWanted(event) {
  const kept = await read("serverUrl", "token", "preferences", "pauses", "connection");
  const state = stateOf(kept, event.surface === "demo" ? "demo" : undefined);
  // A page may tell of a click before it has heard that it is paused, or not paired yet.
  if (state === "paused" || state === "off" || (state === "unpaired" && !kept.token)) return false;
  const { capture } = kept.preferences;
  return capture === "auto" || (capture === "manual" && event.kind !== "open" && event.kind !== "impression");
}

/** @param {{event: Event, card?: Card, sender_url?: string}} told @param {number | undefined} tab */
async function eventLog({ event, card, sender_url }, tab) {
  const { paper } = event;
  if (event.kind === "open") await forgetMenu(tab);
  const arrival = sender_url !== undefined && paperFromUrl(sender_url) === paper;
  const wanted = (await isWanted(event)) && (event.kind !== "open" || (await isNewOpen(event, arrival)));
  if (!wanted) return { queued: false, marks: await marks([paper]) };
  const left = await enqueue([event], card ? [card] : []);
  if (event.kind === "hide" && card?.title) await nameHidden(paper, card.title);
  sendSoon(event);
  return { queued: !left, marks: await marks([paper]) };
}

/** @param {string} paper @param {string} title */
const nameHidden = (paper, title) =>
  change(["titles"], (kept) => {
    kept.titles[paper] = title;
    for (const old of Object.keys(kept.titles).slice(0, -500)) delete kept.titles[old];
  });

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

/** Send after a moment, so that what comes together goes together; should the worker die first, the alarm does it. @param {Event} event */
export function sendSoon(event) {
  clearTimeout(soon);
  const pressed = event.kind !== "impression";
  soon = setTimeout(() => flush().then(({ sent }) => afterSending(sent)), pressed ? 150 : 2_000);
}

/** The first saves change what is recommended at once. @param {Event[]} sent */
async function afterSending(sent) {
  if (!sent.some(({ kind }) => kind === "save")) return;
  const { states } = await read("states");
  if (Object.values(states).filter(({ saved }) => saved).length > PERSONAL_FROM) return;
  for (const [tab, { page }] of Object.entries(await openPages())) await askAgain(Number(tab), page);
}

/** Rank an open page anew, with the cards its own list names. @param {number} tab @param {string} page */
async function askAgain(tab, page) {
  const pages = await openPages();
  const cards = (pages[tab]?.papers ?? []).map((id) => ({ id }));
  if (!cards.length) return;
  try {
    await rank(page, cards);
    await pushViews(page);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

/** @param {{id: string, paper: string}} told */
async function eventUndo({ id, paper }) {
  const { queue, ledger } = await read("queue", "ledger");
  const event = [...queue, ...ledger].map((one) => one.event).find((one) => one.id === id);
  if (!(await withdraw(id)) && event) {
    const kind = OPPOSITE[event.kind];
    // The opposite is the later word, even where the clock was set back in between.
    const at = new Date(Math.max(Date.now(), Date.parse(event.at) + 1)).toISOString();
    if (kind) await enqueue([{ ...event, id: crypto.randomUUID(), kind, at }]);
    if (kind) sendSoon(event);
  }
  return { marks: await marks([paper]) };
}

/**
 * An upvote is a save only where the paper is not saved already; taking it back takes back only that save.
 * @param {{upvoted: boolean, event: Event, card?: Card}} told
 */
async function upvoteChanged({ upvoted, event, card }) {
  const { paper } = event;
  const now = (await marks([paper]))[paper];
  const counts = await change(["upvoteSaves"], (kept) => {
    const mine = paper in kept.upvoteSaves;
    if (upvoted && !now?.saved) kept.upvoteSaves[paper] = event.id;
    if (!upvoted) delete kept.upvoteSaves[paper];
    return upvoted ? !now?.saved : mine && now?.saved === true;
  });
  if (counts && (await isWanted(event))) {
    await enqueue([event], card ? [card] : []);
    sendSoon(event);
  }
  return { marks: await marks([paper]) };
}

/** @param {any} told @param {number | undefined} tab */
async function linkContext({ paper, page, surface, list_id, position }, tab) {
  if (tab !== undefined) await rememberMenu({ paper, page, surface, list_id, position, tab, at: Date.now() });
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

/** @param {any} told @param {number | undefined} tab */
async function reportDrift({ site, page_kind, seen, expected, page }, tab) {
  if (tab !== undefined) await rememberPage(tab, { site, page_kind: "drift", page: page ?? page_kind, papers: [] });
  const { version } = browser().runtime.getManifest();
  const report = { kind: "drift", site, page_kind, seen: Number(seen), expected: Number(expected), version };
  await ask("POST", "/v1/client-reports", report).catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });
  return { view: { ...(await viewOf(page ?? page_kind, { site })), state: "drift" } };
}

/** @type {Record<string, (told: any, tab: number | undefined) => Promise<object>>} */
export const fromPage = {
  [FROM_PAGE.pageCards]: pageCards,
  [FROM_PAGE.pageView]: async ({ page }, tab) => ({ view: await viewOf(page, await seen(tab)) }),
  [FROM_PAGE.eventLog]: eventLog,
  [FROM_PAGE.eventUndo]: eventUndo,
  [FROM_PAGE.upvoteChanged]: upvoteChanged,
  [FROM_PAGE.more]: async ({ page }) => ({ list: await more(page) }),
  [FROM_PAGE.linkContext]: linkContext,
  [FROM_PAGE.settingsSet]: settingsSet,
  [FROM_PAGE.reportDrift]: reportDrift,
  [FROM_PAGE.openOptions]: async () => {
    await browser().runtime.openOptionsPage();
    return {};
  },
};

/** @param {number | undefined} tab */
async function seen(tab) {
  return tab === undefined ? undefined : (await openPages())[tab];
}
