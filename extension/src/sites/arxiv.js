/**
 * arXiv: `/list/*` (new, recent, pastweek), `/catchup/*`, `/search/` and `/abs/`. These are static pages without a
 * framework, so nothing waits for hydration. MathJax redraws formulas after load; we read their source back.
 *
 * `/new` and `/catchup` have a `dl#articles` for each section (the id is repeated); `/recent`, without abstracts, has
 * one with a heading for each day. Cards are sorted within their own section or day.
 *
 * Tested on the stand-in pages (`tests/pages/arxiv.mjs`): `/new` 20 papers in three sections, `/recent` 25 under two
 * days, `/search/` 25, `/abs/` 1.
 */

import { addressOf, paperFromUrl } from "../paper-ids.js";
import { clean } from "./site.js";

/** @typedef {import("./site.js").PageCard} PageCard */
/** @typedef {import("./site.js").Place} Place */
/** @typedef {import("../messages.js").Card} Card */

const LIST = "dl#articles";
const LIST_LINK = 'a[title="Abstract"], a[href*="/abs/"]';
const RESULT = "li.arxiv-result";
const RESULT_LINK = ".list-title a[href], a[href*='/abs/']";
const FIRST_TITLE = `${LIST} > dd .list-title, ${RESULT} p.title`;
/** Elements that hold a listing, innermost first (ui/reserve.css reserves room at the end of the same). */
const COLUMNS = ["#dlpage", "main > .content", "#content-inner", "#content", "main"];
const CATEGORY = /\(([a-z-]+(?:\.[A-Za-z-]+)?)\)/g;
const HOSTS = /^(?:www\.|export\.|browse\.)?arxiv\.org$/;
const LISTED = /^\/(?:list\/[\w.-]+\/\w|catchup\/[\w.-]+\/\d{4}-\d{2}-\d{2})/;
/** An abstract page has some of these; an error page has none. */
const ABSTRACT =
  '#abs, #abs-outer, h1.title, blockquote.abstract, meta[name="citation_title"], meta[name="citation_arxiv_id"]';
/** The end of a long row of authors. */
const OTHERS = /^et al\b|additional authors/i;

/** @param {string} href */
const paperOf = (href) => paperFromUrl(href, location.href, HOSTS);

/**
 * @param {Location} location
 * @returns {Place | null}
 */
function placeOf({ hostname, pathname, href }) {
  if (!HOSTS.test(hostname)) return null;
  /**
   * @param {import("../messages.js").PageKind} kind
   * @param {string | null} [paper]
   * @returns {Place}
   */
  const place = (kind, paper = null) => ({ site: "arxiv", kind, page: kind, paper });
  if (LISTED.test(pathname)) return place("list");
  if (/^\/search(?:\/|$)/.test(pathname)) return place("search");
  return pathname.startsWith("/abs/") && paperOf(href) ? place("abs", paperOf(href)) : null;
}

/**
 * The text of an element without the parts that match `without`, drawn formulas turned back into their source.
 * @param {Element | null} element
 * @param {string} [without]
 */
function textOf(element, without) {
  if (!element) return "";
  const copy = /** @type {Element} */ (element.cloneNode(true));
  if (without) for (const part of copy.querySelectorAll(without)) part.remove();
  for (const source of copy.querySelectorAll('script[type^="math/tex"]')) {
    (source.closest("mjx-container, .MathJax") ?? source).replaceWith(`$${source.textContent}$`);
  }
  for (const drawn of copy.querySelectorAll("mjx-container, .MathJax, .MathJax_Preview, script")) drawn.remove();
  return clean(copy.textContent);
}

/**
 * @param {Element} parent
 * @param {string} selector
 */
const namesIn = (parent, selector) =>
  [...parent.querySelectorAll(selector)].map((one) => textOf(one)).filter((name) => name && !OTHERS.test(name));

/** @param {Element | null} subjects */
const categoriesOf = (subjects) => [...textOf(subjects).matchAll(CATEGORY)].map(([, category]) => category);

