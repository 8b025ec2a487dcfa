/** The pages that are open now, by tab, and how they hear that what they show has changed. */

import { browser } from "../browser.js";
import { TO_PAGE } from "../messages.js";
import { session } from "../storage.js";
import { siteOf } from "./validate.js";
import { buildView } from "./view.js";

/** @typedef {import("../storage.js").OpenPage} OpenPage */

/** @returns {Promise<Record<string, OpenPage>>} by tab */
export const readOpenPages = () => session.get("pages");

/** @param {number} tab @param {OpenPage} page */
export const rememberPage = (tab, page) => session.change("pages", (pages) => ({ ...pages, [tab]: page }));

/** @param {number} tab that was closed, or shows another page */
export async function forgetPage(tab) {
  if (tab in (await readOpenPages())) await session.change("pages", ({ [tab]: _, ...others }) => others);
}

/**
 * Push their views to open pages: to all, to those of one page, or to all but one tab.
 * @param {{page?: string, except?: number}} [which]
 * @param {Record<string, OpenPage>} [pages] by tab
 */
export async function pushViews({ page: only, except } = {}, pages) {
  for (const [tab, { page, site, papers }] of Object.entries(pages ?? (await readOpenPages()))) {
    if ((only !== undefined && page !== only) || Number(tab) === except) continue;
    await pushView(Number(tab), await buildView(page, { site, papers }));
  }
}

/** @param {number} tab @param {import("../messages.js").View} view */
const pushView = (tab, view) => sendToTab(tab, { type: TO_PAGE.viewChanged, view });

/** Send to a tab; one that no longer listens has gone to another page. @param {number} tab @param {object} message */
export async function sendToTab(tab, message) {
  try {
    await browser().tabs.sendMessage(tab, message);
  } catch {
    await forgetPage(tab);
  }
}

/** Tell all open pages a sentence that must not be missed. @param {string} sentence */
export async function warnPages(sentence) {
  for (const tab of Object.keys(await readOpenPages()))
    await sendToTab(Number(tab), { type: TO_PAGE.warning, sentence });
}

/**
 * Push a tab its view and see whether it still shows a page of ours.
 * @param {number | undefined} tab
 * @returns {Promise<OpenPage | null>}
 */
export async function refreshPage(tab) {
  const page = tab === undefined ? undefined : (await readOpenPages())[tab];
  if (tab === undefined || !page) return null;
  await pushView(tab, await buildView(page.page, page));
  return (await readOpenPages())[tab] ?? null;
}

/** Push a first view to listings that are open but not known, as after leaving; they answer by telling their cards. */
export async function findOpenPages() {
  const known = await readOpenPages();
  for (const { id, url } of (await browser().tabs.query?.({})) ?? []) {
    const site = siteOf(url);
    if (id !== undefined && site && !(id in known)) await pushView(id, await buildView("", { site, papers: [] }));
  }
}
