/**
 * Hugging Face papers: daily, weekly, monthly, trending, search and the paper page; and `/demo`, which has their skeleton.
 *
 * The page's elements say which cards are shown; the list island's JSON props say what they hold (trending cards show a
 * machine's summary, period cards no abstract at all). After a period tab the props may be those of the page before,
 * so they are looked up by id and never counted on. No class name is used: those of 2024 are gone in 2026.
 *
 * Proved by the stand-in pages of both generations (`tests/pages`): daily 45 cards, weekly and monthly 105, trending 50 in
 * 100 layouts, search all that match, the paper page 1; and the same with props missing, invalid or renamed.
 */

import { addressOf, paperFromUrl } from "../paper-id.js";
import { childOf, clean, commonParent, merged, textOf } from "./reading.js";

/** @typedef {import("./reading.js").PageCard} PageCard */
/** @typedef {import("./reading.js").Place} Place */
/** @typedef {import("../messages.js").Card} Card */

// Islands and what they were given: both generations of the page have them (five islands on a listing).
const ISLAND = "[data-target][data-props]";
const LIST = '[data-target="DailyPapers"]';
const PAPER = '[data-target="PaperContent"]';
// One a card, two on trending (a layout each): what makes a card a card.
const TITLE_LINK = "h3 a[href]";
const CARD = "article";
// Logged out a link round a box, logged in a label: one or two a card; `-` for none.
const SCORE = 'a[href^="/login?next="] [role="checkbox"], label';
const OURS = "[data-inkling]";
const PAPER_HOSTS = /^(?:(?:www\.)?huggingface\.co|(?:www|export|browse)\.arxiv\.org|arxiv\.org|127\.0\.0\.1|localhost|\[::1\])$/;
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

/** Parsed props by island, as long as the attribute stays the same. @type {WeakMap<Element, {raw: string, props: any}>} */
const parsed = new WeakMap();

/**
 * The JSON an island was given, `{}` when missing or broken.
 * @param {Element | null} island
 * @returns {Record<string, any>}
 */
function propsOf(island) {
  const raw = island?.getAttribute("data-props");
  if (!island || !raw) return {};
  const before = parsed.get(island);
  if (before?.raw === raw) return before.props;
  const props = objectFrom(raw);
  parsed.set(island, { raw, props });
  return props;
}

/** @param {string} raw */
function objectFrom(raw) {
  try {
    const found = JSON.parse(raw);
    return found && typeof found === "object" ? found : {};
  } catch {
    return {};
  }
}

/**
 * Facts by paper id from every list of papers in the props, whatever the list is called; what is searched for comes first.
 * @param {Record<string, any>} props
 * @returns {Map<string, Card>}
 */
function factsOf(props) {
  const lists = [props.searchResults, props.dailyPapers, ...Object.values(props)].filter(Array.isArray);
  /** @type {Map<string, Card>} */
  const facts = new Map();
  for (const entry of lists.flat()) {
    const card = cardOf(entry);
    if (card && !facts.has(card.id)) facts.set(card.id, card);
  }
  return facts;
}

/**
 * @param {any} entry one entry of a list: `{paper: {...}, ...}`, or the paper itself
 * @returns {Card | null}
 */
function cardOf(entry) {
  const paper = entry?.paper ?? entry;
  const id = typeof paper?.id === "string" ? paperOf(`https://huggingface.co/papers/${paper.id}`) : null;
  if (!id) return null;
  const organization = paper.organization ?? entry.organization;
  return {
    id,
    title: clean(paper.title ?? entry.title),
    abstract: clean(paper.summary ?? entry.summary),
    authors: namesOf(paper.authors),
    published_at: dateOf(paper.publishedAt ?? entry.publishedAt),
    upvotes: Number.isFinite(paper.upvotes) ? paper.upvotes : null,
    organization: clean(organization?.fullname ?? organization?.name),
    upvoted: entry.upvoted === true,
  };
}

/** @param {any} authors */
const namesOf = (authors) =>
  Array.isArray(authors) ? authors.filter((author) => author && !author.hidden).map(({ name }) => clean(name)).filter(Boolean) : [];

/** @param {any} date */
const dateOf = (date) => (typeof date === "string" && !Number.isNaN(Date.parse(date)) ? new Date(date).toISOString() : null);

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
 * Every paper linked inside `scope`: links are the same in both generations of the page, so they are what is counted.
 * @param {ParentNode} scope
 * @returns {Set<string>}
 */
