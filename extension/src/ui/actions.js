/** The buttons a paper has everywhere: save, hide, why, undo, and a menu. They act on trusted clicks only. */

import { text } from "../browser.js";
import { icon, make, set } from "./dom.js";

/** @typedef {"save" | "hide" | "why" | "undo" | "menu"} Action */

/** In the order shown. @type {readonly Action[]} */
const ACTIONS = ["save", "hide", "why", "undo", "menu"];

/**
 * @param {Action} action
 * @param {boolean} isLabelled shows its name
 * @returns {HTMLButtonElement}
 */
function drawButton(action, isLabelled) {
  const label = text(`page_${action}`);
  const facts = { type: "button", class: "icon", "data-action": action, title: label, "aria-label": label };
  return make("button", facts, isLabelled && make("span", {}, label));
}

/**
 * A button alone.
 * @param {Action} action
 * @param {() => void} act
 * @returns {HTMLButtonElement}
 */
export function actionButton(action, act) {
  const button = drawButton(action, action === "undo");
  button.prepend(icon(action));
  button.addEventListener("click", (event) => take(event) && act());
  return button;
}

/**
 * Keep a click on one of our buttons from the page; true if the reader made it.
 * @param {Event} event
 */
function take(event) {
  event.preventDefault();
  event.stopPropagation();
  return event.isTrusted;
}

/**
 * A row of a paper's buttons, before anything was pressed, without icons. Made once and copied.
 * @param {string} className
 * @param {boolean} isLabelled shows all names, not that of undo alone
 * @param {...Node} before stand in the row before the buttons
 */
export function drawRow(className, isLabelled, ...before) {
  const buttons = ACTIONS.map((action) => drawButton(action, action === "undo" || (isLabelled && action !== "menu")));
  const [save, , why, undo, menu] = buttons;
  for (const button of buttons) button.tabIndex = button === save ? 0 : -1;
  set(save, "aria-pressed", "false");
  set(why, "aria-haspopup", "dialog");
  set(undo, "hidden", true);
  set(menu, "aria-haspopup", "menu");
  return make("div", { class: className, role: "toolbar" }, ...before, ...buttons);
}

/**
 * Have a row act for one paper, and name it to screen readers.
 * @param {HTMLElement} row
 * @param {string} title
 * @param {Record<Action, () => void>} act
 */
export function bindRow(row, title, act) {
  const found = row.getElementsByClassName("icon");
  const buttons = /** @type {Record<Action, HTMLButtonElement>} */ ({});
  for (const [at, action] of ACTIONS.entries()) {
    buttons[action] = /** @type {HTMLButtonElement} */ (found[at]);
    buttons[action].setAttribute("aria-label", labelWithTitle(action, title));
  }
  row.setAttribute("aria-label", text("page_mark_label", title));
  row.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest(".icon");
    if (button && take(event)) act[/** @type {Action} */ (button.getAttribute("data-action"))]();
  });
  return buttons;
}

/**
 * Give the buttons in a row the icons that they have not got yet.
 * @template {ParentNode} T
 * @param {T} row
 */
export function drawIcons(row) {
  for (const button of row.querySelectorAll("[data-action].icon:not(:has(svg))"))
    button.prepend(icon(/** @type {Action} */ (button.getAttribute("data-action")), isPressed(button)));
  return row;
}

/** @param {Element} button */
const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

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
  const wasPressed = isPressed(button);
  set(button, "aria-pressed", String(saved));
  set(button, "title", text(saved ? "page_saved_button" : "page_save"));
  set(button, "aria-label", labelWithTitle("save", title));
  if (wasPressed !== saved) button.querySelector("svg")?.replaceWith(icon("save", saved));
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
