/** What a listing's content script may ask. Pages are untrusted: each message is checked, then goes to one use case. */

import { browser } from "../../browser.js";
import { FROM_PAGE } from "../../messages.js";
import { acceptPageEvent } from "../accept-event.js";
import { forgetMenu, rememberDeparture, rememberMenu } from "../open-dedup.js";
import { showLastView, showMore, showRankedCards } from "../page-visit.js";
import { setPageSettings } from "../preferences.js";
import { findSimilar } from "../recommendations.js";
import { reportDrift } from "../report-drift.js";
import { reservePageRoom } from "../reserved-space.js";
import { undoEvent } from "../undo.js";
import { applyUpvote } from "../upvotes.js";
import { parseCard, parseCards, parseContext, parseEvent, parsePage, parsePaper, siteOf } from "../validate.js";

/** @typedef {import("../../messages.js").Sender} Sender */

/** @param {any} message @param {Sender} sender */
async function logEvent({ event, card, referrer }, sender) {
  const isReferred = siteOf(referrer) !== null;
  return acceptPageEvent({ event: parseEvent(event), card: parseCard(card), isReferred }, sender);
}

/** @param {any} message @param {Sender} sender */
async function changeUpvote({ upvoted, event, card }, sender) {
  const kind = upvoted ? "save" : "unsave";
  return applyUpvote({ upvoted, event: parseEvent({ ...event, kind }), card: parseCard(card) }, sender);
}

/** Without a paper, the menu was closed. @param {any} message @param {Sender} sender */
async function followMenu(message, { tab }) {
  if (tab === undefined) return {};
  const { paper, page } = message;
  if (!paper) await forgetMenu(tab);
  else await rememberMenu({ paper: parsePaper(paper), page: parsePage(page), ...parseContext(message), tab });
  return {};
}

/** @param {any} message @param {Sender} sender */
async function leavePage({ paper }, { tab }) {
  if (tab !== undefined) await rememberDeparture(tab, paper ? parsePaper(paper) : null);
  return {};
}

/** @param {any} message @param {Sender} sender */
async function drift({ page_kind, page, seen, expected }, sender) {
  return reportDrift({ page: parsePage(page ?? page_kind), seen: Number(seen), expected: Number(expected) }, sender);
}

async function openOptions() {
  await browser().runtime.openOptionsPage();
  return {};
}

/** @type {Record<string, (message: any, sender: Sender) => Promise<object>>} */
export const pageHandlers = {
  [FROM_PAGE.pageCards]: async ({ page, cards }, sender) => showRankedCards(parsePage(page), parseCards(cards), sender),
  [FROM_PAGE.pageRoom]: (_, sender) => reservePageRoom(sender),
  [FROM_PAGE.pageView]: async ({ page }, sender) => showLastView(parsePage(page), sender),
  [FROM_PAGE.eventLog]: logEvent,
  [FROM_PAGE.eventUndo]: async ({ id, paper }, { tab }) => undoEvent(String(id), parsePaper(paper), tab),
  [FROM_PAGE.upvoteChanged]: changeUpvote,
  [FROM_PAGE.more]: async ({ page }, sender) => showMore(parsePage(page), sender),
  [FROM_PAGE.similar]: async ({ paper }) => findSimilar(parsePaper(paper)),
  [FROM_PAGE.linkContext]: followMenu,
  [FROM_PAGE.pageLeft]: leavePage,
  [FROM_PAGE.settingsSet]: async (message) => ({ settings: await setPageSettings(message) }),
  [FROM_PAGE.reportDrift]: drift,
  [FROM_PAGE.openOptions]: openOptions,
};
