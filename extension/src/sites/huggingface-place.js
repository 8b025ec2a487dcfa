/** Which page of Hugging Face this is: a period, trending, search, one paper, `/demo` or "Try it here". */

import { paperFromUrl } from "../paper-ids.js";
import { propsOf } from "./huggingface-props.js";

/** @typedef {import("./site.js").Place} Place */

/** The island that holds the listing. */
export const LIST = '[data-target="DailyPapers"]';
const PAPER_HOSTS =
  /^(?:(?:www\.)?huggingface\.co|(?:www|export|browse)\.arxiv\.org|arxiv\.org|127\.0\.0\.1|localhost|\[::1\])$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Our own page with sample cards (welcome/try.html). */
const TRY_PAGE = /^(?:chrome|moz)-extension:\/src\/welcome\/try\.html$/;

const DATED = /^\/papers\/(date|week|month)\/(\d{4}-(?:\d{2}-\d{2}|\d{2}|W\d{2}))\/?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const PERIODS = /** @type {const} */ ({ date: "daily", week: "weekly", month: "monthly", day: "daily" });

/**
 * The paper a link leads to.
 * @param {string} href
 */
export const paperOf = (href) => paperFromUrl(href, location.href, PAPER_HOSTS);

/**
 * @param {Location} location
 * @param {Document} document
 * @returns {Place | null}
 */
export function placeOf({ protocol, hostname, pathname, search }, document) {
  if (TRY_PAGE.test(protocol + pathname)) return place("demo", "daily", "daily");
  if (pathname === "/demo") return LOOPBACK.test(hostname) ? place("demo", "daily", "daily") : null;
  if (!/^\/papers(?:\/|$)/.test(pathname)) return null;
  const query = new URLSearchParams(search);
  if (query.get("q")) return place("huggingface", "search", "search");
  if (/^\/papers\/trending\/?$/.test(pathname)) return place("huggingface", "trending", "trending");
  // The paper as plain text, for machines.
  if (pathname.endsWith(".md")) return null;
  const paper = paperOf(`https://huggingface.co${pathname}`);
  if (paper) return place("huggingface", "paper", "paper", paper);
  const dated = DATED.exec(pathname);
  if (dated) return period(PERIODS[/** @type {"date"} */ (dated[1])], dated[2]);
  return /^\/papers\/?$/.test(pathname) ? undated(query.get("date"), document) : null;
}

/**
 * `/papers` itself: an old address has the date in its query, else the page's props tell the period.
 * @param {string | null} date
 * @param {Document} document
 */
function undated(date, document) {
  if (date && DATE.test(date)) return period("daily", date);
  const { periodType, dateString } = propsOf(document.querySelector(LIST));
  const kind = PERIODS[/** @type {"day"} */ (periodType)] ?? "daily";
  return period(kind, typeof dateString === "string" && /^[\dW-]{7,10}$/.test(dateString) ? dateString : "");
}

/**
 * @param {"daily" | "weekly" | "monthly"} kind
 * @param {string} date
 */
const period = (kind, date) => place("huggingface", kind, date ? `${kind}/${date}` : kind);

/**
 * @param {import("../messages.js").Site} site
 * @param {import("../messages.js").PageKind} kind
 * @param {string} page
 * @param {string | null} [paper]
 * @returns {Place}
 */
const place = (site, kind, page, paper = null) => ({ site, kind, page, paper });
