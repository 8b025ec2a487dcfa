/** What the browser must allow before a site can be switched on. */

import { browser } from "../browser.js";

/**
 * What is asked for, by site.
 * @type {Record<string, chrome.permissions.Permissions>}
 */
const REQUESTED = {
  huggingface: { origins: ["https://huggingface.co/papers*"] },
  arxiv: { origins: ["https://arxiv.org/*", "https://www.arxiv.org/*"], permissions: ["scripting"] },
};
/**
 * What a site cannot work without.
 * @type {typeof REQUESTED}
 */
const REQUIRED = { ...REQUESTED, arxiv: { ...REQUESTED.arxiv, origins: ["https://arxiv.org/*"] } };

/** The sites that can be switched on and off. */
export const SITES = Object.keys(REQUESTED);

/**
 * Whether the browser lets us into a site. Firefox lets the reader decide about each, and change it later.
 * @param {string} site
 */
export const isSiteAllowed = (site) =>
  browser()
    .permissions.contains(REQUIRED[site])
    .catch(() => true);

/**
 * Let the browser ask the reader; only possible within a press of theirs.
 * @param {string} site
 */
export const requestSite = (site) =>
  browser()
    .permissions.request(REQUESTED[site])
    .catch(() => false);
