/**
 * Keys for what the buttons do, re-mappable in the options. They never act while the reader types, nor with Ctrl, Alt
 * or
 * Meta held: those belong to the browser and the page.
 */

import { isAlive, text } from "../browser.js";

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
 * The papers in the order the reader sees, each with its elements and its mark.
 * @param {Page} page
 */
function stops(page) {
  return page.orderedPapers.flatMap((paper) => {
    const one = page.cards.find(({ card }) => card.id === paper);
    const inside = (one?.seat ?? one?.element)?.querySelector(":scope > [data-inkling=mark]");
    const mark = inside ?? document.querySelector(BAR);
    return one && mark instanceof HTMLElement ? [{ ...one, mark }] : [];
  });
}

/** @param {HTMLElement} mark @param {string} action */
const buttonOf = (mark, action) =>
  /** @type {HTMLButtonElement | null | undefined} */ (
    mark.shadowRoot?.querySelector(`[data-action="${action}"]:not([hidden])`)
  );

/**
 * Where the reader is: the card that holds the focus, or the first one in view. @param {ReturnType<typeof stops>} all
 */
function current(all) {
  return all.findIndex(
    ({ items, mark }) => mark === document.activeElement || items.some((item) => item.contains(document.activeElement)),
  );
}

/** @param {ReturnType<typeof stops>} all */
function firstInView(all) {
  return Math.max(
    0,
    all.findIndex(({ element }) => element.getBoundingClientRect().bottom > 80),
  );
}

/** @param {Page} page @param {1 | -1} step */
function go(page, step) {
  const all = stops(page);
  if (!all.length) return;
  const at = current(all);
  const next = all[at < 0 ? firstInView(all) : Math.max(0, Math.min(all.length - 1, at + step))];
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  next.element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
  next.mark.dataset.open = "";
  buttonOf(next.mark, "save")?.focus({ preventScroll: true });
}

/** @typedef {{surface: import("../messages.js").Surface, position?: number, list_id?: string}} Where */

/**
 * The paper the reader is at: on its own page, in the panel, or the card that holds the focus.
 * @param {Page} page
 * @returns {{paper: string, element: Element, where: Where} | null}
 */
function focused(page) {
  const panel = document.querySelector("[data-inkling=panel]")?.shadowRoot?.activeElement?.closest("[data-paper]");
  if (panel instanceof HTMLElement) {
    const { paper = "", position, list } = panel.dataset;
    return { paper, element: panel, where: { surface: "panel", position: Number(position), list_id: list } };
  }
  const all = stops(page);
  const one = all[page.place.paper ? 0 : current(all)];
  if (!one) return null;
  const paper = one.card.id;
  const position = page.place.paper ? null : page.positionOf(paper);
  const surface = page.place.paper ? "paper_page" : "card";
  return { paper, element: one.mark, where: position ? { surface, position } : { surface } };
}

/** @param {Page} page @param {"save" | "hide" | "undo" | "why"} action */
function actOn(page, action) {
  const at = focused(page);
  if (!at) return page.warn(text("page_said_no_card"));
  const { saved, hidden } = page.markOf(at.paper);
  if (action === "why") return at.element.dispatchEvent(new CustomEvent("inkling-why"));
  if (action === "undo" || (action === "hide" && hidden)) return page.undo(at.paper, at.where.surface);
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

/** Held keys walk on; they do not save and unsave in turn. */
const REPEATABLE = new Set(["next", "previous"]);

/**
 * What a key press asks for, if it is ours to answer.
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
    const pressed = (event) => {
      const action = actionOf(page, event);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isAlive()) return page.emit("replaced");
      ACTIONS[action](page);
    };
    addEventListener("keydown", pressed, { signal });
  },
};
