/**
 * Hugging Face papers: daily, weekly, monthly, trending, search and the paper page; and `/demo`, which has their
 * skeleton.
 *
 * The page's elements say which cards are shown; the list island's JSON props say what they hold (trending cards show a
 * machine's summary, period cards no abstract at all). After a period tab the props may be those of the page before,
 * so they are looked up by id and never counted on. No class name is used: those of 2024 are gone in 2026.
 *
 * Proved by the stand-in pages of both generations (`tests/pages`): daily 45 cards, weekly and monthly 105, trending 50
 * in
 * 100 layouts, search all that match, the paper page 1; and the same with props missing, invalid or renamed.
 */

import { addressOf, paperFromUrl } from "../paper-id.js";
import { cardOf, factsOf, propsOf, toldIn } from "./huggingface-props.js";
import { childOf, clean, commonParent, mergeFacts, textOf } from "./site.js";

/** @typedef {import("./site.js").PageCard} PageCard */
/** @typedef {import("./site.js").Place} Place */
/** @typedef {import("../messages.js").Card} Card */

// Islands and what they were given: both generations of the page have them (five islands on a listing).
const ISLAND = "[data-target][data-props]";
const LIST = '[data-target="DailyPapers"]';
const PAPER = '[data-target="PaperContent"]';
// One a card, two on trending (a layout each): what makes a card a card.
const TITLE_LINK = "h3 a[href]";
const CARD = "article";
// Logged out a link to the login page, logged in a label, each round a box: one or two a card; `-` for none.
const SCORE = 'a[href^="/login?next="]:has(input[type="checkbox"]), label:has(input[type="checkbox"])';
const NUMBER = /(?:^|[^\d.,])(\d+|\d{1,3}(?:,\d{3})+)$/;
// What is shorter is a count of authors or of comments.
const WORDS_OF_ABSTRACT = 12;
const OURS = "[data-inkling]";
const PAPER_HOSTS =
  /^(?:(?:www\.)?huggingface\.co|(?:www|export|browse)\.arxiv\.org|arxiv\.org|127\.0\.0\.1|localhost|\[::1\])$/;
const LISTED_HOSTS = /^(?:(?:www\.)?huggingface\.co|127\.0\.0\.1|localhost|\[::1\])$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Our own page with sample cards. */
const TRY = /^(?:chrome|moz)-extension:\/src\/welcome\/try\.html$/;

const DATED = /^\/papers\/(date|week|month)\/(\d{4}-(?:\d{2}-\d{2}|\d{2}|W\d{2}))\/?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const PERIODS = /** @type {const} */ ({ date: "daily", week: "weekly", month: "monthly", day: "daily" });

/** @param {string} href @param {{site: string}} [_place] */
const paperOf = (href, _place) => paperFromUrl(href, location.href, PAPER_HOSTS);

/**
 * @param {Location} location
 * @param {Document} document
 * @returns {Place | null}
 */
function placeOf({ protocol, hostname, pathname, search }, document) {
  if (TRY.test(protocol + pathname)) return place("demo", "daily", "daily");
  if (pathname === "/demo") return LOOPBACK.test(hostname) ? place("demo", "daily", "daily") : null;
  if (!/^\/papers(?:\/|$)/.test(pathname)) return null;
  const query = new URLSearchParams(search);
  if (query.get("q")) return place("huggingface", "search", "search");
  if (/^\/papers\/trending\/?$/.test(pathname)) return place("huggingface", "trending", "trending");
  // The same paper as a plain text, for machines.
  if (pathname.endsWith(".md")) return null;
  const paper = paperOf(`https://huggingface.co${pathname}`);
  if (paper) return place("huggingface", "paper", "paper", paper);
  const dated = DATED.exec(pathname);
  if (dated) return period(PERIODS[/** @type {"date"} */ (dated[1])], dated[2]);
  return /^\/papers\/?$/.test(pathname) ? undated(query.get("date"), document) : null;
}

