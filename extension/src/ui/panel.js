/** The panel's shadow root: heading, order switch, the row of papers, and a plain sentence when there is none. */

import { text } from "../browser.js";
import { ageOf } from "./age.js";
import { alignWith } from "./align.js";
import { icon, make, set } from "./dom.js";
import { makeHost } from "./host.js";
import { PANEL_STYLE } from "./panel-style.js";
import { MIN_EVIDENCE, countEvidence } from "./reasons.js";
import { RecommendedPaper } from "./recommended-paper.js";

const FIRST = 5;
const STEP = 5;

/** @typedef {"original" | "foryou"} OrderName */

/**
 * @typedef {object} PanelActions what the panel asks its feature to do
 * @property {() => Promise<any>} more load more recommendations
 * @property {(collapsed: boolean) => void} fold remember whether the panel is folded
 * @property {() => void} connect
 */

/** @param {(event: Event) => void} call */
const ifTrusted = (call) => (/** @type {Event} */ event) => event.isTrusted && call(event);

/**
 * @param {string} action
 * @param {() => void} call
 */
const actionAttributes = (action, call) => ({ type: "button", "data-action": action, onclick: ifTrusted(call) });

/**
 * @param {OrderName} order
 * @param {(order: OrderName) => void} onOrder
 */
function orderButton(order, onOrder) {
  const attributes = {
    type: "button",
    "data-order": order,
    "data-action": order === "foryou" && "order",
    onclick: ifTrusted(() => onOrder(order)),
  };
  return make("button", attributes, text(`page_order_${order}`));
}

/**
 * The buttons in the panel's heading.
 * @param {{order: (order: OrderName) => void, connect: () => void, fold: () => void}} act
 */
function makeTools(act) {
  const forYou = orderButton("foryou", act.order);
  const original = orderButton("original", act.order);
  const groupAttributes = { class: "switch", role: "group", "aria-label": text("page_order_label") };
  const orders = make("div", groupAttributes, forYou, original);
  const label = make("span", { class: "label", "aria-hidden": "true" }, text("page_order_short"));
  const connectAttributes = { ...actionAttributes("connect", act.connect), class: "link" };
  const connect = make("button", connectAttributes, text("page_connect"));
  const foldAttributes = { ...actionAttributes("fold", act.fold), class: "icon fold", "aria-controls": "papers" };
  const fold = make("button", foldAttributes, icon("chevron"));
  const tools = make("div", { class: "tools" }, connect, label, orders, fold);
  return { tools, connect, label, orders, forYou, original, fold };
}

/**
 * @param {{order: (order: OrderName) => void, connect: () => void, fold: () => void, more: () => void}} act
 */
function makeParts(act) {
  const { tools, ...buttons } = makeTools(act);
  const heading = make("h2", { id: "name" });
  const plain = make("p", { class: "plain" });
  const header = make("header", {}, make("span", { class: "drop" }, icon("drop", true)), heading, plain, tools);
  const more = make("button", actionAttributes("more", act.more), icon("more"), text("page_more"));
  const next = make("li", { class: "next" }, more);
  const papers = make("ol", { class: "papers", id: "papers" });
  const sentence = make("p");
  const rest = make("div", { class: "rest" }, icon("drop", true), sentence);
  const status = make("p", { class: "heard", role: "status", "aria-live": "polite" });
  const section = make("section", { class: "panel", "aria-labelledby": "name" }, header, papers, rest, status);
  return { section, heading, plain, next, papers, rest, sentence, status, ...buttons };
}

export class Panel {
  /**
   * @param {import("../page/page.js").Page} page
   * @param {PanelActions} actions
   */
  constructor(page, actions) {
    this.page = page;
    this.actions = actions;
    /** How many papers may be shown. */
    this.limit = FIRST;
    /** @type {RecommendedPaper[]} */
    this.papers = [];
    /**
     * As the reader last set it on this page; null while their setting counts. A late panel starts folded.
     * @type {boolean | null}
     */
    this.folded = page.isLate ? true : null;
    const { host, root } = makeHost("panel", PANEL_STYLE);
    this.host = host;
    this.parts = makeParts({
      order: (order) => this.requestOrder(order),
      connect: () => actions.connect(),
      fold: () => this.toggle(),
      more: () => this.more(),
    });
    root.append(this.parts.section);
    this.isHovered = false;
    for (const name of ["pointerenter", "pointerleave", "focusout"])
      host.addEventListener(name, (event) => this.followReader(event));
    /**
     * The panel is as wide as the content of this element.
     * @type {Element | null}
     */
    this.column = null;
    this.stopAligning = () => {};
  }

  get isFolded() {
    return this.folded ?? this.page.view?.settings.panel_collapsed ?? false;
  }

  toggle() {
    this.folded = !this.isFolded;
    this.actions.fold(this.folded);
    this.draw();
  }

  /** @param {OrderName} order */
  requestOrder(order) {
    const isForYou = this.page.sortKeys !== null;
    this.page.emit("ask-order", order === "foryou" && isForYou ? "original" : order);
  }

  /** Keep the width of the page's own listing. */
  alignToColumn() {
    const { column } = this.page.snapshot;
    if (!column || column === this.column || this.page.isLate) return;
    this.column = column;
    this.stopAligning();
    this.stopAligning = alignWith(this.host, column);
  }

  draw() {
    const { list, state, view } = this.page;
    const hasPapers = Boolean(list?.recommended.length);
    const isWaiting = state === "ready" && !list && !view?.message;
    this.alignToColumn();
    this.parts.heading.textContent = text(hasPapers ? this.name : "page_panel_name");
    this.drawSentence(hasPapers, isWaiting);
    this.drawTools();
    set(this.parts.papers, "hidden", this.isFolded || !(hasPapers || isWaiting));
    if (hasPapers) this.drawPapers();
    else if (isWaiting && !this.parts.papers.childElementCount)
      this.parts.papers.append(...Array.from({ length: FIRST }, makePlaceholder));
  }

