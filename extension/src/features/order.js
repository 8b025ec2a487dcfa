/**
 * "For you" and the page's own order, by CSS `order` on the grid's own children: no node of the page is ever moved,
 * since
 * moved nodes break the page's controls without a word.
 *
 * Where the browser knows `reading-flow`, Tab and screen readers follow the order that is seen; elsewhere they keep the
 * page's, and the sentence that announces the order says so. On load it is applied only if the answer is there at once
 * and the reader has done nothing yet.
 */

import { FROM_PAGE, send } from "../messages.js";
import { text } from "../browser.js";
import { showCards } from "../ui/host.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../sites/site.js").PageCard} PageCard */

/**
 * An answer later than this would move cards under the reader's eyes: until then they wait to be drawn
 * (ui/reserve.css).
 */
const AT_ONCE = 1200;
const LAST = 10_000;
const GROUP = 100_000;

/** Does the browser let the keyboard follow the order that is seen? @param {string} display */
const flowOf = (display) => {
  const value = display.includes("grid") ? "grid-order" : "flex-visual";
  return globalThis.CSS?.supports?.("reading-flow", value) ? value : "";
};

/**
 * Each paper's turn: its group, then by rank; hidden ones and those without rank last, in the page's order.
 * @param {Page} page
 * @returns {Map<string, number>}
 */
function computeSortKeys(page) {
  const sortKeys = new Map();
  for (const [at, { card, group = 0 }] of page.cards.entries()) {
    const rank = page.rankingOf(card.id)?.rank ?? LAST / 2 + at;
    const turn = 1 + rank + (page.markOf(card.id).hidden ? LAST : 0);
    if (!sortKeys.has(card.id)) sortKeys.set(card.id, group * GROUP + turn);
  }
  return sortKeys;
}

/** The server ranks no more of a page. */
const RANKED = 250;

/** @param {Page} page */
const areRanked = (page) => page.cards.slice(0, RANKED).every(({ card }) => page.rankingOf(card.id) !== null);

/**
 * The children of a grid as the eye is to meet them: the cards of each group take the places of that group's cards by
 * their
 * sortKeys; what is no card (a heading, a row of links to other days) keeps its place among them.
 * @param {Element} grid
 * @param {PageCard[]} cards those of this grid, in the page's order
 * @param {Map<string, number>} sortKeys
 * @returns {HTMLElement[]}
 */
