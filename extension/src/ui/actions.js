/** The buttons a paper has everywhere: save, hide, why, undo. They act on trusted clicks alone. */

import { text } from "../browser.js";
import { icon, make, set } from "./dom.js";

/** @typedef {"save" | "hide" | "why" | "undo" | "order" | "more"} Action */

/**
 * @param {Action} action
 * @param {(event: MouseEvent) => void} act
 * @param {boolean} [named] its name beside the icon
 * @returns {HTMLButtonElement}
 */
export function actionButton(action, act, named = action === "undo") {
  /** @param {MouseEvent} event */
  const onclick = (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.isTrusted) act(event);
  };
  const drawn = icon(/** @type {"save"} */ (action));
  const label = text(`page_${action}`);
  const name = named && make("span", {}, label);
  const attributes = {
    type: "button",
    class: "icon",
    "data-action": action,
    title: label,
    "aria-label": label,
    onclick,
  };
  return make("button", attributes, drawn, name);
}

const NAMED = { save: "page_save_named", hide: "page_hide_named", why: "page_why_named", undo: "page_undo_named" };

/**
 * What a button is called by those who hear it apart from its paper. @param {keyof typeof NAMED} action @param {string}
 * title
 */
export const nameOf = (action, title) => text(NAMED[action], title);

/**
 * Show a save button as pressed or not.
 * @param {HTMLButtonElement} button
 * @param {boolean} saved
 * @param {string} title of the paper, for those who hear it
 */
export function showSaved(button, saved, title) {
  set(button, "aria-pressed", String(saved));
  const label = text(saved ? "page_saved_button" : "page_save");
  set(button, "title", label);
  set(button, "aria-label", nameOf("save", title));
  if (button.dataset.drawn === String(saved)) return;
  button.dataset.drawn = String(saved);
  button.firstElementChild?.replaceWith(icon("save", saved));
}

/**
 * Where an arrow key leads in a row: to the next one, to the one before, or nowhere; in the direction in which the row
 * runs.
 * @param {string} key
 * @param {Element} row
 */
export function stepOf(key, row) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
  return getComputedStyle(row).direction === "rtl" ? 0 - step : step;
}

/**
 * One stop for the Tab key in a row of buttons; the arrow keys go on from there.
 * @param {HTMLElement} row
 */
export function roving(row) {
  const all = () => /** @type {HTMLButtonElement[]} */ ([...row.querySelectorAll("button.icon")]);
  const buttons = () => all().filter((one) => !one.hidden);
  const focused = () => /** @type {ShadowRoot} */ (row.getRootNode()).activeElement;
  /** @param {HTMLButtonElement} [now] */
  const settle = (now) => {
    const shown = buttons();
    const stop = now ?? shown.find((one) => one.tabIndex === 0) ?? shown[0];
    const lost = focused();
    // The button that had the focus has just gone: its neighbour takes it, not the top of the page.
    if (lost instanceof HTMLElement && lost.hidden && row.contains(lost)) shown.at(-1)?.focus({ preventScroll: true });
    for (const one of all()) one.tabIndex = one === stop ? 0 : -1;
  };
  row.addEventListener("keydown", (event) => {
    const step = stepOf(event.key, row);
    const shown = buttons();
    const at = shown.indexOf(/** @type {HTMLButtonElement} */ (focused()));
    if (!step || at < 0) return;
    event.preventDefault();
    const next = shown[(at + step + shown.length) % shown.length];
    settle(next);
    next.focus();
  });
  return () => settle();
}
