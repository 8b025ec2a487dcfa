/** What each of our own pages needs: words in the reader's language, elements by id, the worker's replies. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";

/**
 * Put the reader's language into a page: `data-text="key"` becomes text, `data-label="key"` an accessible name.
 * @param {ParentNode} root
 */
export function translatePage(root = document) {
  document.documentElement.lang = text("page_language");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-text]")))
    element.textContent = text(element.dataset.text ?? "");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-label]")))
    element.setAttribute("aria-label", text(element.dataset.label ?? ""));
}

/**
 * The element with this id; our own pages always have it.
 * @param {string} id
 * @returns {any}
 */
export const byId = (id) => document.getElementById(id);

/**
 * Date and time in the reader's language.
 * @param {string | number} moment RFC 3339 or epoch milliseconds
 * @returns {string}
 */
export const formatTime = (moment) =>
  new Date(moment).toLocaleString(text("page_language"), { dateStyle: "medium", timeStyle: "short" });

/**
 * The date alone, in the reader's language.
 * @param {string | number} moment RFC 3339 or epoch milliseconds
 * @returns {string}
 */
export const formatDay = (moment) =>
  new Date(moment).toLocaleDateString(text("page_language"), { dateStyle: "medium" });

/**
 * Show a sentence in the page's status line, which screen readers read aloud.
 * @param {string} sentence
 */
export const say = (sentence) => {
  byId("said").textContent = sentence;
};

/**
 * Ask the worker; if it refuses, say why.
 * @param {string} type
 * @param {object} [fields]
 * @returns {Promise<any>} the reply
 */
export async function ask(type, fields) {
  const reply = await send(type, fields);
  if (!reply.ok) say(reply.error.message);
  return reply;
}

/** Let buttons with `data-page` open that page of the reader's on the server. */
export function linkPages() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-page]")))
    button.addEventListener("click", () => ask(FROM_OWN.openPage, { page: button.dataset.page }));
}
