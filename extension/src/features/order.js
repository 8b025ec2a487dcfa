/**
 * "For you" and the page's own order, by CSS `order` on the grid's own children. No node of the page is ever moved:
 * moved nodes silently break the page's controls.
 *
 * Where the browser knows `reading-flow`, Tab and screen readers follow the visible order. Elsewhere they keep the
 * page's, and the sentence that announces the order says so. On load we reorder only if the list is there at once and
 * the reader has done nothing yet.
 */

import { FROM_PAGE, send } from "../messages.js";
import { text } from "../browser.js";
import { showCards } from "../ui/host.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../sites/site.js").PageCard} PageCard */
/** @typedef {"original" | "foryou"} OrderName */

/** A later list would move cards under the reader's eyes; until then they are not drawn (ui/reserve.css). */
const AT_ONCE_MS = 1200;
/** Added to a sort key: hidden papers come after all others, and each group after the one before it. */
const HIDDEN_OFFSET = 10_000;
const GROUP_OFFSET = 100_000;
/** The server ranks no more cards of a page. */
const MAX_RANKED = 250;

/**
 * The value of `reading-flow` that lets the keyboard follow the visible order; "" if the browser knows none.
 * @param {string} display
 */
const readingFlow = (display) => {
  const value = display.includes("grid") ? "grid-order" : "flex-visual";
  return globalThis.CSS?.supports?.("reading-flow", value) ? value : "";
};

/**
 * Sort keys by paper: group first, then rank. Papers without a rank keep the page's order after the ranked ones;
 * hidden papers come last.
 * @param {Page} page
 * @returns {Map<string, number>}
 */
function computeSortKeys(page) {
  const keys = new Map();
  for (const [at, { card, group = 0 }] of page.cards.entries()) {
    const rank = page.rankingOf(card.id)?.rank ?? HIDDEN_OFFSET / 2 + at;
    const { hidden, disliked } = page.markOf(card.id);
    const key = 1 + rank + (hidden || disliked ? HIDDEN_OFFSET : 0);
    if (!keys.has(card.id)) keys.set(card.id, group * GROUP_OFFSET + key);
  }
  return keys;
}

/** @param {Page} page */
const areRanked = (page) => page.cards.slice(0, MAX_RANKED).every(({ card }) => page.rankingOf(card.id) !== null);

/**
 * The children of a grid in the order the reader is to see them. The cards of each group are sorted among the places
 * of that group; what is no card (a heading, a row of links to other days) keeps its place.
 * @param {Element} grid
 * @param {PageCard[]} cards those of this grid, in the page's order
 * @param {Map<string, number>} sortKeys
 * @returns {HTMLElement[]}
 */
function sortChildren(grid, cards, sortKeys) {
  const cardOf = new Map(cards.flatMap((one) => one.items.map((item) => /** @type {const} */ ([item, one]))));
  const keyOf = (/** @type {PageCard} */ { card }) => (sortKeys.get(card.id) ?? 0) % GROUP_OFFSET;
  const sorted = [...cards].sort((a, b) => keyOf(a) - keyOf(b));
  const waiting = new Map([...groupBy(sorted, groupOf)].map(([group, some]) => [group, some.values()]));
  return /** @type {HTMLElement[]} */ ([...grid.children]).flatMap((child) => {
    const card = cardOf.get(child);
    if (!card) return [child];
    return child === card.items[0] ? (waiting.get(groupOf(card))?.next().value?.items ?? []) : [];
  });
}

/** @param {PageCard} card */
const groupOf = ({ group = 0 }) => group;

/**
 * @template T, K
 * @param {T[]} items
 * @param {(item: T) => K} keyOf
 */
