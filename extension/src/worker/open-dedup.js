/**
 * Each open counts once, whatever reports it: the click on a link, the arrival on the paper's page behind it, a context
 * menu whose link was opened in a new tab.
 */

import { session } from "../storage.js";

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../storage.js").Menu} Menu */
/** @typedef {import("../storage.js").Opened} Opened */

/** An arrival this soon after a click on the same paper belongs to that click. */
const ARRIVAL_MS = 120_000;
/** A second press this soon is a double click. */
const DOUBLE_MS = 1_500;
/** A tab that appears this soon after a context menu may show its link. */
const MENU_MS = 30_000;
/** How long after a new tab the click that made it may still be reported. */
export const CLICK_LAG_MS = 600;
/** A page may take so long to load. */
const LOADING_MS = 60_000;
const MAX_OPENED = 200;

/** Whether a time is near, even if the clock was set back since. @param {number} at @param {number} span in ms */
const isWithin = (at, span) => Math.abs(Date.now() - at) < span;

/**
 * Record an open. Whoever stores the result must store the event in the same step, or a worker that dies in between
 * loses it.
 * @param {Opened[]} opened the recent opens
 * @param {Event} event
 * @param {boolean} isArrival reported by the paper's own page, not by a press on a link to it
 * @param {boolean} [isScripted] a page of ours went there by itself, without a press of the reader's
 * @returns {{isNew: boolean, opened: Opened[]}} whether this open was not reported before, and the opens to store
 */
export function recordOpen(opened, event, isArrival, isScripted = false) {
  const recent = opened.filter(({ at }) => isWithin(at, ARRIVAL_MS));
  const before = recent.findLast(({ paper }) => paper === event.paper);
  if (isArrival && before && !before.arrived) {
    return { isNew: false, opened: recent.map((one) => (one === before ? { ...one, arrived: true } : one)) };
  }
  if (isScripted || (before && isWithin(before.at, DOUBLE_MS))) return { isNew: false, opened: recent };
  const open = { id: event.id, paper: event.paper, at: Date.now(), arrived: isArrival };
  return { isNew: true, opened: [...recent, open].slice(-MAX_OPENED) };
}

/**
 * A page goes elsewhere by itself.
 * @param {number} tab
 * @param {string | null} paper that it goes to, as far as it is known
 */
export const rememberDeparture = (tab, paper) =>
  session.change("left", ({ [tab]: _, ...others }) => ({ ...others, [tab]: { paper, at: Date.now() } }));

/**
 * Whether a page of ours brought the reader to this paper by itself.
 * @param {number | undefined} tab
 * @param {string} paper
 * @param {boolean} isReferred the browser says that they came from a page of ours
 */
export async function isScriptNavigation(tab, paper, isReferred) {
  const departure = (await session.get("left"))[tab ?? -1];
  if (departure === undefined || !isWithin(departure.at, LOADING_MS)) return false;
  return departure.paper === paper || (departure.paper === null && isReferred);
}

/** A context menu was opened on a paper's link. @param {Omit<Menu, "at">} menu */
export const rememberMenu = (menu) => session.set("menu", { ...menu, at: Date.now() });

/** A press that opened something, or another page, has closed the menu. @param {number | undefined} tab */
export async function forgetMenu(tab) {
  const menu = await session.get("menu");
  if (menu && menu.tab === tab) await session.set("menu", null);
}

/**
 * Take the context menu whose link a new tab may show; none if a click in the opener is reported meanwhile.
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