/**
 * `/papers` itself: an old address with its date in the query, or a page that says its period in its props.
 * @param {string | null} asked
 * @param {Document} document
 */
function undated(asked, document) {
  if (asked && DATE.test(asked)) return period("daily", asked);
  const { periodType, dateString } = propsOf(document.querySelector(LIST));
  const kind = PERIODS[/** @type {"day"} */ (periodType)] ?? "daily";
  return period(kind, typeof dateString === "string" && /^[\dW-]{7,10}$/.test(dateString) ? dateString : "");
}

/** @param {"daily" | "weekly" | "monthly"} kind @param {string} date */
const period = (kind, date) => place("huggingface", kind, date ? `${kind}/${date}` : kind);

/**
 * @param {import("../messages.js").Site} site
 * @param {import("../messages.js").PageKind} kind
 * @param {string} page
 * @param {string | null} [paper]
 * @returns {Place}
 */
const place = (site, kind, page, paper = null) => ({ site, kind, page, paper });

/** A page is read again at every change, and names each paper by several links. @type {Map<string, string | null>} */
const listed = new Map();
const MOST_LISTED = 3000;

/** @param {string} href */
function listedPaper(href) {
  const before = listed.get(href);
  if (before !== undefined) return before;
  if (listed.size > MOST_LISTED) listed.clear();
  const paper = paperFromUrl(href, location.href, LISTED_HOSTS);
  listed.set(href, paper);
  return paper;
}

/**
 * A paper that a sentence names is spoken of, not listed; a whole paragraph may be a card's link.
 * @param {HTMLAnchorElement} link
 */
function isSpokenOf(link) {
  const paragraph = link.closest("p");
  return paragraph !== null && clean(paragraph.textContent) !== clean(link.textContent);
}

/**
 * Every paper listed inside `scope`: links are the same in both generations of the page, so they are what is counted.
 * @param {ParentNode} scope
 * @returns {Set<string>}
 */
function linkedIn(scope) {
  const found = new Set();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (scope.querySelectorAll('a[href*="/papers/"]'))) {
    const paper = listedPaper(link.href);
    if (paper && !link.closest(OURS) && !isSpokenOf(link)) found.add(paper);
  }
  return found;
}

/**
 * The element that is the card of this title link: its article, or the largest element with this paper's links alone.
 * @param {Element} link
 * @returns {HTMLElement}
 */
function cardElement(link) {
  const article = link.closest(CARD);
  if (article instanceof HTMLElement) return article;
  let element = /** @type {HTMLElement} */ (link.closest("h3") ?? link);
  while (element.parentElement && linkedIn(element.parentElement).size === 1) element = element.parentElement;
  return element;
}

/**
 * What the card itself states, for pages whose props are missing or renamed. Its avatars have names of users, not of
 * authors, and a paragraph in it may be a machine's summary: neither is taken.
 * @param {string} id
 * @param {Element} element
 * @param {Element} link
 * @param {Place} here
 * @returns {Card}
 */
function shownBy(id, element, link, here) {
  const votes = NUMBER.exec(clean(element.querySelector(SCORE)?.textContent));
  return {
    id,
    title: clean(link.textContent),
    ...(here.kind === "search" ? { abstract: linkedAbstract(id, element) } : {}),
    upvotes: votes ? Number(votes[1].replaceAll(",", "")) : null,
  };
}

/**
 * A search result shows the whole abstract, as a link to the paper.
 * @param {string} id
 * @param {Element} element
 */
function linkedAbstract(id, element) {
  const links = /** @type {HTMLAnchorElement[]} */ ([...element.querySelectorAll("a[href]")]);
  const texts = links
    .filter((link) => !link.closest("h3") && listedPaper(link.href) === id)
    .map((link) => clean(link.textContent));
  return texts.find((text) => text.split(" ").length >= WORDS_OF_ABSTRACT) ?? "";
}

