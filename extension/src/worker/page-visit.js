/** What a page is shown while it is visited: its last view at once, then its cards ranked by the server. */

import { ServerError } from "../server-api.js";
import { hasDrifted, rememberDrift } from "./drifted-addresses.js";
import { drawTabIcon } from "./icon.js";
import { pushViews, readOpenPages, rememberPage } from "./open-pages.js";
import { flush } from "./queue.js";
import { keyOf, fetchMore, rank } from "./ranked-lists.js";
import { readWithState, stateOf } from "./state.js";
import { rememberUpvotes } from "./upvotes.js";
import { buildView, forNewPage } from "./view.js";

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").Sender} Sender */

/** A page waits so long for its list; one that comes later is pushed to it. */
const PATIENCE_MS = 2_500;

/** @param {number} ms */
const delay = (ms) => new Promise((settle) => setTimeout(settle, ms));

/**
 * The last view of a page, without the network.
 * @param {string} page
 * @param {Sender} sender
 */
export async function showLastView(page, { tab, url, site = "huggingface" }) {
  const known = tab === undefined ? undefined : (await readOpenPages())[tab];
  const papers = known?.page === page ? known.papers : undefined;
  const view = forNewPage(await buildView(page, { site, papers }));
  const isDrift = (await hasDrifted(url)) && view.state !== "paused" && view.state !== "off";
  if (tab !== undefined) {
    // A page that loads while paused tells no cards, yet has to hear when the pause ends.
    if (!papers) await rememberPage(tab, { site, page_kind: page.split("/")[0], page, papers: [] });
    await drawTabIcon(tab, site);
  }
  return { view: isDrift ? { ...view, state: "drift" } : view };
}

/**
 * Rank the cards of a page and return its view.
 * @param {string} page
 * @param {Card[]} cards
 * @param {Sender} sender
 */
export async function showRankedCards(page, cards, { tab, url, site = "huggingface" }) {
  const papers = cards.map(({ id }) => id);
  if (tab !== undefined) await rememberPage(tab, { site, page_kind: page.split("/")[0], page, papers });
  await rememberUpvotes(cards);
  await rememberDrift(url, false);
  const state = stateOf(await readWithState(), site);
  if (state === "ready" || state === "offline") await rankPatiently(page, cards);
  return { view: forNewPage(await buildView(page, { site, papers })) };
}

/** @param {string} page @param {Card[]} cards */
async function rankPatiently(page, cards) {
  let isLate = false;
  const ranked = sendAndRank(page, cards).then(() => (isLate ? pushViews({ page }) : undefined));
  await Promise.race([ranked, delay(PATIENCE_MS)]);
  isLate = true;
}

/**
 * Send what waits and rank the page; if the server does not answer, the list of the last visit stays.
 * @param {string} page
 * @param {Card[]} cards
 */
async function sendAndRank(page, cards) {
  await flush();
  try {
    await rank(page, cards);
    // The server answered before its back-off was over: what waited for that goes now.
    await flush();
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
  }
}

/** More recommendations than the page's list holds so far. @param {string} page @param {Sender} sender */
export async function showMore(page, { tab }) {
  return { list: await fetchMore(keyOf(page, (await readOpenPages())[tab ?? -1]?.papers)) };
}
