/** "Why": the whole reason for one paper in the browser's top layer, where no card can clip it. */

import { text } from "../browser.js";
import { make } from "./dom.js";
import { itemizeReasons } from "./reasons.js";

export const WHY_STYLE = `
.why-box {
  position: fixed; inset: auto; margin: 0; padding: 14px 16px; width: min(340px, calc(100vw - 24px));
  max-height: 70vh; overflow: auto;
  border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink);
  box-shadow: 0 8px 28px rgb(0 0 0 / .16); font-size: 13px; line-height: 1.45;
}
.why-box:focus { outline: none; }
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

/** @param {HTMLElement} box @param {Element} button */
function placeBy(box, button) {
  const around = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  // Counted from the side on which the page begins to read.
  const across = document.documentElement.clientWidth;
  const edge = getComputedStyle(box).direction === "rtl" ? across - around.right : around.left;
  const start = Math.max(12, Math.min(edge, across - width - 12));
  const below = around.bottom + 6 + height < innerHeight;
  const top = below ? around.bottom + 6 : Math.max(12, around.top - 6 - height);
  Object.assign(box.style, { insetInlineStart: `${start}px`, insetBlockStart: `${top}px` });
}

const percentFormat = () => new Intl.NumberFormat(text("page_language"), { style: "percent" });

/** @param {{line: string, percent: number}} part */
const partRow = ({ line, percent }) => {
  const bar = make("i");
  bar.style.width = `${Math.min(100, Math.abs(percent))}%`;
  // With the true minus sign, and in a colour that praises nothing.
  const share = make(
    "span",
    { class: "share" },
    percentFormat()
      .format(percent / 100)
      .replace("-", "\u2212"),
  );
  const row = make(
    "li",
    { class: percent < 0 && "against" },
    make("span", {}, line),
    share,
    make("span", { class: "bar" }, bar),
  );
  return row;
};

/**
 * @param {import("../page/page.js").Page} page
 * @param {{paper: string, reasons: import("../messages.js").Reason[], model: any}} because
 * @param {((event: Event) => void) | null} lessLikeThis
 * @returns {HTMLElement}
 */
function makeBox(page, { paper, reasons, model }, lessLikeThis) {
  const parts = itemizeReasons(page, reasons, paper);
  return make(
    "div",
    { class: "why-box", popover: "auto", role: "dialog", "aria-label": text("page_why_title"), tabindex: -1 },
    make("h3", {}, text("page_why_title")),
    parts.length
      ? make("ul", { "data-part": "reasons" }, ...parts.map(partRow))
      : make("p", { class: "note" }, text("page_why_nothing")),
    model ? null : make("p", { class: "note" }, text("page_why_no_model")),
    lessLikeThis &&
      make(
        "button",
        { type: "button", class: "less", "data-action": "less", onclick: lessLikeThis },
        text("page_less"),
      ),
  );
}

/**
 * Open the box by a button; Escape or a click elsewhere closes it and focus goes back.
 * @param {import("../page/page.js").Page} page
 * @param {HTMLElement} button
 * @param {{paper: string, reasons: import("../messages.js").Reason[], model: any}} because
 * @param {(() => void) | null} lessLikeThis
 */
export function openWhy(page, button, because, lessLikeThis) {
  const root = /** @type {ShadowRoot} */ (button.getRootNode());
  root.querySelector(".why-box")?.remove();
  /** @param {Event} event */
  const hide = (event) => {
    if (!event.isTrusted) return;
    box.hidePopover();
    lessLikeThis?.();
  };
  const less = lessLikeThis && hide;
  const box = makeBox(page, because, less);
  root.append(box);
  let hadFocus = false;
  box.addEventListener("beforetoggle", () => (hadFocus = box.contains(root.activeElement)));
  box.addEventListener("toggle", (event) => {
    if (/** @type {any} */ (event).newState !== "closed") return;
    button.setAttribute("aria-expanded", "false");
    box.remove();
    // A key opened it elsewhere than by its button: the browser then has nowhere to give the focus back to.
    if (hadFocus && !root.activeElement) button.focus({ preventScroll: true });
  });
  box.showPopover();
  placeBy(box, button);
  button.setAttribute("aria-expanded", "true");
  box.focus({ preventScroll: true });
}