function inOrder(grid, cards, sortKeys) {
  const cardOf = new Map(cards.flatMap((one) => one.items.map((item) => /** @type {const} */ ([item, one]))));
  const sortKeyOf = (/** @type {PageCard} */ { card }) => (sortKeys.get(card.id) ?? 0) % GROUP;
  const sorted = [...cards].sort((a, b) => sortKeyOf(a) - sortKeyOf(b));
  const waiting = new Map([...grouped(sorted, groupOf)].map(([group, some]) => [group, some.values()]));
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
 * @param {T[]} things
 * @param {(thing: T) => K} keyOf
 */
function grouped(things, keyOf) {
  /** @type {Map<K, T[]>} */
  const groups = new Map();
  for (const thing of things) {
    const group = groups.get(keyOf(thing));
    if (group) group.push(thing);
    else groups.set(keyOf(thing), [thing]);
  }
  return groups;
}

/** What we wrote on the page's own elements, and how to take it away. */
class Order {
  constructor() {
    /** @type {Map<HTMLElement, Set<string>>} */
    this.written = new Map();
  }

  /** @param {HTMLElement} element @param {string} name @param {string} value */
  write(element, name, value) {
    this.written.set(element, (this.written.get(element) ?? new Set()).add(name));
    if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
  }

  /** @param {PageCard[]} cards @param {Map<string, number>} sortKeys */
  apply(cards, sortKeys) {
    const before = this.written;
    this.written = new Map();
    for (const [grid, own] of byGrid(cards)) {
      this.prepare(grid, before);
      for (const [at, child] of inOrder(grid, own, sortKeys).entries()) this.write(child, "order", String(at + 1));
    }
    // What is no longer in a grid of cards is the page's alone.
    for (const [element, names] of before) if (!this.written.has(element)) restore(element, names);
  }

  /**
   * A grid that orders its children, and lets the keyboard follow where the browser can.
   * @param {HTMLElement} grid
   * @param {Map<HTMLElement, Set<string>>} before what is written on it already
   */
  prepare(grid, before) {
    if (before.get(grid)?.has("flex-direction") || isStacked(grid)) {
      this.write(grid, "display", "flex");
      this.write(grid, "flex-direction", "column");
    }
    const flow = flowOf(getComputedStyle(grid).display);
    if (flow) this.write(grid, "reading-flow", flow);
  }

  clear() {
    for (const [element, names] of this.written) restore(element, names);
    this.written.clear();
  }
}

/** @param {HTMLElement} element @param {Set<string>} names what we wrote on it */
function restore(element, names) {
  for (const name of names) element.style.removeProperty(name);
  if (!element.getAttribute("style")) element.removeAttribute("style");
}

/**
 * The cards of each grid. What holds several cards at once is no place for any one of them.
 * @param {PageCard[]} cards
 */
function byGrid(cards) {
  const alone = [...grouped(cards, ({ item }) => item).values()].filter(({ length }) => length === 1).flat();
  return grouped(
    alone.filter(({ item }) => item.parentElement),
    ({ item }) => /** @type {HTMLElement} */ (item.parentElement),
  );
}

/** A plain column of blocks, which a flex column looks the same as. @param {HTMLElement} grid */
const isStacked = (grid) => getComputedStyle(grid).display === "block";

/** @type {import("../page/lifecycle.js").Feature} */
export const order = {
  runs: ({ state, place: { kind } }) =>
    (state === "ready" || state === "offline") && kind !== "paper" && kind !== "abs",
  init(page, signal) {
    const written = new Order();
    let tried = false;
    /** False while some of the cards that are ordered still wait for their rank. */
    let isRanked = true;
    /** @param {"original" | "foryou"} wanted */
    const put = (wanted) => {
      page.sortKeys = wanted === "foryou" && page.listId && page.cards.length ? computeSortKeys(page) : null;
      isRanked = areRanked(page);
      if (page.sortKeys) written.apply(page.cards, page.sortKeys);
      else written.clear();
      showCards();
      page.emit("order");
    };
    /** @param {"original" | "foryou"} wanted */
    const asked = (wanted) => {
      put(wanted);
      if (wanted === "foryou" && !page.sortKeys) return page.warn(text("page_said_cannot_order"));
      send(FROM_PAGE.settingsSet, { order: wanted });
      const flows = flowOf("grid") !== "";
      page.say(
        text(wanted === "original" ? "page_said_original" : flows ? "page_said_foryou" : "page_said_foryou_tab"),
      );
    };
    page.on("ask-order", asked, signal);
    page.on("command", (command) => command === "toggle-order" && asked(page.sortKeys ? "original" : "foryou"), signal);
    const renewOn = () => {
      const sortKeys = /** @type {Map<string, number>} */ (page.sortKeys);
      const hasNew = page.cards.some(({ card }) => !sortKeys.has(card.id));
      const isAnswered = !isRanked && areRanked(page);
      if (!hasNew && !isAnswered) return written.apply(page.cards, sortKeys);
      put("foryou");
    };
    const renew = () => {
      if (page.sortKeys) return renewOn();
      if (tried || !page.cards.length) return;
      if (!page.listId) return page.state === "offline" ? showCards() : undefined;
      const isWanted = page.view?.settings.order === "foryou";
      const atOnce = performance.now() - page.attention.began < AT_ONCE && !page.attention.acted;
      // A list of an earlier visit may lack cards of today's: its answer is on its way.
      if (isWanted && atOnce && page.state === "ready" && !areRanked(page)) return;
      tried = true;
      if (isWanted && atOnce) put("foryou");
      showCards();
    };
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "after-scan"])) page.on(name, renew, signal);
    page.on(
      "place",
      () => {
        tried = false;
        put("original");
      },
      signal,
    );
    signal.addEventListener("abort", () => {
      showCards();
      written.clear();
      page.sortKeys = null;
    });
    renew();
  },
};
