/**
 * Hugging Face papers: daily, weekly, monthly, trending, search and the paper page; and `/demo`, built like them.
 *
 * The page's elements tell which cards are shown; the JSON props of the listing's island tell the facts on them
 * (trending cards show a machine's summary, period cards no abstract at all). After a period tab the props may still be
 * those of the page before, so facts are looked up by paper id. No class name is used: those of 2024 are gone in 2026.
 *
 * Tested on the stand-in pages of both generations (`tests/pages`): daily 45 cards, weekly and monthly 105, trending 50
 * in 100 layouts, search all that match, the paper page 1; and the same with props missing, invalid or renamed.
 */

import { addressOf, paperFromUrl, plainPaper } from "../paper-ids.js";
import { LIST, paperOf, placeOf } from "./huggingface-place.js";
import { cardOf, countInProps, factsOf, propsOf, unreadIn } from "./huggingface-props.js";
import { childOf, clean, commonParent, mergeFacts, textOf } from "./site.js";

/** @typedef {import("./site.js").PageCard} PageCard */
/** @typedef {import("./site.js").Place} Place */
/** @typedef {import("../messages.js").Card} Card */

// Islands with their props: both generations of the page have them (five on a listing).
const ISLAND = "[data-target][data-props]";
const PAPER = '[data-target="PaperContent"]';
// What makes a card a card: one on each, two on trending (one for each layout).
const TITLE_LINK = "h3 a[href]";
const CARD = "article";
// A checkbox within a link to the login page (logged out) or a label (logged in), one or two a card; `-` for no votes.
const SCORE = 'a[href^="/login?next="]:has(input[type="checkbox"]), label:has(input[type="checkbox"])';
const NUMBER = /(?:^|[^\d.,])(\d+|\d{1,3}(?:,\d{3})+)$/;
// A shorter text is a count of authors or of comments.
const MIN_ABSTRACT_WORDS = 12;
const OURS = "[data-inkling]";
const LISTED_HOSTS = /^(?:(?:www\.)?huggingface\.co|127\.0\.0\.1|localhost|\[::1\])$/;

/**
 * Papers by link, as the page writes it. The page is scanned at every change, and links each paper several times.
 * @type {Map<string, string | null>}
 */
const paperCache = new Map();
const MAX_CACHED = 3000;
/** What relative links are relative to, and whether it is a site whose links count. */
let base = { uri: "", isListed: false };

/**
 * The paper a link on this site leads to.
 * @param {Element} link
 */
function listedPaper(link) {
  const href = link.getAttribute("href") ?? "";
  const cached = paperCache.get(href);
  if (cached !== undefined) return cached;
  if (paperCache.size > MAX_CACHED) paperCache.clear();
  const paper = (base.isListed ? plainPaper(href) : null) ?? paperFromUrl(href, base.uri, LISTED_HOSTS);
  paperCache.set(href, paper);
  return paper;
}

/**
 * Forget links read at another address. To be called before links are read.
 * @param {Document} document
 */
function checkBase({ baseURI: uri }) {
  if (uri === base.uri) return;
  paperCache.clear();
  base = { uri, isListed: paperFromUrl("/papers/2401.00001", uri, LISTED_HOSTS) !== null };
}

/**
 * Whether a link stands within a sentence: its paper is mentioned, not listed. A whole paragraph may be a card's link.
 * @param {HTMLAnchorElement} link
 */
function isMention(link) {
  const paragraph = link.closest("p");
  return paragraph !== null && clean(paragraph.textContent) !== clean(link.textContent);
}

/**
 * Every paper listed inside `scope`, counted by links, which are the same in both generations of the page.
 * @param {ParentNode} scope
 * @returns {Set<string>}
 */
function linkedIn(scope) {
  const found = new Set();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (scope.querySelectorAll('a[href*="/papers/"]'))) {
    const paper = listedPaper(link);
    if (paper && !link.closest(OURS) && !isMention(link)) found.add(paper);
  }
  return found;
}

/**
 * The card a title link belongs to: its article, or the largest element that links no other paper.
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
 * The facts a card shows, for pages whose props are missing or renamed. Its avatars name users, not authors, and a
 * paragraph may be a machine's summary: neither is taken.
 * @param {string} id
 * @param {Element} element
 * @param {Element} link
 * @param {Place} here
 * @returns {Card}
 */
function factsShown(id, element, link, here) {
  const votes = NUMBER.exec(clean(element.querySelector(SCORE)?.textContent));
  return {
    id,
    title: clean(link.textContent),
    ...(here.kind === "search" ? { abstract: linkedAbstract(id, element) } : {}),
    upvotes: votes ? Number(votes[1].replaceAll(",", "")) : null,
  };
}

/**
 * The abstract on a search result: a link to the paper with the whole text.
 * @param {string} id
 * @param {Element} element
 */
function linkedAbstract(id, element) {
  const links = /** @type {HTMLAnchorElement[]} */ ([...element.querySelectorAll("a[href]")]);
  const texts = links
    .filter((link) => !link.closest("h3") && listedPaper(link) === id)
    .map((link) => clean(link.textContent));
  return texts.find((text) => text.split(" ").length >= MIN_ABSTRACT_WORDS) ?? "";
}

/** @param {Element} island */
const hasCard = (island) => [...island.querySelectorAll(TITLE_LINK)].some((link) => listedPaper(link));

/**
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./site.js").Anchor | null}
 */
function findAnchor(document, here) {
  checkBase(document);
  const island = /** @type {HTMLElement | null} */ (document.querySelector(here.kind === "paper" ? PAPER : LIST));
  // If we do not recognise the first card, the page may have changed: then nothing is put there before the scan.
  if (!island?.firstElementChild || (here.kind !== "paper" && !hasCard(island))) return null;
  return {
    island: here.site === "demo" ? null : island,
    before: outermost(island),
    column: columnOf(island),
    outside: true,
  };
}