/** @param {Element} island */
const hasCard = (island) =>
  [.../** @type {NodeListOf<HTMLAnchorElement>} */ (island.querySelectorAll(TITLE_LINK))].some(({ href }) =>
    listedPaper(href),
  );

/**
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./site.js").Anchor | null}
 */
function findAnchor(document, here) {
  const island = /** @type {HTMLElement | null} */ (document.querySelector(here.kind === "paper" ? PAPER : LIST));
  // A list whose first card we do not know has perhaps changed: then nothing of ours may stand before the page was
  // read.
  if (!island?.firstElementChild || (here.kind !== "paper" && !hasCard(island))) return null;
  return {
    island: here.site === "demo" ? null : island,
    before: outermost(island),
    column: columnOf(island),
    outside: true,
  };
}

/**
 * As long as no card says which element is the grid, a list is as wide as the part of its island that holds the
 * heading: a
 * ribbon may stand before that, from edge to edge.
 * @param {Element | null} island
 */
function columnOf(island) {
  const heading = /** @type {HTMLElement | null} */ (island?.querySelector("h1") ?? null);
  return heading ? childOf(heading, island) : (island?.firstElementChild ?? null);
}

/**
 * @param {Document} document
 * @returns {Element | null} the island that holds the list
 */
function listIsland(document) {
  const first = [...document.querySelectorAll(`${CARD} ${TITLE_LINK}`)].find((link) => !link.closest(OURS));
  return document.querySelector(LIST) ?? first?.closest(ISLAND) ?? first?.closest("[data-target]") ?? null;
}

/**
 * @param {Document} document
 * @param {Element | null} island
 * @param {Place} here
 * @returns {PageCard[]}
 */
function cardsOf(document, island, here) {
  const facts = factsOf(propsOf(island));
  /** @type {Map<HTMLElement, Card>} */
  const found = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ ((island ?? document).querySelectorAll(TITLE_LINK))) {
    const id = link.closest(OURS) ? null : listedPaper(link.href);
    const element = id && cardElement(link);
    if (!id || !element || found.has(element)) continue;
    const shown = shownBy(id, element, link, here);
    const told = facts.get(id);
    found.set(element, told ? mergeFacts(told, shown) : shown);
  }
  return placed(found);
}

/**
 * @param {Map<HTMLElement, Card>} found
 * @returns {PageCard[]}
 */
function placed(found) {
  const grid = commonParent([...found.keys()]);
  return [...found].map(([element, card]) => {
    const item = childOf(element, grid);
    return { card, element, item, items: [item], picture: hasPicture(element) };
  });
}

/** @param {Element} element */
const hasPicture = (element) =>
  [...element.querySelectorAll("a[href] img, a[href] video")].some((picture) => {
    const link = /** @type {HTMLAnchorElement} */ (picture.closest("a"));
    return !link.closest("h3") && listedPaper(link.href) !== null && !picture.closest("li");
  });

/**
 * The island of a paper's page: known by its name, or by the paper that its props tell of. An error page has neither.
 * @param {Document} document
 * @param {Place} here
 * @returns {HTMLElement | null}
 */
function paperIsland(document, here) {
  const islands = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(ISLAND)]);
  return document.querySelector(PAPER) ?? islands.find((island) => cardOf(propsOf(island))?.id === here.paper) ?? null;
}

/**
 * The abstract as the page shows it: the first paragraph under its heading, or after the machine's summary, which says
 * below that it is one. Of several that say nothing of the kind none is surely the authors' own.
 * @param {Element} island
 */
function shownAbstract(island) {
  const heading = [...island.querySelectorAll("h2")].find(({ textContent }) => /^abstract$/i.test(clean(textContent)));
  if (!heading) return "";
  const parts = [...island.querySelectorAll("h2, p, div")];
  const after = parts.slice(parts.indexOf(heading) + 1);
  const next = after.findIndex(({ tagName }) => tagName === "H2");
  const section = next < 0 ? after : after.slice(0, next);
  const label = section.findLastIndex(
    (part) => !part.children.length && /^ai[- ]generated/i.test(clean(part.textContent)),
  );
  const paragraphs = section.slice(label + 1).filter(({ tagName }) => tagName === "P");
  return label >= 0 || paragraphs.length === 1 ? clean(paragraphs[0]?.textContent) : "";
}