function groupBy(items, keyOf) {
  /** @type {Map<K, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/** The styles we wrote on the page's own elements, and how to remove them. */
class OrderStyles {
  constructor() {
    /** @type {Map<HTMLElement, Set<string>>} */
    this.written = new Map();
  }

  /**
   * @param {HTMLElement} element
   * @param {string} name
   * @param {string} value
   */
  write(element, name, value) {
    this.written.set(element, (this.written.get(element) ?? new Set()).add(name));
    if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
  }

  /**
   * @param {PageCard[]} cards
   * @param {Map<string, number>} sortKeys
   */
  apply(cards, sortKeys) {
    const before = this.written;
    this.written = new Map();
    for (const [grid, own] of byGrid(cards)) {
      this.prepareGrid(grid, before);
      for (const [at, child] of sortChildren(grid, own, sortKeys).entries()) this.write(child, "order", String(at + 1));
    }
    // Elements that no longer stand in a grid of cards get their own styles back.
    for (const [element, names] of before) if (!this.written.has(element)) restore(element, names);
  }

  /**
   * Make a grid obey `order`, and let the keyboard follow where the browser can.
   * @param {HTMLElement} grid
   * @param {Map<HTMLElement, Set<string>>} before what we have written so far
   */
  prepareGrid(grid, before) {
    if (before.get(grid)?.has("flex-direction") || isStacked(grid)) {
      this.write(grid, "display", "flex");
      this.write(grid, "flex-direction", "column");
    }
    const flow = readingFlow(getComputedStyle(grid).display);
    if (flow) this.write(grid, "reading-flow", flow);
  }

  clear() {
    for (const [element, names] of this.written) restore(element, names);
    this.written.clear();
  }
}

/**
 * @param {HTMLElement} element
 * @param {Set<string>} names what we wrote on it
 */
function restore(element, names) {
  for (const name of names) element.style.removeProperty(name);
  if (!element.getAttribute("style")) element.removeAttribute("style");
}

/**
 * The cards of each grid. An item that holds several cards is left out: it has no place of its own.
 * @param {PageCard[]} cards
 */
function byGrid(cards) {
  const alone = [...groupBy(cards, ({ item }) => item).values()].filter(({ length }) => length === 1).flat();
  return groupBy(
    alone.filter(({ item }) => item.parentElement),
    ({ item }) => /** @type {HTMLElement} */ (item.parentElement),
  );
}

/**
 * A plain column of blocks; as a flex column it looks the same.
 * @param {HTMLElement} grid
 */
const isStacked = (grid) => getComputedStyle(grid).display === "block";

/** Orders one page. */
class Orderer {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.styles = new OrderStyles();
    /** True once the reader's preference for this page was applied, or came too late. */
    this.isSettled = false;
    /** False while some of the ordered cards still have no rank. */
    this.wasRanked = true;
  }

  /** @param {OrderName} name */
  apply(name) {
    const { page } = this;
    page.sortKeys = name === "foryou" && page.listId && page.cards.length ? computeSortKeys(page) : null;
    this.wasRanked = areRanked(page);
    if (page.sortKeys) this.styles.apply(page.cards, page.sortKeys);
    else this.styles.clear();
    showCards();
    page.emit("order");
  }

  /** @param {OrderName} name what the reader asked for */
  choose(name) {
    const { page } = this;
    this.apply(name);
    if (name === "foryou" && !page.sortKeys) return page.warn(text("page_said_cannot_order"));
    send(FROM_PAGE.settingsSet, { order: name });
    const follows = readingFlow("grid") !== "";
    page.say(text(name === "original" ? "page_said_original" : follows ? "page_said_foryou" : "page_said_foryou_tab"));
  }

  /** Other cards, or another view. */
  refresh() {
    const { page } = this;
    if (page.sortKeys) return this.refreshForYou(page.sortKeys);
    if (this.isSettled || !page.cards.length) return;
    if (!page.listId) return page.state === "offline" ? showCards() : undefined;
    const isWanted = page.view?.settings.order === "foryou";
    const isAtOnce = performance.now() - page.attention.began < AT_ONCE_MS && !page.attention.acted;
    // A list from an earlier visit may lack some of today's cards; the new one is on its way.
    if (isWanted && isAtOnce && page.state === "ready" && !areRanked(page)) return;
    this.isSettled = true;
    if (isWanted && isAtOnce) this.apply("foryou");
    showCards();
  }

  /** @param {Map<string, number>} sortKeys */
  refreshForYou(sortKeys) {
    const { page } = this;
    const hasNew = page.cards.some(({ card }) => !sortKeys.has(card.id));
    const isNowRanked = !this.wasRanked && areRanked(page);
    if (hasNew || isNowRanked) this.apply("foryou");
    else this.styles.apply(page.cards, sortKeys);
  }

  /** The address changed: begin anew. */
  reset() {
    this.isSettled = false;
    this.apply("original");
  }

  remove() {
    showCards();
    this.styles.clear();
    this.page.sortKeys = null;
  }
}

/** @type {import("../page/lifecycle.js").Feature} */
export const order = {
  runs: ({ state, place: { kind } }) =>
    (state === "ready" || state === "offline") && kind !== "paper" && kind !== "abs",
  init(page, signal) {
    const orderer = new Orderer(page);
    /** @param {string} command */
    const onCommand = (command) => command === "toggle-order" && orderer.choose(page.sortKeys ? "original" : "foryou");
    page.on("ask-order", (name) => orderer.choose(name), signal);
    page.on("command", onCommand, signal);
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "after-scan"]))
      page.on(name, () => orderer.refresh(), signal);
    page.on("place", () => orderer.reset(), signal);
    signal.addEventListener("abort", () => orderer.remove());
    orderer.refresh();
  },
};
