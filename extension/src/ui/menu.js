/** A paper's menu: what is wanted less often than a button. Arrow keys go from entry to entry, and round. */

import { text } from "../browser.js";
import { openBox } from "./box.js";
import { make } from "./dom.js";
import { openSimilar } from "./similar.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../page/page.js").Where} Where */

export const MENU_STYLE = `
.menu { padding: 5px; width: max-content; min-width: 180px; display: none; }
.menu:popover-open { display: grid; gap: 1px; }
.menu button { justify-content: start; padding: 7px 10px; font-size: 13px; color: var(--ink); }
.menu button:focus-visible { outline-offset: -2px; }
`;

/** @type {Record<string, (at: number, count: number) => number>} */
const STEPS = {
  ArrowDown: (at, count) => (at + 1) % count,
  ArrowUp: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** @param {KeyboardEvent} event */
function stepMenu(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const entries = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role=menuitem]")]);
  const focused = /** @type {ShadowRoot} */ (menu.getRootNode()).activeElement;
  const next = STEPS[event.key]?.(entries.indexOf(/** @type {HTMLElement} */ (focused)), entries.length);
  // Tab leaves a menu as a whole.
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  entries[next].focus();
}

/**
 * @param {string} action
 * @param {string} label
 * @param {() => void} act
 */
function entry(action, label, act) {
  /** @param {Event} event */
  const onclick = (event) => {
    if (!event.isTrusted) return;
    /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.currentTarget).parentElement).hidePopover();
    act();
  };
  return make("button", { type: "button", role: "menuitem", tabindex: -1, "data-action": action, onclick }, label);
}

/**
 * Open the menu of a paper beside its button.
 * @param {Page} page
 * @param {HTMLElement} button
 * @param {{id: string, title: string}} paper
 * @param {Where} where
 */
export function openMenu(page, button, paper, where) {
  const isDisliked = page.markOf(paper.id).disliked === true;
  const entries = [
    entry("similar", text("page_similar"), () => openSimilar(page, button, paper)),
    isDisliked
      ? entry("unless", text("page_less_undo"), () => page.undo(paper.id, where.surface))
      : entry("less", text("page_less"), () => page.act("dislike", paper.id, where)),
  ];
  const label = text("page_menu_named", paper.title);
  const facts = { class: "box menu", popover: "auto", role: "menu", "aria-label": label, onkeydown: stepMenu };
  const menu = make("div", facts, ...entries);
  openBox(button, menu, entries[0]);
}
