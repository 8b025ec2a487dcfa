/** Preferences: what a page may set, and what our own pages may. */

import { change } from "../storage.js";

/** @typedef {import("../storage.js").Preferences} Preferences */

/** @param {any} order @returns {order is Preferences["order"]} */
const isOrder = (order) => order === "original" || order === "foryou";

/**
 * @param {{order?: unknown, panel_collapsed?: unknown}} wanted from a page, so unchecked
 * @returns {Promise<Preferences>}
 */
export const setPageSettings = ({ order, panel_collapsed }) =>
  change(["preferences"], ({ preferences }) => {
    if (isOrder(order)) preferences.order = order;
    if (typeof panel_collapsed === "boolean") preferences.panel_collapsed = panel_collapsed;
    return preferences;
  });

/**
 * @param {any} wanted
 * @returns {Promise<Preferences>}
 */
export const setPreferences = ({ capture, upvote_is_save, shortcuts, sites, order }) =>
  change(["preferences"], ({ preferences }) => {
    if (["auto", "manual", "off"].includes(capture)) preferences.capture = capture;
    if (typeof upvote_is_save === "boolean") preferences.upvote_is_save = upvote_is_save;
    if (shortcuts) preferences.shortcuts = { ...preferences.shortcuts, ...shortcuts };
    if (sites) preferences.sites = { ...preferences.sites, ...sites };
    if (isOrder(order)) preferences.order = order;
    return preferences;
  });