  drawTools() {
    const { page, parts } = this;
    const isUnpaired = page.state === "unpaired";
    const isForYou = page.sortKeys !== null;
    const canOrder = page.cards.some(({ card }) => page.rankingOf(card.id)?.rank);
    set(parts.connect, "hidden", !isUnpaired);
    for (const part of [parts.label, parts.orders]) set(part, "hidden", !canOrder);
    set(parts.forYou, "aria-pressed", String(isForYou));
    set(parts.original, "aria-pressed", String(!isForYou));
    set(parts.fold, "aria-expanded", String(!this.isFolded));
    set(parts.fold, "aria-label", text(this.isFolded ? "page_unfold" : "page_fold"));
    set(parts.fold, "hidden", isUnpaired);
  }

  /** The heading: for this reader, or new and popular papers that anybody would get. */
  get name() {
    return countEvidence(this.page) >= MIN_EVIDENCE ? "page_panel_for_you" : "page_panel_new";
  }

  /**
   * Put the sentence beside the heading, or in place of the papers. The panel is as high without papers as with them:
   * they may come while the reader reads what is below.
   * @param {boolean} hasPapers
   * @param {boolean} isWaiting
   */
  drawSentence(hasPapers, isWaiting) {
    const { plain, rest, section } = this.parts;
    const isUnpaired = this.page.state === "unpaired";
    const isInPlace = !hasPapers && !isWaiting && !isUnpaired && !this.isFolded;
    const sentence = this.sentence(hasPapers, isWaiting);
    plain.textContent = isInPlace ? "" : sentence;
    set(plain, "title", plain.textContent);
    this.parts.sentence.textContent = isInPlace ? sentence : "";
    set(rest, "hidden", !isInPlace);
    set(section, "data-plain", isUnpaired);
    set(section, "data-note", hasPapers && sentence !== "" && !this.isFolded);
  }

  /**
   * What the panel says beside its papers, or instead of them.
   * @param {boolean} hasPapers
   * @param {boolean} isWaiting
   */
  sentence(hasPapers, isWaiting) {
    const { view, state, list } = this.page;
    if (hasPapers && list?.stale) {
      const age = ageOf(new Date(list.fetched_at).toISOString(), Date.now(), true);
      return view?.message ? [view.message, text("page_panel_from", age)].join(" ") : text("page_panel_stale", age);
    }
    if (state !== "ready") return view?.message || text(`page_state_${state}`);
    return hasPapers || isWaiting ? "" : view?.message || text("page_panel_empty");
  }

  drawPapers() {
    const list = /** @type {import("../messages.js").List} */ (this.page.list);
    const isSame = this.papers.length > 0 && this.papers.every(({ id }, at) => list.recommended[at]?.paper.id === id);
    if (!isSame && this.papers.length && this.isInUse) return this.drawEach();
    if (!isSame) this.clear();
    const shown = list.recommended.slice(0, this.limit);
    for (const recommended of shown.slice(this.papers.length)) this.add(recommended, list);
    this.drawEach();
  }

  /**
   * When the reader leaves the panel it may show the newest list.
   * @param {Event} event
   */
  followReader({ type }) {
    if (type !== "focusout") this.isHovered = type === "pointerenter";
    if (type !== "pointerenter") setTimeout(() => this.host.isConnected && this.draw());
  }

  /** True while the reader is in the panel: its papers must not be swapped under their hands. */
  get isInUse() {
    return this.isHovered || Boolean(this.host.shadowRoot?.activeElement);
  }

  drawEach() {
    for (const paper of this.papers) paper.draw();
    set(this.parts.papers, "data-more", this.papers.length > FIRST);
  }

  clear() {
    const hadFocus = this.parts.papers.contains(this.host.shadowRoot?.activeElement ?? null);
    this.limit = FIRST;
    this.papers = [];
    this.parts.papers.replaceChildren(this.parts.next);
    set(this.parts.next, "hidden", false);
    if (hadFocus) this.parts.fold.focus({ preventScroll: true });
  }

  /**
   * @param {import("../messages.js").Recommended} recommended
   * @param {import("../messages.js").List} list
   */
  add(recommended, list) {
    const paper = new RecommendedPaper(this.page, recommended, this.papers.length + 1, list);
    this.papers.push(paper);
    this.parts.next.before(paper.element);
  }

  async more() {
    const before = this.papers.length;
    const known = this.page.list?.recommended.length ?? 0;
    // One step ahead, so that the button goes when there is nothing more behind it.
    const reply = known <= before + STEP ? await this.actions.more() : null;
    this.limit = before + STEP;
    this.draw();
    const first = this.papers[before];
    const isEnd = reply?.ok && (this.page.list?.recommended.length ?? 0) <= this.limit;
    set(this.parts.next, "hidden", Boolean(isEnd));
    if (!first) return reply?.ok === false ? this.page.warn(reply.error.message) : this.say(text("page_no_more"));
    first.element.querySelector("a")?.focus();
    this.say(text("page_said_more", this.papers.length - before));
  }

  /** @param {string} sentence */
  say(sentence) {
    // Screen readers read the same sentence again only if it changes.
    this.parts.status.textContent = this.parts.status.textContent === sentence ? `${sentence}\u00a0` : sentence;
  }

  remove() {
    this.stopAligning();
    this.host.remove();
  }
}

const makePlaceholder = () => make("li", { class: "wait", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
