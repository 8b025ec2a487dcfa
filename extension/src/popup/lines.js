/** What the popup's lists are made of: one line a paper, with its link and its buttons. */

import { addressOf } from "../paper-ids.js";
import { make } from "../ui/dom.js";

const MAX_NAMES = 3;

/**
 * @typedef {{id: string, title: string | null, url?: string | null, upvotes?: number | null, authors?: string[]}} Named
 *   a paper as far as a line needs it
 */

/** @param {Named} paper */
export const paperLink = (paper) =>
  make("a", { href: addressOf(paper), target: "_blank", rel: "noopener" }, paper.title ?? paper.id);

/**
 * @param {Named} paper
 * @param {(Node | string | false)[]} notes each on a line of its own, a text in small letters
 * @param {...(Node | false)} buttons
 */
export function paperLine(paper, notes, ...buttons) {
  const authors = (paper.authors ?? []).slice(0, MAX_NAMES).join(", ");
  const lines = [authors, ...notes].filter(Boolean).map((note) => [make("br"), toNote(note)]);
  return make("li", { class: "line" }, make("span", {}, paperLink(paper), ...lines.flat()), ...buttons);
}

/** @param {Node | string | false} note */
const toNote = (note) => (typeof note === "string" ? make("span", { class: "small" }, note) : note);

/**
 * @param {Node[]} lines
 * @param {string} otherwise the sentence if there are none
 */
export const linesOr = (lines, otherwise) => (lines.length ? make("ul", {}, ...lines) : make("p", {}, otherwise));

/**
 * A search field.
 * @param {string} name for screen readers
 * @param {string} hint in the field while it is empty
 */
export const searchField = (name, hint) =>
  make("input", { type: "search", autofocus: "", placeholder: hint, "aria-label": name });
