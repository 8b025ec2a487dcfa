/**
 * The props of an island on Hugging Face: JSON in `data-props` with the facts of its papers. They may be missing,
 * broken, renamed, or still those of the page before.
 */

import { paperFromUrl, plainPaper } from "../paper-ids.js";
import { clean } from "./site.js";

/** @typedef {import("../messages.js").Card} Card */

/**
 * Parsed props by island, valid as long as the attribute stays the same.
 * @type {WeakMap<Element, {raw: string, props: any}>}
 */
const cache = new WeakMap();

/**
 * An island's props; `{}` if they are missing or broken.
 * @param {Element | null} island
 * @returns {Record<string, any>}
 */
export function propsOf(island) {
  const raw = island?.getAttribute("data-props");
  if (!island || !raw) return {};
  const cached = cache.get(island);
  if (cached?.raw === raw) return cached.props;
  const props = parseObject(raw);
  cache.set(island, { raw, props });
  return props;
}

/** @param {string} raw */
function parseObject(raw) {
  try {
    const value = JSON.parse(raw);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

/**
 * The arrays of papers in the props, whatever their names; search results come first.
 * @param {Record<string, any>} props
 * @returns {any[]}
 */
const entriesOf = (props) =>
  [...new Set([props.searchResults, props.dailyPapers, ...Object.values(props)].filter(Array.isArray))].flat();

/**
 * Facts by paper id, from every array of papers in the props.
 * @param {Record<string, any>} props
 * @returns {Map<string, Card>}
 */
export function factsOf(props) {
  /** @type {Map<string, Card>} */
  const facts = new Map();
  for (const entry of entriesOf(props)) {
    const card = cardOf(entry);
    if (card && !facts.has(card.id)) facts.set(card.id, card);
  }
  return facts;
}

/**
 * The facts in entries read before: the page is scanned at every change, and its parsed props stay the same.
 * @type {WeakMap<object, Card | null>}
 */
const known = new WeakMap();

/**
 * Work that reads the entries not read yet, one at a time.
 * @param {Record<string, any>} props
 * @returns {(() => void)[]}
 */
export const unreadIn = (props) =>
  entriesOf(props)
    .filter((entry) => entry !== null && typeof entry === "object" && !known.has(entry))
    .map((entry) => () => void cardOf(entry));

/**
 * The facts in one entry, read once.
 * @param {any} entry `{paper: {...}, ...}`, or the paper itself
 * @returns {Card | null}
 */
export function cardOf(entry) {
  if (entry === null || typeof entry !== "object") return null;
  const before = known.get(entry);
  if (before !== undefined) return before;
  const card = readEntry(entry);
  known.set(entry, card);
  return card;
}

/**
 * @param {any} entry
 * @returns {Card | null}
 */
function readEntry(entry) {
  const paper = entry.paper ?? entry;
  const path = typeof paper?.id === "string" ? `/papers/${paper.id}` : "";
  const id = plainPaper(path) ?? (path && paperFromUrl(`https://huggingface.co${path}`));
  if (!id) return null;
  const organization = paper.organization ?? entry.organization;
  return {
    id,
    title: wordsOf(paper.title ?? entry.title),
    abstract: wordsOf(paper.summary ?? entry.summary),
    authors: namesOf(paper.authors),
    published_at: dateOf(paper.publishedAt ?? entry.publishedAt),
    upvotes: Number.isFinite(paper.upvotes) ? paper.upvotes : null,
    organization: wordsOf(organization?.fullname ?? organization?.name),
    upvoted: entry.upvoted === true,
  };
}

/** @param {any} text */
const wordsOf = (text) => (typeof text === "string" ? clean(text) : "");

/** @param {any} authors */
const namesOf = (authors) =>
  Array.isArray(authors)
    ? authors
        .filter((author) => author && !author.hidden)
        .map(({ name }) => wordsOf(name))
        .filter(Boolean)
    : [];

/** @param {any} date */
const dateOf = (date) =>
  typeof date === "string" && !Number.isNaN(Date.parse(date)) ? new Date(date).toISOString() : null;

/**
 * How many papers are listed here according to the props; 0 if they are those of the page before a period tab.
 * @param {Record<string, any>} props
 * @param {import("./site.js").Place} here
 */
export function countInProps(props, here) {
  const [, date] = here.page.split("/");
  const { dateString } = props;
  if (date && typeof dateString === "string" && dateString.length === date.length && dateString !== date) return 0;
  const papers = here.kind === "search" ? props.searchResults : props.dailyPapers;
  return factsOf(Array.isArray(papers) ? { papers } : props).size;
}
