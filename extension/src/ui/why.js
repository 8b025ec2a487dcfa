/** "Why": all reasons for one paper, in the browser's top layer, where no card can clip them. */

import { text } from "../browser.js";
import { openBox } from "./box.js";
import { make } from "./dom.js";
import { itemizeReasons } from "./reasons.js";

export const WHY_STYLE = `
.why-box h3 { margin: 0 0 8px; font-size: 13px; font-weight: 600; }
.why-box ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 7px; }
.why-box li { display: grid; grid-template-columns: 1fr auto; gap: 2px 12px; color: var(--soft); }
.why-box .share { color: var(--faint); font-variant-numeric: tabular-nums; }
.why-box .bar { grid-column: 1 / -1; height: 3px; border-radius: 2px; background: var(--hover); overflow: hidden; }
.why-box .bar i { display: block; height: 100%; background: var(--accent); border-radius: 2px; }
.why-box .against .bar i { background: var(--faint); }
.why-box .note { margin: 10px 0 0; color: var(--faint); font-size: 12px; }
.why-box .less { margin-top: 12px; padding: 5px 10px; border: 1px solid var(--line); }
`;

const percentFormat = () => new Intl.NumberFormat(text("page_language"), { style: "percent" });

/** @param {{line: string, percent: number}} reason */
const reasonRow = ({ line, percent }) => {
  const bar = make("i");
  bar.style.width = `${Math.min(100, Math.abs(percent))}%`;
  const formatted = percentFormat().format(percent / 100);
  // With the true minus sign.
  const share = make("span", { class: "share" }, formatted.replace("-", "\u2212"));
  const row = { class: percent < 0 && "against" };
  return make("li", row, make("span", {}, line), share, make("span", { class: "bar" }, bar));
};

/** @typedef {{paper: string, reasons: import("../messages.js").Reason[], model: any}} Because */

/**
 * @param {import("../page/page.js").Page} page
 * @param {Because} because
 * @param {((event: Event) => void) | null} onLess
 * @returns {HTMLElement}
 */
function makeBox(page, { paper, reasons, model }, onLess) {
  const title = text("page_why_title");
  const rows = itemizeReasons(page, reasons, paper).map(reasonRow);
  /** @param {string} key */
  const note = (key) => make("p", { class: "note" }, text(key));
  const less = { type: "button", class: "less", "data-action": "less", onclick: onLess };
  return make(
    "div",
    { class: "box why-box", popover: "auto", role: "dialog", "aria-label": title, tabindex: -1 },
    make("h3", {}, title),
    rows.length ? make("ul", { "data-part": "reasons" }, ...rows) : note("page_why_nothing"),
    model ? null : note("page_why_no_model"),
    onLess && make("button", less, text("page_less")),
  );
}

/**
 * Open the box beside a button.
 * @param {import("../page/page.js").Page} page
 * @param {HTMLElement} button
 * @param {Because} because
 * @param {(() => void) | null} onLess the reader asked for less like this
 */
export function openWhy(page, button, because, onLess) {
  /** @param {Event} event */
  const hide = (event) => {
    if (!event.isTrusted) return;
    box.hidePopover();
    onLess?.();
  };
  const box = makeBox(page, because, onLess && hide);
  openBox(button, box);
}
