/**
 * What a site's parser gives: which cards are on the page, what they hold, and how many there should be.
 *
 * @typedef {import("../messages.js").Card} Card
 *
 * @typedef {object} PageCard
 * @property {Card} card what the card holds
 * @property {HTMLElement} element the page's own element for it
 * @property {HTMLElement} item the direct child of the grid that holds it (often `element` itself)
 * @property {HTMLElement[]} items all direct children that move with it, `item` first
 * @property {HTMLElement} [seat] the element its mark is put in, if that is not `element`
 * @property {number} [group] cards are ordered within their group only; 0 if left out
 * @property {boolean} picture true if the card's top left corner is a picture, and free
 *
 * @typedef {object} Snapshot
 * @property {PageCard[]} cards in the page's order
 * @property {number} expected papers the page seems to list, counted without the parser's selectors; a paper that is
 *   only spoken of (in a comment, in an abstract, beside the list) is not listed
 * @property {HTMLElement | null} island what a framework owns and nobody else may touch before hydration
 * @property {Element | null} before the panel goes before this element
 * @property {Element} [end] where there is no list to go before, the panel goes to the end of this element
 * @property {Element | null} column the panel is as wide as what this element holds
 * @property {boolean} outside true if `before` surely lies outside every island, so that the panel need not wait
 *
 * @typedef {Pick<Snapshot, "island" | "before" | "column" | "outside">} Anchor
 *
 * @typedef {object} Place
 * @property {import("../messages.js").Site} site
 * @property {import("../messages.js").PageKind} kind
 * @property {string} page a kind and a date ("daily/2026-11-20"), never a URL or a query
 * @property {string | null} paper on a page about one paper, its id
 *
 * @typedef {object} SiteModule
 * @property {(location: Location, document: Document) => Place | null} placeOf null where nothing is listed
 * @property {(document: Document, place: Place) => Anchor | null} findAnchor while the page still loads: where the list will
 *   be,
 *   null as long as that is not known
 * @property {(document: Document, place: Place) => Snapshot | null} parse null where the page at this address is none of
 *   ours: an error, a challenge, a file
 * @property {(href: string, place: Place) => string | null} paperOf the paper a link leads to
 * @property {(paper: {id: string, url?: string | null, upvotes?: number | null}, place: Place) => string | null}
 *   addressOf
 *   where a reader of this site reads it, made from its id; null where that is none
 * @property {(target: Element) => HTMLInputElement | null} upvoteOf the box of a logged-in reader's upvote control
 */

/**
 * One line of text: white space collapsed, ends trimmed.
 * @param {string | null | undefined} text
 */
export const clean = (text) => (text ?? "").replace(/\s+/g, " ").trim();

/**
 * Text of an element without the parts that match `without`.
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
 * The known facts of both, those of `first` winning.
 * @param {Card} first
 * @param {Card} second
 * @returns {Card}
 */
export function mergeFacts(first, second) {
  const known = Object.entries(first).filter(([, fact]) => fact !== null && fact !== undefined && String(fact) !== "");
  return { ...second, ...Object.fromEntries(known), id: first.id };
}

/**
 * The nearest element that holds all of them.
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
