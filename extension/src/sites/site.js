/**
 * What a site's module provides, and small tools that all sites share.
 *
 * @typedef {import("../messages.js").Card} Card
 *
 * @typedef {object} PageCard
 * @property {Card} card the facts on the card
 * @property {HTMLElement} element the page's own element for the card
 * @property {HTMLElement} item the direct child of the grid that holds the card (often `element` itself)
 * @property {HTMLElement[]} items all direct children of the grid that move with the card, `item` first
 * @property {HTMLElement} [seat] the element that takes the mark, if not `element`
 * @property {number} [group] cards are sorted within their group only; 0 if left out
 * @property {boolean} picture true if the card's top left corner is a picture, with room for a mark
 *
 * @typedef {object} Snapshot the page as one scan found it
 * @property {PageCard[]} cards in the page's order
 * @property {number} expected how many papers the page seems to list, counted without the parser's selectors; papers
 *   that are only mentioned (in a comment, in an abstract, beside the listing) do not count
 * @property {HTMLElement | null} island the element a framework owns; nothing may be added to it before hydration
 * @property {Element | null} before the panel goes before this element
 * @property {Element} [end] on a page without a listing, the panel goes to the end of this element
 * @property {Element | null} column the panel is as wide as the content of this element
 * @property {boolean} outside true if `before` surely lies outside every island, so that the panel need not wait
 *
 * @typedef {Pick<Snapshot, "island" | "before" | "column" | "outside">} Anchor where the panel goes
 *
 * @typedef {object} Place
 * @property {import("../messages.js").Site} site
 * @property {import("../messages.js").PageKind} kind
 * @property {string} page a kind and a date ("daily/2026-11-20"), never a URL or a query
 * @property {string | null} paper the paper's id, on a page about one paper
 *
 * @typedef {object} SiteModule
 * @property {(location: Location, document: Document) => Place | null} placeOf null where nothing is listed
 * @property {(document: Document, place: Place) => Anchor | null} findAnchor used while the page still loads; null as
 *   long as the place of the listing is not known
 * @property {(document: Document, place: Place) => (() => void)[]} [unread] the costly part of reading the page, in
 *   small pieces: what they have read `parse` need not read again
 * @property {(document: Document, place: Place) => Snapshot | null} parse null if the page at this address is none of
 *   ours: an error, a challenge, a file
 * @property {(href: string, place: Place) => string | null} paperOf the paper a link leads to
 * @property {(paper: LinkedPaper, place: Place) => string | null} addressOf where a reader of this site reads the
 *   paper, made from its id; null if there is no such page
 * @property {(target: Element) => HTMLInputElement | null} upvoteOf the checkbox of a logged-in reader's upvote control
 *
 * @typedef {{id: string, url?: string | null, upvotes?: number | null}} LinkedPaper
 */

/** White space that is not one single space: an abstract has two hundred of those, which stay as they are. */
const UNCLEAN = /[^\S ]\s*| \s+/g;

/**
 * Collapse white space and trim the ends.
 * @param {string | null | undefined} text
 */
export const clean = (text) => (text ?? "").replace(UNCLEAN, " ").trim();

/**
 * The text of an element, leaving out the parts that match `without`.
 * @param {Element | null} element
 * @param {string} [without]
 */
export function textOf(element, without) {
  if (!element || !without) return clean(element?.textContent);
  const copy = /** @type {Element} */ (element.cloneNode(true));
  for (const part of copy.querySelectorAll(without)) part.remove();
  return clean(copy.textContent);
}

/**
 * Merge the known facts of two cards; those of `first` win.
 * @param {Card} first
 * @param {Card} second
 * @returns {Card}
 */
export function mergeFacts(first, second) {
  /** @type {Record<string, any>} */
  const merged = { ...second };
  for (const [name, fact] of Object.entries(first))
    if (fact !== null && fact !== undefined && String(fact) !== "") merged[name] = fact;
  return { ...merged, id: first.id };
}

/**
 * The nearest element that contains all of these.
 * @param {Element[]} elements
 * @returns {Element | null}
 */
export function commonParent(elements) {
  let parent = elements[0]?.parentElement ?? null;
  const last = elements.at(-1) ?? null;
  while (parent && !(parent.contains(last) && elements.every((element) => parent?.contains(element)))) {
    parent = parent.parentElement;
  }
  return parent;
}

/**
 * The ancestor of `element`, or itself, that is a direct child of `parent`.
 * @param {HTMLElement} element
 * @param {Element | null} parent
 * @returns {HTMLElement}
 */
export function childOf(element, parent) {
  let child = element;
  while (child.parentElement && child.parentElement !== parent) child = child.parentElement;
  return child.parentElement === parent ? child : element;
}