/**
 * Before any card tells us the grid, the part of the island with the heading gives the width; above it there may be a
 * ribbon from edge to edge.
 * @param {Element | null} island
 */
function columnOf(island) {
  const heading = /** @type {HTMLElement | null} */ (island?.querySelector("h1") ?? null);
  return heading ? childOf(heading, island) : (island?.firstElementChild ?? null);
}

/**
 * The island that holds the listing.
 * @param {Document} document
 * @returns {Element | null}
 */
function listIsland(document) {
  const known = document.querySelector(LIST);
  if (known) return known;
  const first = [...document.querySelectorAll(`${CARD} ${TITLE_LINK}`)].find((link) => !link.closest(OURS));
  return first?.closest(ISLAND) ?? first?.closest("[data-target]") ?? null;
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
  const cards = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ ((island ?? document).querySelectorAll(TITLE_LINK))) {
    const id = link.closest(OURS) ? null : listedPaper(link);
    const element = id && cardElement(link);
    if (!id || !element || cards.has(element)) continue;
    const fromProps = facts.get(id);
    const shown = fromProps && isWhole(fromProps, here) ? { id } : factsShown(id, element, link, here);
    cards.set(element, fromProps ? mergeFacts(fromProps, shown) : shown);
  }
  return addItems(cards);
}

/**
 * Whether the props tell all that a card shows.
 * @param {Card} card
 * @param {Place} here
 */
const isWhole = ({ title, abstract, upvotes }, { kind }) =>
  Boolean(title) && typeof upvotes === "number" && (kind !== "search" || Boolean(abstract));

/**
 * Add to each card its place in the grid.
 * @param {Map<HTMLElement, Card>} cards by element
 * @returns {PageCard[]}
 */
function addItems(cards) {
  const grid = commonParent([...cards.keys()]);
  return [...cards].map(([element, card]) => {
    const item = childOf(element, grid);
    return { card, element, item, items: [item], picture: hasPicture(element) };
  });
}

/** @param {Element} element */
const hasPicture = (element) =>
  [...element.querySelectorAll("a[href] img, a[href] video")].some((picture) => {
    const link = /** @type {HTMLAnchorElement} */ (picture.closest("a"));
    return !link.closest("h3") && listedPaper(link) !== null && !picture.closest("li");
  });

/**
 * The island of a paper's page, by its name or by the paper in its props. An error page has neither.
 * @param {Document} document
 * @param {Place} here
 * @returns {HTMLElement | null}
 */
function paperIsland(document, here) {
  const islands = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(ISLAND)]);
  return document.querySelector(PAPER) ?? islands.find((island) => cardOf(propsOf(island))?.id === here.paper) ?? null;
}

/**
 * The abstract as the page shows it: the only paragraph under its heading, or the first after a machine's summary,
 * which is labelled as one below it. Of several paragraphs without that label none is surely the authors' own.
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
  const fromProps = cardOf({ ...propsOf(island) });
  const shown = { id: here.paper, title: textOf(heading), abstract: shownAbstract(island) };
  const card = fromProps?.id === here.paper ? mergeFacts(fromProps, shown) : shown;
  const element = /** @type {HTMLElement} */ (heading);
  const cards = card.title ? [{ card, element, item: element, items: [], picture: false }] : [];
  return { cards, expected: 1, ...anchorOf(document, island, element) };
}

/**
 * The framework's island, and where the panel goes. If we know no island, the listing counts as one, and nothing surely
 * lies outside.
 * @param {Document} document
 * @param {HTMLElement | null} island
 * @param {HTMLElement | null} list
 */
function anchorOf(document, island, list) {
  const column = list ?? columnOf(island);
  if (island) return { island, before: outermost(island), column, outside: true };
  return { island: list?.parentElement ?? list, before: document.querySelector("main"), column, outside: false };
}

/**
 * The outermost island around an element: before it we are in no island.
 * @param {Element | null} element
 */
function outermost(element) {
  let found = element;
  for (let up = element?.parentElement; up; up = up.parentElement) if (up.matches("[data-target]")) found = up;
  return found;
}

/**
 * How many papers are listed here: in the grid of the cards or, with too few cards to know the grid, in the island.
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
  checkBase(document);
  if (here.kind === "paper") return parsePaperPage(document, here);
  const island = /** @type {HTMLElement | null} */ (listIsland(document));
  const cards = cardsOf(document, island, here).filter(({ card }) => card.title);
  const expected = linkedAmong(document, island, cards) || countInProps(propsOf(island), here);
  if (!island && !expected) return null;
  const anchor = anchorOf(document, island, cards[0]?.item.parentElement ?? null);
  return { cards, expected, ...anchor, ...(here.site === "demo" ? { island: null, outside: true } : {}) };
}

/**
 * @param {Document} document
 * @param {Place} here
 */
const unread = (document, here) => (here.kind === "paper" ? [] : unreadIn(propsOf(listIsland(document))));

/**
 * On the demo, its own page of the paper.
 * @param {import("./site.js").LinkedPaper} paper
 * @param {{site: string}} place
 */
const addressIn = (paper, { site }) =>
  site === "demo" && addressOf(paper) ? new URL(`/papers/${paper.id}`, location.href).href : addressOf(paper);

/**
 * The upvote control: a label around a checkbox when logged in; logged out, a link to the login page.
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
export const huggingface = { placeOf, findAnchor, unread, parse, paperOf, addressOf: addressIn, upvoteOf };
