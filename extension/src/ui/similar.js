/** The papers most like one, in a box beside it: each opens, says what both are about, and can be saved there. */

import { text } from "../browser.js";
import { actionButton, showSaved } from "./actions.js";
import { openBox } from "./box.js";
import { make } from "./dom.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../messages.js").Recommended} Recommended */

const MAX_WORDS = 4;
const MAX_NAMES = 3;

export const SIMILAR_STYLE = `
.similar { width: min(400px, calc(100vw - 24px)); }
.similar h3 { margin: 0 0 8px; font-size: 13px; font-weight: 600; }
.similar ul { list-style: none; margin: 0; padding: 0; }
.similar li { display: grid; grid-template-columns: 1fr auto; gap: 2px 10px; padding: 7px 0;
  border-top: 1px solid var(--line); }
.similar li:first-child { border-top: 0; }
.similar a { color: var(--ink); text-decoration: none; font-weight: 600; line-height: 1.35; border-radius: 4px; }
.similar a:hover { text-decoration: underline; text-underline-offset: 2px; }
.similar p { margin: 0; color: var(--soft); font-size: 12px; grid-column: 1; }
`;

/**
 * A button that saves a paper of the list and shows whether it is saved.
 * @param {Page} page
 * @param {{id: string, title: string}} paper
 * @param {boolean} wasSaved
 */
function saveButton(page, { id, title }, wasSaved) {
  let isSaved = wasSaved;
  const draw = () => showSaved(button, isSaved, title);
  const button = actionButton("save", async () => {
    isSaved = !isSaved;
    draw();
    const isKept = await page.act(isSaved ? "save" : "unsave", id, { surface: "search" });
    if (isKept) return;
    isSaved = !isSaved;
    draw();
  });
  draw();
  return button;
}

/**
 * @param {Page} page
 * @param {Recommended} one
 * @param {boolean} isSaved
 */
function similarLine(page, { paper, reasons }, isSaved) {
  const title = paper.title ?? paper.id;
  const words = [...new Set(reasons.flatMap((reason) => reason.words ?? []))].slice(0, MAX_WORDS).join(", ");
  return make(
    "li",
    { "data-paper": paper.id },
    make("a", { href: page.site.addressOf(paper, page.place) }, title),
    saveButton(page, { id: paper.id, title }, isSaved),
    paper.authors.length > 0 && make("p", {}, paper.authors.slice(0, MAX_NAMES).join(", ")),
    words !== "" && make("p", { "data-part": "reason" }, text("page_similar_words", words)),
  );
}

/**
 * Open the box, and fill it once the worker has answered.
 * @param {Page} page
 * @param {HTMLElement} button
 * @param {{id: string, title: string}} paper
 */
export async function openSimilar(page, button, { id, title }) {
  const label = text("page_similar_named", title);
  const status = make("p", { role: "status" }, text("page_similar_asking"));
  const heading = make("h3", {}, text("page_similar"));
  const facts = { class: "box similar", popover: "auto", role: "dialog", "aria-label": label, tabindex: -1 };
  const box = make("div", facts, heading, status);
  const place = openBox(button, box);
  const reply = await page.findSimilar(id);
  if (!box.isConnected) return;
  const items = reply.ok ? reply.items : [];
  const lines = items.map((/** @type {Recommended} */ one) =>
    similarLine(page, one, reply.marks?.[one.paper.id]?.saved === true),
  );
  status.textContent = reply.ok ? text(lines.length ? "page_similar_count" : "page_similar_none", lines.length) : "";
  if (!reply.ok) status.textContent = reply.error.message;
  if (lines.length) box.append(make("ul", {}, ...lines));
  place();
}
