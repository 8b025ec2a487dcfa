/**
 * Each open counts once, whatever tells of it: the click on a link, the arrival on the paper's page behind it, a
 * context
 * menu whose link was opened in a new tab.
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
/** @typedef {import("../storage.js").Opened} Opened */
/** @typedef {import("../storage.js").Menu} Menu */

/** @param {number} at @param {number} span also right where the clock was set back in between */
const isWithin = (at, span) => Math.abs(Date.now() - at) < span;

/**
 * Note an open. Whoever writes the result must write the event in the same step, or a worker that dies in between loses
 * it.
 * @param {Opened[]} opened the opens of late
 * @param {Event} event
 * @param {boolean} isArrival told by the paper's own page, not by a press on a link to it
 * @param {boolean} [isScripted] a page of ours went there by itself, without a press of the reader's
 * @returns {{isNew: boolean, opened: Opened[]}} whether this open was not told of before, and the opens to keep
 */
export function recordOpen(opened, event, isArrival, isScripted = false) {
  const late = opened.filter(({ at }) => isWithin(at, ARRIVAL_MS));
  const before = late.findLast(({ paper }) => paper === event.paper);
  if (isArrival && before && !before.arrived) {
    return { isNew: false, opened: late.map((one) => (one === before ? { ...one, arrived: true } : one)) };
  }
  if (isScripted || (before && isWithin(before.at, DOUBLE_MS))) return { isNew: false, opened: late };
  return {
    isNew: true,
    opened: [...late, { id: event.id, paper: event.paper, at: Date.now(), arrived: isArrival }].slice(-200),
  };
}

/** So long a page may take to come. */
const LOADING_MS = 60_000;

/** @param {number} tab @param {string | null} paper */
export const rememberDeparture = (tab, paper) =>
  session.change("left", ({ [tab]: _, ...others }) => ({
    ...others,
    [tab]: { paper, at: Date.now() },
  }));

/**
 * Whether a page of ours brought the reader to this paper by itself.
 * @param {number | undefined} tab
 * @param {string} paper
 * @param {boolean} isReferred the browser says that they came from a page of ours
 */
export async function isScriptNavigation(tab, paper, isReferred) {
  const left = (await session.get("left"))[tab ?? -1];
  return (
    left !== undefined && isWithin(left.at, LOADING_MS) && (left.paper === paper || (left.paper === null && isReferred))
  );
}

/** A context menu was opened on a paper's link. @param {Omit<Menu, "at">} menu */
export const rememberMenu = (menu) => session.set("menu", { ...menu, at: Date.now() });

/** A press that opened something, or another page: whatever menu was open is closed. @param {number | undefined} tab */
export async function forgetMenu(tab) {
  const menu = await session.get("menu");
  if (menu && menu.tab === tab) await session.set("menu", null);
}

/**
 * The context menu whose link a new tab may show: not if a click in that tab tells of itself meanwhile.
 * @param {number | undefined} opener the tab that the new one came from
 * @returns {Promise<Menu | null>}
 */
export async function takeMenu(opener) {
  if (opener === undefined) return null;
  await new Promise((settle) => setTimeout(settle, CLICK_LAG_MS));
  const menu = await session.get("menu");
  if (!menu || menu.tab !== opener || !isWithin(menu.at, MENU_MS)) return null;
  await session.set("menu", null);
  return menu;
}