/**
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./site.js").Snapshot | null}
 */
function parsePaperPage(document, here) {
  const island = paperIsland(document, here);
  if (!island || !here.paper) return null;
  const heading = island.querySelector("h1");
  if (!heading) return { cards: [], expected: 1, island, before: null, column: null, outside: false };
  const told = cardOf({ ...propsOf(island) });
  const shown = { id: here.paper, title: textOf(heading), abstract: shownAbstract(island) };
  const card = told?.id === here.paper ? mergeFacts(told, shown) : shown;
  const element = /** @type {HTMLElement} */ (heading);
  const cards = card.title ? [{ card, element, item: element, items: [], picture: false }] : [];
  return { cards, expected: 1, ...bounds(document, island, element) };
}

/**
 * What is the framework's, and where the panel goes. Without a known island the list itself counts as one, and nothing
 * is
 * known to lie outside.
 * @param {Document} document
 * @param {HTMLElement | null} island
 * @param {HTMLElement | null} list
 */
function bounds(document, island, list) {
  const column = list ?? columnOf(island);
  if (island) return { island, before: outermost(island), column, outside: true };
  return { island: list?.parentElement ?? list, before: document.querySelector("main"), column, outside: false };
}

/**
 * The outermost island around an element: what is placed before it is in nobody's island.
 * @param {Element | null} element
 */
function outermost(element) {
  let found = element;
  for (let up = element?.parentElement; up; up = up.parentElement) if (up.matches("[data-target]")) found = up;
  return found;
}

/**
 * How many papers are listed here: among what stands with the cards, or as long as those are too few to say where that
 * is,
 * in the whole island.
 * @param {Document} document
 * @param {Element | null} island
 * @param {PageCard[]} cards
 */
function linkedAmong(document, island, cards) {
  const grid = cards.length > 1 ? commonParent(cards.map(({ element }) => element)) : null;
  return linkedIn(grid ?? island ?? document.querySelector("main") ?? document).size;
}

/**
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./site.js").Snapshot | null}
 */
function parse(document, here) {
  if (here.kind === "paper") return parsePaperPage(document, here);
  const island = /** @type {HTMLElement | null} */ (listIsland(document));
  const cards = cardsOf(document, island, here).filter(({ card }) => card.title);
  const expected = linkedAmong(document, island, cards) || toldIn(propsOf(island), here);
  if (!island && !expected) return null;
  const anchor = bounds(document, island, cards[0]?.item.parentElement ?? null);
  return { cards, expected, ...anchor, ...(here.site === "demo" ? { island: null, outside: true } : {}) };
}

/**
 * The demo has a page for each of its papers.
 * @param {{id: string, url?: string | null, upvotes?: number | null}} paper
 * @param {{site: string}} place
 */
const addressIn = (paper, { site }) =>
  site === "demo" && addressOf(paper) ? new URL(`/papers/${paper.id}`, location.href).href : addressOf(paper);

/**
 * A logged-in reader's upvote is a label round a live checkbox; a logged-out one is a link to the login page.
 * @param {Element} target
 * @returns {HTMLInputElement | null}
 */
function upvoteOf(target) {
  if (target.closest('a[href^="/login"]')) return null;
  const box = target.closest("label")?.querySelector("input[type=checkbox]") ?? target;
  return box instanceof HTMLInputElement && box.type === "checkbox" && !box.disabled && box.closest("label")
    ? box
    : null;
}

/** @type {import("./site.js").SiteModule} */
export const huggingface = { placeOf, findAnchor, parse, paperOf, addressOf: addressIn, upvoteOf };