/** A page lists up to 2,000 papers, of which the server ranks 250: of the others we take the title only. */
const MAX_WHOLE = 250;

/**
 * Cards by entry. Entries do not change, and MathJax only makes them harder to parse.
 * @type {WeakMap<HTMLElement, Card>}
 */
const cardCache = new WeakMap();

/**
 * @param {string} id
 * @param {string} title
 * @param {Element} dd
 * @param {boolean} isWhole
 * @returns {Card}
 */
function factsOf(id, title, dd, isWhole) {
  if (!isWhole) return { id, title };
  return {
    id,
    title,
    abstract: textOf(dd.querySelector(".meta > p.mathjax, p.mathjax")),
    authors: namesIn(dd, ".list-authors a"),
    categories: categoriesOf(dd.querySelector(".list-subjects")),
  };
}

/**
 * One entry of a `dl`; null if it is none.
 * @param {HTMLElement} dt
 * @param {number} group
 * @param {boolean} isWhole
 * @returns {PageCard | null}
 */
function parseEntry(dt, group, isWhole) {
  const dd = dt.nextElementSibling;
  const link = /** @type {HTMLAnchorElement | null} */ (dt.querySelector(LIST_LINK));
  const id = link && paperOf(link.href);
  if (!id || !(dd instanceof HTMLElement) || dd.tagName !== "DD") return null;
  const known = cardCache.get(dt);
  const cached = known?.id === id ? known : undefined;
  const title = cached?.title ?? textOf(dd.querySelector(".list-title"), ".descriptor");
  if (!title) return null;
  const card = cached ?? factsOf(id, title, dd, isWhole);
  cardCache.set(dt, card);
  return { card, element: dd, item: dt, items: [dt, dd], picture: false, seat: dt, group };
}

/**
 * @param {Document} document
 * @param {Place} place
 */
const unread = (document, { kind }) =>
  (kind === "list" ? /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`${LIST} > dt`)]) : [])
    .map((dt, at) => /** @type {const} */ ([dt, at]))
    .filter(([dt]) => !cardCache.has(dt))
    .map(
      ([dt, at]) =>
        () =>
          void parseEntry(dt, 0, at < MAX_WHOLE),
    );

/**
 * The cards of all sections; each heading starts a group.
 * @param {Document} document
 */
