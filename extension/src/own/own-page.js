/**
 * Puts the words of the reader's language into our own pages: `data-text="key"` for text, `data-label="key"` for names.
 */

import { text } from "../browser.js";

/** @param {ParentNode} root */
export function translatePage(root = document) {
  document.documentElement.lang = text("page_language");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-text]")))
    element.textContent = text(element.dataset.text ?? "");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-label]")))
    element.setAttribute("aria-label", text(element.dataset.label ?? ""));
}

/** The element with this id; our own pages always have it. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {string | number} moment RFC 3339 or epoch ms @returns {string} */
export const formatTime = (moment) =>
  new Date(moment).toLocaleString(text("page_language"), { dateStyle: "medium", timeStyle: "short" });
