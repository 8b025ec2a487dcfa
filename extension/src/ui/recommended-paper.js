/** One recommended paper in the panel: what it is, why it is here, and what can be done with it. */

import { text } from "../browser.js";
import { actionButton, nameOf, roving, showSaved } from "./actions.js";
import { icon, make, set } from "./dom.js";
import { summarizeReasons } from "./reasons.js";
import { openWhy } from "./why.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../messages.js").Recommended} Recommended */

const DAY = 86_400_000;

/** @type {Intl.RelativeTimeFormat | undefined} */
let format;

/** Words for ages, in the reader's language. The first asking takes longer than all else in the panel: ask early. */
export const ageFormat = () =>
  (format ??= new Intl.RelativeTimeFormat(text("page_language"), { numeric: "auto", style: "short" }));

/**
 * How long ago, in the reader's language; "" if unknown.
 * @param {string | null} published
 * @param {number} [now]
 * @param {boolean} [exact] hours and minutes too
 */
export function ageOf(published, now = Date.now(), exact = false) {
  const at = published ? Date.parse(published) : NaN;
  if (Number.isNaN(at)) return "";
  const days = Math.max(0, Math.round((now - at) / DAY));
  const relative = ageFormat();
  if (exact && now - at < DAY) return withinDay(relative, now - at);
  if (days < 14) return relative.format(-days, "day");
  if (days < 60) return relative.format(-Math.round(days / 7), "week");
  return days < 700
    ? relative.format(-Math.round(days / 30.4), "month")
    : relative.format(-Math.round(days / 365), "year");
}

/** @param {Intl.RelativeTimeFormat} format @param {number} passed milliseconds */
function withinDay(format, passed) {
  const minutes = Math.max(1, Math.round(passed / 60_000));
  return minutes < 60 ? format.format(-minutes, "minute") : format.format(-Math.round(minutes / 60), "hour");
}

/** @param {string[]} authors */
export function authorsOf(authors) {
  if (authors.length <= 2) return authors.join(", ");
  return text("page_authors_more", authors[0], authors.length - 1);
}

/** @param {Recommended["paper"]} paper */
function metaOf(paper) {
  const votes = paper.upvotes === null || paper.upvotes === undefined ? null : paper.upvotes;
  const heard = () => make("span", { class: "heard" }, text("page_upvotes", votes ?? 0));
  const seen = () => make("span", { "aria-hidden": "true" }, String(votes));
  const up =
    votes !== null && make("span", { class: "votes", title: text("page_upvotes", votes) }, icon("up"), seen(), heard());
  const authors = paper.authors ?? [];
  const who = authors.length > 0 && make("span", { class: "who", title: authors.join(", ") }, authorsOf(authors));
  const age = ageOf(paper.published_at);
  return make("p", { class: "meta" }, who, age && make("span", {}, age), up);
}

export class RecommendedPaper {
  /**
   * @param {Page} page
   * @param {Recommended} one
   * @param {number} position from 1
   * @param {{list_id: string, model: any}} list that recommends it, unless it says so itself
   */
  constructor(page, one, position, { list_id: whole, model }) {
    this.page = page;
    this.one = one;
    const { paper, list_id = whole } = one;
    this.id = paper.id;
    this.where = /** @type {const} */ ({ surface: "panel", position, list_id });
    const title = paper.title ?? paper.id;
    this.save = actionButton("save", () =>
      page.act(page.markOf(paper.id).saved ? "unsave" : "save", paper.id, this.where),
    );
    this.hide = actionButton("hide", () => page.act("hide", paper.id, this.where));
    this.undo = actionButton("undo", () => page.undo(paper.id, "panel"));
    this.why = actionButton("why", () => this.showWhy(model));
    for (const [button, name] of /** @type {const} */ ([
      [this.hide, "hide"],
      [this.why, "why"],
      [this.undo, "undo"],
    ])) {
      set(button, "aria-label", nameOf(name, title));
    }
    set(this.why, "aria-haspopup", "dialog");
    const buttons = [this.save, this.hide, this.why, this.undo];
    this.row = make(
      "div",
      { class: "actions", role: "toolbar", "aria-label": text("page_mark_label", title) },
      ...buttons,
    );
    this.reason = make("p", { class: "reason", "data-part": "reason" });
    const link = make("a", { href: page.site.addressOf(paper, page.place), class: "title", title }, title);
    this.gone = make("p", { class: "gone", hidden: true }, text("page_hidden_here"));
    this.body = make("div", { class: "body" }, link, metaOf(paper), this.reason);
    const facts = { class: "paper", "data-paper": paper.id, "data-position": position, "data-list": list_id };
    this.element = make("li", facts, this.body, this.gone, this.row);
    this.settle = roving(this.row);
    this.element.addEventListener("inkling-why", () => this.showWhy(model));
  }

  /** @param {any} model */
  showWhy(model) {
    const { page, one, id, where } = this;
    openWhy(page, this.why, { paper: id, reasons: one.reasons, model }, () => page.act("hide", id, where));
  }

  draw() {
    const { page, one, id } = this;
    const { saved, hidden } = page.markOf(id);
    showSaved(this.save, saved, one.paper.title ?? id);
    const line = summarizeReasons(page, one.reasons ?? []);
    if (this.reason.textContent !== line) this.reason.textContent = line;
    set(this.reason, "title", line);
    set(this.body, "hidden", hidden);
    set(this.gone, "hidden", !hidden);
    set(this.save, "hidden", hidden);
    set(this.hide, "hidden", hidden);
    set(this.why, "hidden", hidden);
    set(this.undo, "hidden", !hidden && !page.lastActions.has(id));
    this.settle();
  }
}
