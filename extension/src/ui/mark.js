/**
 * The mark of one card: at rest one small sign at most (hidden, saved, seen, or how well it fits); on hover, focus or
 * touch the actions.
 */

import { text } from "../browser.js";
import { actionButton, nameOf, roving, showSaved } from "./actions.js";
import { bars, icon, make, set } from "./dom.js";
import { makeHost } from "./host.js";
import { MARK_STYLE } from "./mark-style.js";
import { fitOf, summarizeReasons } from "./reasons.js";
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
    /** @type {import("../messages.js").Surface} */
    this.surface = where === "bar" ? "paper_page" : "card";
    const { host, root } = makeHost("mark", MARK_STYLE);
    this.host = host;
    host.dataset.paper = card.id;
    host.dataset.where = where;
    this.sign = make("button", { type: "button", class: "sign", "data-part": "sign", tabindex: -1 });
    const isBar = where === "bar";
    this.save = actionButton("save", () => this.toggleSave(), isBar);
    this.hide = actionButton("hide", () => page.act("hide", card.id, this.where), isBar);
    this.why = actionButton("why", () => this.showWhy(), isBar);
    this.undo = actionButton("undo", () => page.undo(card.id, this.surface));
    const title = card.title ?? card.id;
    for (const [button, name] of /** @type {const} */ ([
      [this.hide, "hide"],
      [this.why, "why"],
      [this.undo, "undo"],
    ])) {
      set(button, "aria-label", nameOf(name, title));
    }
    set(this.why, "aria-haspopup", "dialog");
    this.rank = make("span", { class: "rank", "data-part": "rank", hidden: true });
    const parts = [this.sign, this.rank, this.save, this.hide, this.why, this.undo];
    this.row = make("div", { class: "row", role: "toolbar", "aria-label": text("page_mark_label", title) }, ...parts);
    this.settle = roving(this.row);
    this.reason = make("p", { class: "reason", "data-part": "reason" });
    root.append(this.row, this.reason);
    host.addEventListener("inkling-why", () => this.showWhy());
    this.drawn = "";
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
    openWhy(page, this.why, { paper: card.id, reasons, model: page.list?.model }, () =>
      page.act("hide", card.id, this.where),
    );
  }

  /**
   * Draw what is known now; cheap when nothing changed.
   * @param {number} known from `evidence`
   * @param {number | null} original the card's place in the page's own order, while ordered otherwise
   */
  draw(known, original) {
    const { saved, hidden, opened_at, pending, asked } = this.page.markOf(this.card.id);
    const fit = fitOf(this.page, this.card.id, known);
    if (this.surface === "paper_page") this.drawReason(known);
    const drawn = [
      saved,
      hidden,
      Boolean(opened_at),
      pending,
      asked,
      fit,
      original,
      this.page.lastActions.has(this.card.id),
    ].join();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.drawSign({ saved, hidden, seen: Boolean(opened_at), fit });
    set(this.rank, "hidden", original === null);
    if (original !== null) this.drawRank(original);
    set(this.host, "data-pending", pending === true);
    // Shown at once, but no promise yet: that comes with the worker's answer.
    set(this.host, "data-asked", asked === true);
    showSaved(this.save, saved, this.card.title ?? this.card.id);
    set(this.hide, "hidden", hidden);
    set(this.undo, "hidden", !hidden && !this.page.lastActions.has(this.card.id));
    this.settle();
  }

  /** In a bar there is room for the reason. @param {number} known */
  drawReason(known) {
    const reasons = known ? (this.page.rankingOf(this.card.id)?.reasons ?? []) : [];
    // That the reader knows it already is no news here.
    this.reason.textContent = summarizeReasons(
      this.page,
      reasons.filter(({ paper }) => paper !== this.card.id),
      80,
    );
    set(this.reason, "title", this.reason.textContent);
  }

  /** @param {number} original */
  drawRank(original) {
    this.rank.textContent = text("page_rank", original);
    set(this.rank, "title", text("page_rank_long", original));
  }

  /** @param {{saved: boolean, hidden: boolean, seen: boolean, fit: number}} state */
  drawSign({ saved, hidden, seen, fit }) {
    const kind = hidden ? "hidden" : saved ? "saved" : seen ? "seen" : fit ? "fit" : "none";
    const label = kind === "fit" ? text("page_fit", fit) : text(`page_sign_${kind}`);
    set(this.host, "data-sign", kind);
    set(this.sign, "aria-label", label);
    set(this.sign, "title", label);
    const part = make("span", kind === "fit" ? { "data-part": "fit", "data-fit": fit } : {}, DRAWN[kind](fit));
    this.sign.replaceChildren(part);
  }
}
