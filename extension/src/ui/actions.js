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
  const button = make("button", { type: "button", class: "icon", "data-action": action, title: label, "aria-label": label, onclick }, drawn, name);
  return button;
}

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
  set(button, "aria-label", `${text("page_save")}: ${title}`);
  if (button.dataset.drawn === String(saved)) return;
  button.dataset.drawn = String(saved);
  button.firstElementChild?.replaceWith(icon("save", saved));
}

/**
 * One stop for the Tab key in a row of buttons; the arrow keys go on from there.
 * @param {HTMLElement} row
 */
export function roving(row) {
  const buttons = () => /** @type {HTMLButtonElement[]} */ ([...row.querySelectorAll("button.icon")].filter((one) => !(/** @type {HTMLElement} */ (one).hidden)));
  const focused = () => /** @type {ShadowRoot} */ (row.getRootNode()).activeElement;
  /** @param {HTMLButtonElement} [now] */
  const settle = (now) => {
    const all = buttons();
    const stop = now ?? all.find((one) => one.tabIndex === 0) ?? all[0];
    const lost = focused();
    // The button that had the focus has just gone: its neighbour takes it, not the top of the page.
    if (lost instanceof HTMLElement && lost.hidden && row.contains(lost)) all.at(-1)?.focus({ preventScroll: true });
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll("button.icon"))) one.tabIndex = one === stop ? 0 : -1;
  };
  row.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = buttons();
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (focused()));
    if (!step || at < 0) return;
    event.preventDefault();
    const next = all[(at + step + all.length) % all.length];
    settle(next);
    next.focus();
  });
  return () => settle();
}
