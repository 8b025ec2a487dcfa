/**
 * What an island of Hugging Face's was given: the JSON in its `data-props`, in which its papers lie. It may be missing,
 * broken, renamed, or that of the page before.
 */

import { paperFromUrl } from "../paper-id.js";
import { clean } from "./site.js";

/** @typedef {import("../messages.js").Card} Card */

/**
 * Parsed props by island, as long as the attribute stays the same. @type {WeakMap<Element, {raw: string, props: any}>}
 */
const parsed = new WeakMap();

/**
 * The JSON an island was given, `{}` when missing or broken.
 * @param {Element | null} island
 * @returns {Record<string, any>}
 */
export function propsOf(island) {
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
 * Facts by paper id from every list of papers in the props, whatever the list is called; what is searched for comes
 * first.
 * @param {Record<string, any>} props
 * @returns {Map<string, Card>}
 */
export function factsOf(props) {
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
export function cardOf(entry) {
  const paper = entry?.paper ?? entry;
  const id = typeof paper?.id === "string" ? paperFromUrl(`https://huggingface.co/papers/${paper.id}`) : null;
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
  Array.isArray(authors)
    ? authors
        .filter((author) => author && !author.hidden)
        .map(({ name }) => clean(name))
        .filter(Boolean)
    : [];

/** @param {any} date */
const dateOf = (date) =>
  typeof date === "string" && !Number.isNaN(Date.parse(date)) ? new Date(date).toISOString() : null;

/**
 * How many papers the props say are listed here. Those of a page that a period tab left behind say nothing of this one.
 * @param {Record<string, any>} props
 * @param {import("./site.js").Place} here
 */
export function toldIn(props, here) {
  const [, date] = here.page.split("/");
  const { dateString } = props;
  if (date && typeof dateString === "string" && dateString.length === date.length && dateString !== date) return 0;
  const list = here.kind === "search" ? props.searchResults : props.dailyPapers;
  return factsOf(Array.isArray(list) ? { list } : props).size;
}
