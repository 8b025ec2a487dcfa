/**
 * Keys for what the buttons do; the reader can change them in the options. They never act while the reader types, nor
 * with Ctrl, Alt or Meta held: those belong to the browser and the page.
 */

import { isAlive, text } from "../browser.js";
import { openMark } from "../ui/mark.js";

/** @typedef {import("../page/page.js").Page} Page */

const TYPING = [
  "input:not([type=checkbox], [type=radio], [type=button], [type=submit])",
  "textarea, select, [contenteditable]:not([contenteditable=false])",
  "[role=textbox], [role=combobox], [role=searchbox]",
].join();
const BAR = "[data-inkling=mark][data-where=bar]";

/** @param {KeyboardEvent} event */
function isTyping(event) {
  return event.composedPath().some((one) => one instanceof Element && one.matches(TYPING));
}

/**
 * The page's papers in the order shown, each with its card and mark: of a paper shown twice, the card with the focus.
 * @param {Page} page
 */
function cardsWithMarks(page) {
  const focused = page.cards.find(({ items }) => items.some((item) => item.contains(document.activeElement)));
  return page.orderedPapers.flatMap((paper) => {
    const one = focused?.card.id === paper ? focused : page.cards.find(({ card }) => card.id === paper);
    const own = (one?.seat ?? one?.element)?.querySelector(":scope > [data-inkling=mark]");
    const mark = own ?? document.querySelector(BAR);
    return one && mark instanceof HTMLElement ? [{ ...one, mark }] : [];
  });
}

/**
 * @param {HTMLElement} mark
 * @param {string} action
 */
const buttonOf = (mark, action) =>
  /** @type {HTMLButtonElement | null | undefined} */ (
    mark.shadowRoot?.querySelector(`[data-action="${action}"]:not([hidden])`)
  );

/**
 * The index of the card that has the focus; -1 if none has.
 * @param {ReturnType<typeof cardsWithMarks>} cards
 */
function focusedIndex(cards) {
  return cards.findIndex(
    ({ items, mark }) => mark === document.activeElement || items.some((item) => item.contains(document.activeElement)),
  );
}

/** @param {ReturnType<typeof cardsWithMarks>} cards */
function firstVisibleIndex(cards) {
  const at = cards.findIndex(({ element }) => element.getBoundingClientRect().bottom > 80);
  return Math.max(0, at);
}

/**
 * Move the focus to the next or the previous card.
 * @param {Page} page
 * @param {1 | -1} step
 */
function go(page, step) {
  const cards = cardsWithMarks(page);
  if (!cards.length) return;
  const at = focusedIndex(cards);
  const next = cards[at < 0 ? firstVisibleIndex(cards) : Math.max(0, Math.min(cards.length - 1, at + step))];
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  next.element.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
  openMark(next.mark);
  buttonOf(next.mark, "save")?.focus({ preventScroll: true });
}

/**
 * The paper the reader is at: in the panel, on its own page, or the card that has the focus.
 * @param {Page} page
 * @returns {{paper: string, element: Element, where: import("../page/page.js").Where} | null}
 */
function focusedPaper(page) {
  const panel = document.querySelector("[data-inkling=panel]")?.shadowRoot?.activeElement?.closest("[data-paper]");
  if (panel instanceof HTMLElement) {
    const { paper = "", position, list } = panel.dataset;
    return { paper, element: panel, where: { surface: "panel", position: Number(position), list_id: list } };
  }
  const cards = cardsWithMarks(page);
  const one = cards[page.place.paper ? 0 : focusedIndex(cards)];
  if (!one) return null;
  const paper = one.card.id;
  const position = page.place.paper ? null : page.positionOf(paper);
  const surface = page.place.paper ? "paper_page" : "card";
  return { paper, element: one.mark, where: position ? { surface, position } : { surface } };
}

/**
 * @param {Page} page
 * @param {"save" | "hide" | "undo" | "why"} action
 */
function actOn(page, action) {
  const at = focusedPaper(page);
  if (!at) return page.warn(text("page_said_no_card"));
  const { saved, hidden, disliked } = page.markOf(at.paper);
  if (action === "why") return at.element.dispatchEvent(new CustomEvent("inkling-why"));
  if (action === "undo" || (action === "hide" && (hidden || disliked))) return page.undo(at.paper, at.where.surface);
  return page.act(action === "save" && saved ? "unsave" : action, at.paper, at.where);
}

/** @type {Record<string, (page: Page) => void>} */
const ACTIONS = {
  next: (page) => go(page, 1),
  previous: (page) => go(page, -1),
  save: (page) => actOn(page, "save"),
  hide: (page) => actOn(page, "hide"),
  undo: (page) => actOn(page, "undo"),
  why: (page) => actOn(page, "why"),
  order: (page) => page.emit("ask-order", page.sortKeys ? "original" : "foryou"),
};

/** A held key goes on from card to card; it does not save and unsave in turn. */
const REPEATABLE = new Set(["next", "previous"]);

/**
 * The action a key press asks for; undefined if it is not for us.
 * @param {Page} page
 * @param {KeyboardEvent} event
 */
function actionOf(page, event) {
  const { isTrusted, defaultPrevented, ctrlKey, altKey, metaKey, isComposing, key } = event;
  if (!isTrusted || defaultPrevented || ctrlKey || altKey || metaKey || isComposing || isTyping(event))
    return undefined;
  if (event.shiftKey && /^[a-z]$/i.test(key)) return undefined;
  const keys = page.view?.settings.shortcuts ?? {};
  const action = Object.keys(ACTIONS).find((one) => keys[one] && keys[one].toLowerCase() === key.toLowerCase());
  return event.repeat && !REPEATABLE.has(action ?? "") ? undefined : action;
}

/** @type {import("../page/lifecycle.js").Feature} */
export const shortcuts = {
  runs: ({ state }) => state === "ready" || state === "offline",
  init(page, signal) {
    /** @param {KeyboardEvent} event */
    const onKeydown = (event) => {
      const action = actionOf(page, event);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isAlive()) return page.emit("replaced");
      ACTIONS[action](page);
    };
    addEventListener("keydown", onKeydown, { signal });
  },
};