function linkedIn(scope) {
  const found = new Set();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (scope.querySelectorAll('a[href*="/papers/"]'))) {
    const paper = listedPaper(link.href);
    if (paper && !link.closest(OURS)) found.add(paper);
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
 * What the card itself shows, for pages whose props are missing or renamed.
 * @param {string} id
 * @param {Element} element
 * @param {Element} link
 * @returns {Card}
 */
function shownBy(id, element, link) {
  const votes = /\d+/.exec(clean(element.querySelector(SCORE)?.textContent).replaceAll(",", ""));
  const authors = [...element.querySelectorAll("li[title]")].map((one) => clean(one.getAttribute("title"))).filter(Boolean);
  return {
    id,
    title: clean(link.textContent),
    abstract: clean(element.querySelector("p")?.textContent),
    authors: [...new Set(authors)],
    upvotes: votes ? Number(votes[0]) : null,
  };
}

/** @param {Element} island */
const hasCard = (island) =>
  [.../** @type {NodeListOf<HTMLAnchorElement>} */ (island.querySelectorAll(TITLE_LINK))].some(({ href }) => listedPaper(href));

/**
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./reading.js").Edges | null}
 */
function edges(document, here) {
  const island = /** @type {HTMLElement | null} */ (document.querySelector(here.kind === "paper" ? PAPER : LIST));
  // A list whose first card we do not know has perhaps changed: then nothing of ours may stand before the page was read.
  if (!island?.firstElementChild || (here.kind !== "paper" && !hasCard(island))) return null;
  return { island: here.site === "demo" ? null : island, before: outermost(island), outside: true };
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
 * @returns {PageCard[]}
 */
function cardsOf(document, island) {
  const facts = factsOf(propsOf(island));
  /** @type {Map<HTMLElement, Card>} */
  const found = new Map();
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ ((island ?? document).querySelectorAll(TITLE_LINK))) {
    const id = link.closest(OURS) ? null : listedPaper(link.href);
    const element = id && cardElement(link);
    if (!id || !element || found.has(element)) continue;
    const shown = shownBy(id, element, link);
    const told = facts.get(id);
    found.set(element, told ? merged(told, shown) : shown);
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
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./reading.js").Reading}
 */
function readPaper(document, here) {
  const island = /** @type {HTMLElement | null} */ (
    document.querySelector(PAPER) ?? document.querySelector("h1")?.closest("[data-target]") ?? null
  );
  const heading = (island ?? document).querySelector("h1");
  if (!heading || !here.paper) return { cards: [], expected: 1, island, before: null, outside: false };
  const told = cardOf({ ...propsOf(island) });
  const abstract = clean((island ?? document).querySelector("h2 ~ p, h2 ~ div p ~ p")?.textContent);
  const shown = { id: here.paper, title: textOf(heading), abstract };
  const card = told?.id === here.paper ? merged(told, shown) : shown;
  const element = /** @type {HTMLElement} */ (heading);
  const cards = card.title ? [{ card, element, item: element, items: [], picture: false }] : [];
  return { cards, expected: 1, ...bounds(document, island, element) };
}

/**
 * What is the framework's, and where the panel goes. Without a known island the list itself counts as one, and nothing is
 * known to lie outside.
 * @param {Document} document
 * @param {HTMLElement | null} island
 * @param {HTMLElement | null} list
 */
function bounds(document, island, list) {
  if (island) return { island, before: outermost(island), outside: true };
  return { island: list?.parentElement ?? list, before: document.querySelector("main"), outside: false };
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
 * @param {Document} document
 * @param {Place} here
 * @returns {import("./reading.js").Reading}
 */
function read(document, here) {
  if (here.kind === "paper") return readPaper(document, here);
  const island = /** @type {HTMLElement | null} */ (listIsland(document));
  const cards = cardsOf(document, island).filter(({ card }) => card.title);
  const linked = linkedIn(island ?? document.querySelector("main") ?? document).size;
  const told = linked ? 0 : factsOf(propsOf(island)).size;
  const unknown = island || linked ? 0 : 1;
  const expected = Math.max(linked, told, unknown);
  if (here.site === "demo") return { cards, expected, island: null, before: outermost(island), outside: true };
  return { cards, expected, ...bounds(document, island, cards[0]?.item.parentElement ?? null) };
}

/**
 * The demo has a page for each of its papers.
 * @param {{id: string, url?: string | null, upvotes?: number | null}} paper
 * @param {{site: string}} place
 */
const addressIn = (paper, { site }) => (site === "demo" ? new URL(`/papers/${paper.id}`, location.href).href : addressOf(paper));

/**
 * A logged-in reader's upvote is a label round a live checkbox; a logged-out one is a link to the login page.
 * @param {Element} target
 * @returns {HTMLInputElement | null}
 */
function upvoteOf(target) {
  if (target.closest('a[href^="/login"]')) return null;
  const box = target.closest("label")?.querySelector("input[type=checkbox]") ?? target;
  return box instanceof HTMLInputElement && box.type === "checkbox" && !box.disabled && box.closest("label") ? box : null;
}

/** @type {import("./reading.js").SiteModule} */
export const huggingface = { placeOf, edges, read, paperOf, addressOf: addressIn, upvoteOf };
