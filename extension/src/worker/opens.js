/**
 * Each open counts once, whatever tells of it: the click on a link, the arrival on the paper's page behind it, a context
 * menu whose link was opened in a new tab. Kept for the session only.
 */

import { session } from "../storage.js";

/** An arrival this soon after a click on the same paper is that click's. */
const ARRIVAL_MS = 120_000;
/** A second press this soon is a double click. */
const DOUBLE_MS = 1_500;
/** A tab that appears this soon after a context menu may be of its link. */
const MENU_MS = 30_000;
/** How long after a new tab a click that made it may still tell of itself. */
export const CLICK_LAG_MS = 600;

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {{paper: string, at: number, arrived: boolean}} Opened */
/** @typedef {{paper: string, page: string, surface?: string, list_id?: string, position?: number, tab: number, at: number}} Menu */

let last = Promise.resolve();

/** @template T @param {(opened: Opened[]) => T} edit @returns {Promise<T>} */
function withOpened(edit) {
  const mine = last.then(async () => {
    const opened = (await session.get("opened", /** @type {Opened[]} */ ([]))).filter(({ at }) => Date.now() - at < ARRIVAL_MS);
    const result = edit(opened);
    await session.set("opened", opened.slice(-200));
    return result;
  });
  last = mine.then(() => undefined, () => undefined);
  return mine;
}

/**
 * Is this open one that was not told of before?
 * @param {Event} event
 * @param {boolean} arrival on the paper's own page, not by a press we saw there
 * @returns {Promise<boolean>}
 */
export function isNewOpen(event, arrival) {
  const now = Date.now();
  return withOpened((opened) => {
    const before = opened.findLast(({ paper }) => paper === event.paper);
    if (arrival && before && !before.arrived) {
      before.arrived = true;
      return false;
    }
    if (before && now - before.at < DOUBLE_MS) return false;
    opened.push({ paper: event.paper, at: now, arrived: arrival });
    return true;
  });
}

/** @param {Menu} menu a context menu was opened on a paper's link */
export const rememberMenu = (menu) => session.set("menu", menu);

/** A press that opened something, or another page: whatever menu was open is closed. @param {number | undefined} tab */
export async function forgetMenu(tab) {
  const menu = await session.get("menu", /** @type {Menu | null} */ (null));
  if (menu && menu.tab === tab) await session.set("menu", null);
}

/**
 * The context menu whose link a new tab may show: not if a click in that tab tells of itself meanwhile.
 * @param {number | undefined} opener the tab that the new one came from
 * @returns {Promise<Menu | null>}
 */
export async function menuBehind(opener) {
  if (opener === undefined) return null;
  await new Promise((settle) => setTimeout(settle, CLICK_LAG_MS));
  const menu = await session.get("menu", /** @type {Menu | null} */ (null));
  if (!menu || menu.tab !== opener || Date.now() - menu.at > MENU_MS) return null;
  await session.set("menu", null);
  return menu;
}