function parseSections(document) {
  /** @type {PageCard[]} */
  const cards = [];
  let group = 0;
  for (const list of document.querySelectorAll(LIST)) {
    group += 1;
    for (const child of /** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)) {
      if (child.tagName === "DT")
        cards.push(...[parseEntry(child, group, cards.length < MAX_WHOLE)].filter((one) => one !== null));
      else if (child.tagName !== "DD") group += 1;
    }
  }
  return cards;
}

/**
 * One search result; null if it is none.
 * @param {HTMLElement} element
 * @returns {PageCard | null}
 */
function parseResult(element) {
  const link = /** @type {HTMLAnchorElement | null} */ (element.querySelector(RESULT_LINK));
  const id = link && paperOf(link.href);
  const title = textOf(element.querySelector("p.title"));
  if (!id || !title) return null;
  const whole =
    element.querySelector(".abstract-full") ?? element.querySelector("p.abstract:not(:has(.abstract-short))");
  const card = {
    id,
    title,
    abstract: textOf(whole, "a.is-size-7, .has-text-weight-semibold"),
    authors: namesIn(element, ".authors a"),
    categories: namesIn(element, ".tags .tag[data-tooltip]"),
  };
  const seat = /** @type {HTMLElement} */ (element.firstElementChild ?? element);
  return { card, element, item: element, items: [element], picture: false, seat };
}

/**
 * The paper of an `/abs/` page, from its citation tags.
 * @param {Document} document
 * @param {string} id
 * @returns {Card}
 */
function parseAbstractPage(document, id) {
  const meta = (/** @type {string} */ name) =>
    /** @type {HTMLMetaElement[]} */ ([...document.querySelectorAll(`meta[name="${name}"]`)]).map(({ content }) =>
      clean(content),
    );
  const date = meta("citation_date")[0]?.replaceAll("/", "-");
  const abstract = meta("citation_abstract")[0] || textOf(document.querySelector("blockquote.abstract"), ".descriptor");
  return {
    id,
    title: meta("citation_title")[0] || textOf(document.querySelector("h1.title"), ".descriptor"),
    abstract,
    authors: meta("citation_author").map((name) => name.split(", ").reverse().join(" ")),
    published_at: date && !Number.isNaN(Date.parse(date)) ? new Date(date).toISOString() : null,
    categories: categoriesOf(document.querySelector("td.subjects")),
  };
}

/**
 * Whether a link is the head of an entry: nothing but a number comes before it. Links in comments and abstracts stand
 * below the head, or among words.
 * @param {HTMLAnchorElement} link
 */
function isHead(link) {
  const head = link.parentElement;
  if (!head || link.closest("dd, [data-inkling]") || !/^arXiv:/i.test(clean(link.textContent))) return false;
  return /^(?:\[?\d*\]?\s*)arXiv:/i.test(clean(head.textContent));
}

/**
 * How many papers the page lists, counted by the head links: one for each entry.
 * @param {Document} document
 */
function countEntries(document) {
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll('a[href*="/abs/"]')]);
  /** @type {Map<Element | null, string | null>} */
  const entries = new Map();
  for (const link of links.filter(isHead)) {
    const entry = link.closest("dt, li") ?? link.parentElement;
    if (!entries.has(entry)) entries.set(entry, paperOf(link.href));
  }
  return new Set(entries.values()).size;
}

/**
 * Where the listing would be on a page without one: a day without papers, a search that found nothing.
 * @param {Document} document
 */
const columnOf = (document) => COLUMNS.map((one) => document.querySelector(one)).find((one) => one !== null);

/**
 * @param {Document} document
 * @param {Place} place
 * @returns {import("./site.js").Snapshot | null}
 */
function parse(document, place) {
  if (place.kind === "abs" && place.paper) {
    if (!document.querySelector(ABSTRACT)) return null;
    const card = parseAbstractPage(document, place.paper);
    const element = /** @type {HTMLElement | null} */ (
      document.querySelector("h1.title") ?? document.querySelector("h1")
    );
    const before = document.querySelector("#abs-outer, #abs") ?? element;
    const cards = element && card.title ? [{ card, element, item: element, items: [], picture: false }] : [];
    return { cards, expected: 1, island: null, before, column: element, outside: true };
  }
  const results = () =>
    /** @type {HTMLElement[]} */ ([...document.querySelectorAll(RESULT)])
      .map(parseResult)
      .filter((one) => one !== null);
  const cards = place.kind === "list" ? parseSections(document) : results();
  const list = cards[0]?.item.parentElement ?? document.querySelector(LIST);
  const end = list ? undefined : columnOf(document);
  if (!list && !end) return null;
  return {
    cards,
    expected: countEntries(document),
    island: null,
    before: list,
    end,
    column: list ?? end ?? null,
    outside: true,
  };
}

/**
 * @param {Document} document
 * @param {Place} place
 * @returns {import("./site.js").Anchor | null}
 */
function findAnchor(document, place) {
  const isAbs = place.kind === "abs";
  const before = document.querySelector(isAbs ? "#abs-outer, #abs" : `${LIST}, ol:has(> ${RESULT})`);
  // If we do not recognise the first title, the page may have changed: then nothing is put there before the scan.
  return (
    before && (isAbs || document.querySelector(FIRST_TITLE)) && { island: null, before, column: before, outside: true }
  );
}

/** @param {{id: string}} paper */
const addressIn = ({ id }) => addressOf({ id, url: `https://arxiv.org/abs/${id}` });

/** @type {import("./site.js").SiteModule} */
export const arxiv = { placeOf, findAnchor, unread, parse, paperOf, addressOf: addressIn, upvoteOf: () => null };
