/**
 * Keys for what the buttons do, re-mappable in the options. They never act while the reader types, nor with Ctrl, Alt or
 * Meta held: those belong to the browser and the page.
 */

import { text } from "../browser.js";

/** @typedef {import("../page/page.js").Page} Page */

const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox], [role=searchbox]";

/** @param {KeyboardEvent} event */
function isTyping(event) {
  return event.composedPath().some((one) => one instanceof Element && one.matches(TYPING));
}

/**
 * The papers in the order the reader sees, each with its elements and its mark.
 * @param {Page} page
 */
function stops(page) {
  return page.shown.flatMap((paper) => {
    const one = page.cards.find(({ card }) => card.id === paper);
    const mark = /** @type {HTMLElement | null} */ ((one?.seat ?? one?.element)?.querySelector(":scope > [data-inkling=mark]") ?? document.querySelector("[data-inkling=mark][data-where=bar]"));
    return one && mark ? [{ ...one, mark }] : [];
  });
}

/** @param {HTMLElement} mark @param {string} action */
const buttonOf = (mark, action) => /** @type {HTMLButtonElement | null | undefined} */ (mark.shadowRoot?.querySelector(`[data-action="${action}"]:not([hidden])`));

/** Where the reader is: the card that holds the focus, or the first one in view. @param {ReturnType<typeof stops>} all */
function current(all) {
  const focused = all.findIndex(({ items, mark }) => items.some((item) => item.contains(document.activeElement)) || mark === document.activeElement);
  return focused;
}

/** @param {ReturnType<typeof stops>} all */
function firstInView(all) {
  return Math.max(0, all.findIndex(({ element }) => element.getBoundingClientRect().bottom > 80));
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

/** @type {import("../page/run.js").Feature} */
export const shortcuts = {
  runs: ({ state }) => state === "ready" || state === "offline",
  init(page, signal) {
    /** @param {"save" | "hide" | "undo"} action */
    const actHere = (action) => {
      const all = stops(page);
      const one = all[page.place.paper ? 0 : current(all)];
      if (!one) return page.say(text("page_said_no_card"));
      const paper = one.card.id;
      const where = /** @type {const} */ ({ surface: page.place.paper ? "paper_page" : "card" });
      if (action === "undo" || (action === "hide" && page.mark(paper).hidden)) return page.undo(paper, where.surface);
      return page.act(action === "save" && page.mark(paper).saved ? "unsave" : action, paper, where);
    };
    const why = () => {
      const all = stops(page);
      const one = all[page.place.paper ? 0 : current(all)];
      if (one) one.mark.dispatchEvent(new CustomEvent("inkling-why"));
    };
    /** @type {Record<string, () => void>} */
    const actions = {
      next: () => go(page, 1),
      previous: () => go(page, -1),
      save: () => actHere("save"),
      hide: () => actHere("hide"),
      undo: () => actHere("undo"),
      why,
      order: () => page.tell("ask-order", page.turns ? "original" : "foryou"),
    };
    addEventListener("keydown", (event) => {
      if (!event.isTrusted || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event)) return;
      const keys = page.view?.settings.shortcuts ?? {};
      const action = Object.keys(actions).find((one) => keys[one] && keys[one].toLowerCase() === event.key.toLowerCase());
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      actions[action]();
    }, { signal });
  },
};
