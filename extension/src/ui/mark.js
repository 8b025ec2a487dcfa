/** The mark of one card: at rest one small sign at most (hidden, saved, seen or fit); at hand, the actions too. */

import { text } from "../browser.js";
import { paperButtons, roving, showSaved } from "./actions.js";
import { bars, icon, make, set } from "./dom.js";
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
    this.title = card.title ?? card.id;
    const act = {
      save: () => this.toggleSave(),
      hide: () => page.act("hide", card.id, this.where),
      why: () => this.showWhy(),
      undo: () => page.undo(card.id, this.surface),
      menu: () => openMenu(page, this.buttons.menu, { id: card.id, title: this.title }, this.where),
    };
    this.buttons = paperButtons(this.title, act, where === "bar");
    this.rank = make("span", { class: "rank", "data-part": "rank", hidden: true });
    const rowAttributes = { class: "row", role: "toolbar", "aria-label": text("page_mark_label", this.title) };
    const row = make("div", rowAttributes, this.sign, this.rank, ...Object.values(this.buttons));
    this.updateTabStop = roving(row);
    this.reason = make("p", { class: "reason", "data-part": "reason" });
    root.append(row, this.reason);
    host.addEventListener("inkling-why", () => this.showWhy());
    /** All that the mark shows, as last drawn. */
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
    const because = { paper: card.id, reasons, model: page.list?.model };
    openWhy(page, this.buttons.why, because, () => page.act("dislike", card.id, this.where));
  }

  /**
   * Draw the mark as it is now; cheap if nothing changed.
   * @param {number} evidence from `countEvidence`
   * @param {number | null} original the card's position in the page's own order, if another is shown
   */
  draw(evidence, original) {
    const { page, card, buttons } = this;
    const { saved, hidden, disliked = false, opened_at, pending, asked } = page.markOf(card.id);
    const seen = Boolean(opened_at);
    const fit = fitOf(page, card.id, evidence);
    const canUndo = page.lastActions.has(card.id);
    if (this.surface === "paper_page") this.drawReason(evidence);
    const drawn = [saved, hidden, disliked, seen, pending, asked, fit, original, canUndo].join();
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.drawSign({ saved, hidden, disliked, seen, fit });
    set(this.rank, "hidden", original === null);
    if (original !== null) this.drawRank(original);
    set(this.host, "data-pending", pending === true);
    // Shown at once, but a promise only when the worker has answered.
    set(this.host, "data-asked", asked === true);
    showSaved(buttons.save, saved, this.title);
    set(buttons.hide, "hidden", hidden || disliked);
    set(buttons.undo, "hidden", !hidden && !disliked && !canUndo);
    this.updateTabStop();
  }

  /**
   * A bar has room for the reason.
   * @param {number} evidence
   */
  drawReason(evidence) {
    const reasons = evidence ? (this.page.rankingOf(this.card.id)?.reasons ?? []) : [];
    // That the reader knows this paper already is no news here.
    const others = reasons.filter(({ paper }) => paper !== this.card.id);
    this.reason.textContent = summarizeReasons(this.page, others, 80);
    set(this.reason, "title", this.reason.textContent);
  }

  /** @param {number} original */
  drawRank(original) {
    this.rank.textContent = text("page_rank", original);
    set(this.rank, "title", text("page_rank_long", original));
  }

  /** @param {{saved: boolean, hidden: boolean, disliked: boolean, seen: boolean, fit: number}} state */
  drawSign({ saved, hidden, disliked, seen, fit }) {
    const kind = hidden || disliked ? "hidden" : saved ? "saved" : seen ? "seen" : fit ? "fit" : "none";
    const sign = disliked && !hidden ? "less" : kind;
    const label = kind === "fit" ? text("page_fit", fit) : text(`page_sign_${sign}`);
    set(this.host, "data-sign", kind);
    set(this.sign, "aria-label", label);
    set(this.sign, "title", label);
    const part = make("span", kind === "fit" ? { "data-part": "fit", "data-fit": fit } : {}, DRAWN[kind](fit));
    this.sign.replaceChildren(part);
  }
}
