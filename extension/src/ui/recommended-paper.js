/** One recommended paper in the panel: what it is, why it is here, and what the reader can do with it. */

import { text } from "../browser.js";
import { bindRow, drawIcons, drawRow, roving, showSaved } from "./actions.js";
import { ageOf } from "./age.js";
import { copyOf, icon, make, set } from "./dom.js";
import { summarizeReasons } from "./reasons.js";
import { openMenu } from "./menu.js";
import { openWhy } from "./why.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../messages.js").Recommended} Recommended */

/** @param {string[]} authors */
export function shortenAuthors(authors) {
  if (authors.length <= 2) return authors.join(", ");
  return text("page_authors_more", authors[0], authors.length - 1);
}

/** @param {number} votes */
function makeVotes(votes) {
  const label = text("page_upvotes", votes);
  const visible = make("span", { "aria-hidden": "true" }, String(votes));
  return make("span", { class: "votes", title: label }, icon("up"), visible, make("span", { class: "heard" }, label));
}

/** @param {Recommended["paper"]} paper */
function makeFacts(paper) {
  const votes = paper.upvotes ?? null;
  const authors = paper.authors ?? [];
  const who = authors.length > 0 && make("span", { class: "who", title: authors.join(", ") }, shortenAuthors(authors));
  const age = ageOf(paper.published_at);
  return make("p", { class: "meta" }, who, age && make("span", {}, age), votes !== null && makeVotes(votes));
}

export class RecommendedPaper {
  /**
   * @param {Page} page
   * @param {Recommended} recommended
   * @param {number} position from 1
   * @param {{list_id: string, model: any}} list the list that recommends it, unless `recommended` names its own
   */
  constructor(page, recommended, position, { list_id: listId, model }) {
    this.page = page;
    this.recommended = recommended;
    this.model = model;
    const { paper, list_id = listId } = recommended;
    this.id = paper.id;
    this.title = paper.title ?? paper.id;
    this.where = /** @type {const} */ ({ surface: "panel", position, list_id });
    const { title } = this;
    const row = copyOf("panel row", () => drawIcons(drawRow("actions", false)));
    this.buttons = bindRow(row, title, {
      save: () => page.act(page.markOf(paper.id).saved ? "unsave" : "save", paper.id, this.where),
      hide: () => page.act("hide", paper.id, this.where),
      why: () => this.showWhy(),
      undo: () => page.undo(paper.id, "panel"),
      menu: () => openMenu(page, this.buttons.menu, { id: paper.id, title }, this.where),
    });
    this.reason = make("p", { class: "reason", "data-part": "reason" });
    const link = make("a", { href: page.site.addressOf(paper, page.place), class: "title", title }, title);
    this.gone = make("p", { class: "gone", hidden: true });
    this.body = make("div", { class: "body" }, link, makeFacts(paper), this.reason);
    const facts = { class: "paper", "data-paper": paper.id, "data-position": position, "data-list": list_id };
    this.element = make("li", facts, this.body, this.gone, row);
    this.updateTabStop = roving(row);
    this.element.addEventListener("inkling-why", () => this.showWhy());
  }
  showWhy() {
    const { page, recommended, model, id, where } = this;
    const because = { paper: id, reasons: recommended.reasons, model };
    openWhy(page, this.buttons.why, because, () => page.act("dislike", id, where));
  }

  draw() {
    const { page, recommended, id } = this;
    const { save, hide, why, undo, menu } = this.buttons;
    const { saved, hidden, disliked = false } = page.markOf(id);
    const isGone = hidden || disliked;
    showSaved(save, saved, this.title);
    const line = summarizeReasons(page, recommended.reasons ?? []);
    if (this.reason.textContent !== line) this.reason.textContent = line;
    set(this.reason, "title", line);
    this.gone.textContent = text(hidden ? "page_hidden_here" : "page_sign_less");
    set(this.gone, "hidden", !isGone);
    for (const element of [this.body, save, hide, why, menu]) set(element, "hidden", isGone);
    set(undo, "hidden", !isGone && !page.lastActions.has(id));
    this.updateTabStop();
  }
}
