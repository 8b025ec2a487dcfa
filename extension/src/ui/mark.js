/** The mark of one card: at rest one small sign at most (hidden, saved, seen or fit); at hand, the actions too. */

import { text } from "../browser.js";
import { bindRow, drawIcons, drawRow, roving, showSaved } from "./actions.js";
import { bars, copyOf, icon, make, set } from "./dom.js";
import { makeHost } from "./host.js";
import { MARK_STYLE } from "./mark-style.js";
import { fitOf, summarizeReasons } from "./reasons.js";
import { openMenu } from "./menu.js";
import { openWhy } from "./why.js";

/** @typedef {import("../page/page.js").Page} Page */

/** @type {Record<"hidden" | "saved" | "seen" | "fit" | "none", (fit: number) => SVGSVGElement>} */
const DRAWN = {
  hidden: () => icon("hide"),
  saved: () => icon("save", true),
  seen: () => icon("seen"),
  fit: (fit) => bars(fit),
  none: () => icon("dots"),
};

/** All that a mark shows. @typedef {ReturnType<Mark["stateOf"]>} State */

/**
 * Of a paper the reader has done nothing with, in the page's own order.
 * @type {State}
 */
const UNTOUCHED = Object.freeze({
  saved: false,
  hidden: false,
  disliked: false,
  seen: false,
  pending: false,
  asked: false,
  fit: 0,
  original: null,
  canUndo: false,
});

/** @param {State} state */
const keyOf = (state) => Object.values(state).join();

/**
 * @param {State} state
 * @returns {{kind: keyof typeof DRAWN, label: string}}
 */
function signOf({ saved, hidden, disliked, seen, fit }) {
  const kind = hidden || disliked ? "hidden" : saved ? "saved" : seen ? "seen" : fit ? "fit" : "none";
  const name = disliked && !hidden ? "less" : kind;
  return { kind, label: kind === "fit" ? text("page_fit", fit) : text(`page_sign_${name}`) };
}

/**
 * The row of an untouched paper's mark: its sign, the place for its rank, its buttons.
 * @param {boolean} isBar
 */
function drawMarkRow(isBar) {
  const { label } = signOf(UNTOUCHED);
  const facts = { type: "button", class: "sign", "data-part": "sign", tabindex: -1, "aria-label": label, title: label };
  const sign = make("button", facts, make("span", {}, DRAWN.none(0)));
  const row = drawRow("row", isBar, sign, make("span", { class: "rank", "data-part": "rank", hidden: true }));
  return isBar ? drawIcons(row) : row;
}

/**
 * Open the mark of a card. Its buttons get their icons only now: most marks of a page are never opened.
 * @param {HTMLElement} host
 */
export function openMark(host) {
  if (host.shadowRoot) drawIcons(host.shadowRoot);
  host.dataset.open = "";
}

export class Mark {
  /**
   * @param {Page} page
   * @param {import("../sites/site.js").Card} card
   * @param {"corner" | "side" | "line" | "bar"} where over a picture's corner, at the card's far edge, at the end of a
   *   line, or a bar of its own
   */
  constructor(page, card, where) {
    this.page = page;
    this.card = card;
    this.title = card.title ?? card.id;
    const isBar = where === "bar";
    /** @type {import("../messages.js").Surface} */
    this.surface = isBar ? "paper_page" : "card";
    const { host, root } = makeHost("mark", MARK_STYLE);
    this.host = host;
    host.setAttribute("data-paper", card.id);
    host.setAttribute("data-where", where);
    host.setAttribute("data-sign", "none");
    const row = copyOf(`mark row ${isBar}`, () => drawMarkRow(isBar));
    this.sign = /** @type {HTMLElement} */ (row.children[0]);
    this.rank = /** @type {HTMLElement} */ (row.children[1]);
    this.buttons = bindRow(row, this.title, {
      save: () => this.toggleSave(),
      hide: () => page.act("hide", card.id, this.where),
      why: () => this.showWhy(),
      undo: () => page.undo(card.id, this.surface),
      menu: () => openMenu(page, this.buttons.menu, { id: card.id, title: this.title }, this.where),
    });
    this.updateTabStop = roving(row);
    /** A bar has room for the reason. */
    this.reason = isBar ? make("p", { class: "reason", "data-part": "reason" }) : null;
    root.append(row, ...(this.reason ? [this.reason] : []));
    host.addEventListener("inkling-why", () => this.showWhy());
    /** All that the mark shows, as last drawn. */
    this.drawn = keyOf(UNTOUCHED);
  }

  get where() {
    const position = this.page.positionOf(this.card.id);
    return position && this.surface === "card" ? { surface: this.surface, position } : { surface: this.surface };
  }

  toggleSave() {
    this.page.act(this.page.markOf(this.card.id).saved ? "unsave" : "save", this.card.id, this.where);
  }

  showWhy() {
    const { page, card } = this;
    const reasons = page.rankingOf(card.id)?.reasons ?? [];
    const because = { paper: card.id, reasons, model: page.list?.model };
    openWhy(page, this.buttons.why, because, () => page.act("dislike", card.id, this.where));
  }

  /**
   * @param {number} evidence from `countEvidence`
   * @param {number | null} original the card's position in the page's own order, if another is shown
   */
  stateOf(evidence, original) {
    const { page, card } = this;
    const { saved, hidden, disliked = false, opened_at, pending = false, asked = false } = page.markOf(card.id);
    const [fit, canUndo] = [fitOf(page, card.id, evidence), page.lastActions.has(card.id)];
    return { saved, hidden, disliked, seen: Boolean(opened_at), pending, asked, fit, original, canUndo };
  }

  /**
   * Draw the mark as it is now; cheap if nothing changed.
   * @param {number} evidence from `countEvidence`
   * @param {number | null} original the card's position in the page's own order, if another is shown
   */
  draw(evidence, original) {
    const state = this.stateOf(evidence, original);
    if (this.reason) this.drawReason(this.reason, evidence);
    const drawn = keyOf(state);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.drawSign(state);
    set(this.rank, "hidden", original === null);
    if (original !== null) this.drawRank(original);
    this.drawActions(state);
  }

  /** @param {State} state */
  drawActions({ saved, hidden, disliked, pending, asked, canUndo }) {
    const { host, buttons, title } = this;
    set(host, "data-pending", pending);
    // Shown at once, but a promise only when the worker has answered.
    set(host, "data-asked", asked);
    showSaved(buttons.save, saved, title);
    set(buttons.hide, "hidden", hidden || disliked);
    set(buttons.undo, "hidden", !hidden && !disliked && !canUndo);
    this.updateTabStop();
  }

  /**
   * @param {HTMLElement} reason
   * @param {number} evidence
   */
  drawReason(reason, evidence) {
    const reasons = evidence ? (this.page.rankingOf(this.card.id)?.reasons ?? []) : [];
    // That the reader knows this paper already is no news here.
    const others = reasons.filter(({ paper }) => paper !== this.card.id);
    reason.textContent = summarizeReasons(this.page, others, 80);
    set(reason, "title", reason.textContent);
  }

  /** @param {number} original */
  drawRank(original) {
    this.rank.textContent = text("page_rank", original);
    set(this.rank, "title", text("page_rank_long", original));
  }

  /** @param {State} state */
  drawSign(state) {
    const { kind, label } = signOf(state);
    const { fit } = state;
    set(this.host, "data-sign", kind);
    set(this.sign, "aria-label", label);
    set(this.sign, "title", label);
    const part = make("span", kind === "fit" ? { "data-part": "fit", "data-fit": fit } : {}, DRAWN[kind](fit));
    this.sign.replaceChildren(part);
  }
}
