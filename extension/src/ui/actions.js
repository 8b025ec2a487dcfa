/** The buttons a paper has everywhere: save, hide, why, undo, and a menu. They act on trusted clicks only. */

import { text } from "../browser.js";
import { icon, make, set } from "./dom.js";

/** @typedef {"save" | "hide" | "why" | "undo" | "menu"} Action */

/**
 * @param {Action} action
 * @param {() => void} act
 * @param {boolean} [isLabelled] shows its name beside the icon
 * @returns {HTMLButtonElement}
 */
export function actionButton(action, act, isLabelled = action === "undo") {
  /** @param {MouseEvent} event */
  const onclick = (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.isTrusted) act();
  };
  const label = text(`page_${action}`);
  const name = isLabelled && make("span", {}, label);
  const facts = { type: "button", class: "icon", "data-action": action, title: label, "aria-label": label };
  return make("button", { ...facts, onclick }, icon(action), name);
}

/**
 * The buttons of one paper.
 * @param {string} title
 * @param {Record<Action, () => void>} act
 * @param {boolean} [isLabelled] shows all names, not that of undo alone
 */
export function paperButtons(title, act, isLabelled = false) {
  const buttons = {
    save: actionButton("save", act.save, isLabelled),
    hide: actionButton("hide", act.hide, isLabelled),
    why: actionButton("why", act.why, isLabelled),
    undo: actionButton("undo", act.undo),
    menu: actionButton("menu", act.menu),
  };
  for (const action of /** @type {const} */ (["hide", "why", "undo", "menu"]))
    set(buttons[action], "aria-label", labelWithTitle(action, title));
  set(buttons.menu, "aria-haspopup", "menu");
  set(buttons.why, "aria-haspopup", "dialog");
  return buttons;
}

const NAMED = {
  save: "page_save_named",
  hide: "page_hide_named",
  why: "page_why_named",
  undo: "page_undo_named",
  menu: "page_menu_named",
};

/**
 * The name of a button with its paper's title, for screen readers.
 * @param {Action} action
 * @param {string} title
 */
export const labelWithTitle = (action, title) => text(NAMED[action], title);

/**
 * Show a save button as pressed or not.
 * @param {HTMLButtonElement} button
 * @param {boolean} saved
 * @param {string} title of the paper, for screen readers
 */
export function showSaved(button, saved, title) {
  set(button, "aria-pressed", String(saved));
  set(button, "title", text(saved ? "page_saved_button" : "page_save"));
  set(button, "aria-label", labelWithTitle("save", title));
  if (button.dataset.drawn === String(saved)) return;
  button.dataset.drawn = String(saved);
  button.firstElementChild?.replaceWith(icon("save", saved));
}

/**
 * Where an arrow key leads in a row: 1 to the next button, -1 to the one before, 0 nowhere. In a row that runs from
 * right to left the keys are swapped.
 * @param {string} key
 * @param {Element} row
 */
export function stepOf(key, row) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
  return getComputedStyle(row).direction === "rtl" ? 0 - step : step;
}

/**
 * Roving tabindex: the Tab key stops once in a row of buttons, and the arrow keys go on from there.
 * @param {HTMLElement} row
 * @returns {() => void} to be called after a button was hidden or shown
 */
export function roving(row) {
  const all = () => /** @type {HTMLButtonElement[]} */ ([...row.querySelectorAll("button.icon")]);
  const visible = () => all().filter((one) => !one.hidden);
  const focused = () => /** @type {ShadowRoot} */ (row.getRootNode()).activeElement;
  /** @param {HTMLButtonElement} [wanted] */
  const update = (wanted) => {
    const buttons = visible();
    const stop = wanted ?? buttons.find((one) => one.tabIndex === 0) ?? buttons[0];
    const lost = focused();
    // The focused button has just been hidden: its neighbour takes the focus, not the top of the page.
    if (lost instanceof HTMLElement && lost.hidden && row.contains(lost))
      buttons.at(-1)?.focus({ preventScroll: true });
    for (const one of all()) one.tabIndex = one === stop ? 0 : -1;
  };
  row.addEventListener("keydown", (event) => {
    const step = stepOf(event.key, row);
    const buttons = visible();
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (focused()));
    if (!step || at < 0) return;
    event.preventDefault();
    const next = buttons[(at + step + buttons.length) % buttons.length];
    update(next);
    next.focus();
  });
  return () => update();
}
