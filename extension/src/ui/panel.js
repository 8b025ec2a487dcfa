/** The panel's shadow root: heading, order switch, the row of papers, and a plain sentence when there is none. */

import { text } from "../browser.js";
import { alignWith } from "./align.js";
import { icon, make, set } from "./dom.js";
import { makeHost } from "./host.js";
import { PANEL_STYLE } from "./panel-style.js";
import { MIN_EVIDENCE, countEvidence } from "./reasons.js";
import { RecommendedPaper, ageOf } from "./recommended-paper.js";

const FIRST = 5;
const STEP = 5;

/**
 * @typedef {object} Asks what the panel asks of its feature
 * @property {() => Promise<any>} more
 * @property {(collapsed: boolean) => void} fold
 * @property {() => void} connect
 */

/** @param {(event: Event) => void} call */
const trusted = (call) => (/** @type {Event} */ event) => event.isTrusted && call(event);

/** @param {"original" | "foryou"} order @param {(order: "original" | "foryou") => void} ask */
const orderButton = (order, ask) =>
  make(
    "button",
    {
      type: "button",
      "data-order": order,
      "data-action": order === "foryou" && "order",
      onclick: trusted(() => ask(order)),
    },
    text(`page_order_${order}`),
  );

/**
 * @param {{order: (order: "original" | "foryou") => void, connect: () => void, fold: () => void, more: () => void}} act
 */
function makeParts(act) {
  const heading = make("h2", { id: "name" });
  const plain = make("p", { class: "plain" });
  const forYou = orderButton("foryou", act.order);
  const original = orderButton("original", act.order);
  const orders = make(
    "div",
    { class: "switch", role: "group", "aria-label": text("page_order_label") },
    forYou,
    original,
  );
  const label = make("span", { class: "label", "aria-hidden": "true" }, text("page_order_short"));
  /** @param {string} action @param {(event: Event) => void} call */
  const doing = (action, call) => ({ type: "button", "data-action": action, onclick: trusted(call) });
  const connect = make("button", { ...doing("connect", act.connect), class: "link" }, text("page_connect"));
  const fold = make(
    "button",
    { ...doing("fold", act.fold), class: "icon fold", "aria-controls": "papers" },
    icon("chevron"),
  );
  const more = make("button", doing("more", act.more), icon("more"), text("page_more"));
  const next = make("li", { class: "next" }, more);
  const tools = make("div", { class: "tools" }, connect, label, orders, fold);
  const header = make("header", {}, make("span", { class: "drop" }, icon("drop", true)), heading, plain, tools);
  const list = make("ol", { class: "list", id: "papers" });
  const sentence = make("p");
  const rest = make("div", { class: "rest" }, icon("drop", true), sentence);
  const status = make("p", { class: "heard", role: "status", "aria-live": "polite" });
  const section = make("section", { class: "panel", "aria-labelledby": "name" }, header, list, rest, status);
  return {
    section,
    heading,
    plain,
    forYou,
    original,
    label,
    orders,
    connect,
    fold,
    next,
    list,
    rest,
    sentence,
    status,
  };
}

export class Panel {
  /**
   * @param {import("../page/page.js").Page} page
   * @param {Asks} asks
   */
  constructor(page, asks) {
    this.page = page;
    this.asks = asks;
    this.many = FIRST;
    /** @type {RecommendedPaper[]} */
    this.papers = [];
    /** @type {boolean | null} as the reader last set it here; over the page it begins folded, whatever they keep */
    this.folded = page.isLate ? true : null;
    const { host, root } = makeHost("panel", PANEL_STYLE);
    this.host = host;
    this.parts = makeParts({
      order: (order) => this.askOrder(order),
      connect: () => asks.connect(),
      fold: () => this.toggle(),
      more: () => this.more(),
    });
    root.append(this.parts.section);
    this.isHovered = false;
    for (const name of ["pointerenter", "pointerleave", "focusout"])
      host.addEventListener(name, (event) => this.atHand(event));
    /** @type {Element | null} what of the page the panel is as wide as */
    this.column = null;
    this.stopAligning = () => {};
  }

  get isFolded() {
    return this.folded ?? this.page.view?.settings.panel_collapsed ?? false;
  }

  toggle() {
    this.folded = !this.isFolded;
    this.asks.fold(this.folded);
    this.draw();
  }

  /** @param {"original" | "foryou"} order */
  askOrder(order) {
    const isOn = this.page.sortKeys !== null;
    const wanted = order === "foryou" && isOn ? "original" : order;
    this.page.emit("ask-order", wanted);
  }

  /** Keep to the width of the page's own list. */
  fit() {
    const { column } = this.page.snapshot;
    if (!column || column === this.column || this.page.isLate) return;
    this.column = column;
    this.stopAligning();
    this.stopAligning = alignWith(this.host, column);
  }

  draw() {
    const { page } = this;
    const { list, state } = page;
    const has = Boolean(list?.recommended.length);
    const waits = state === "ready" && !list && !page.view?.message;
    this.fit();
    this.parts.heading.textContent = text(has ? this.name : "page_panel_name");
    this.drawSentence(has, waits);
    set(this.parts.connect, "hidden", state !== "unpaired");
    for (const part of [this.parts.label, this.parts.orders])
      set(part, "hidden", !page.cards.some(({ card }) => page.rankingOf(card.id)?.rank));
    for (const [button, order] of /** @type {const} */ ([
      [this.parts.forYou, true],
      [this.parts.original, false],
    ])) {
      set(button, "aria-pressed", String((page.sortKeys !== null) === order));
    }
    set(this.parts.fold, "aria-expanded", String(!this.isFolded));
    set(this.parts.fold, "aria-label", text(this.isFolded ? "page_unfold" : "page_fold"));
    set(this.parts.fold, "hidden", state === "unpaired");
    set(this.parts.list, "hidden", this.isFolded || !(has || waits));
    if (has) this.drawPapers();
    else if (waits && !this.parts.list.childElementCount)
      this.parts.list.append(...Array.from({ length: FIRST }, waiting));
  }

  /** What the papers are called: the reader's own, or what anybody would get. */
  get name() {
    return countEvidence(this.page) >= MIN_EVIDENCE ? "page_panel_for_you" : "page_panel_new";
  }

  /**
   * Beside the heading, or in the place of the papers: the panel is as high without them as with them, for they may
   * come
   * while the reader reads what is below.
   * @param {boolean} has
   * @param {boolean} waits
   */
  drawSentence(has, waits) {
    const { plain, rest, section } = this.parts;
    const isAlone = this.page.state === "unpaired";
    const inPlace = !has && !waits && !isAlone && !this.isFolded;
    const sentence = this.sentence(has, waits);
    plain.textContent = inPlace ? "" : sentence;
    set(plain, "title", plain.textContent);
    this.parts.sentence.textContent = inPlace ? sentence : "";
    set(rest, "hidden", !inPlace);
    set(section, "data-plain", isAlone);
    set(section, "data-note", has && sentence !== "" && !this.isFolded);
  }

  /** What the panel has to say beside its papers, or instead of them. @param {boolean} has @param {boolean} waits */
  sentence(has, waits) {
    const { view, state, list } = this.page;
    if (has && list?.stale) {
      const age = ageOf(new Date(list.fetched_at).toISOString(), Date.now(), true);
      return view?.message ? [view.message, text("page_panel_from", age)].join(" ") : text("page_panel_stale", age);
    }
    if (state !== "ready") return view?.message || text(`page_state_${state}`);
    return has || waits ? "" : view?.message || text("page_panel_empty");
  }

  drawPapers() {
    const { page } = this;
    const list = /** @type {import("../messages.js").List} */ (page.list);
    const goesOn = this.papers.length > 0 && this.papers.every(({ id }, at) => list.recommended[at]?.paper.id === id);
    if (!goesOn && this.papers.length && this.isBusy) return this.drawEach();
    if (!goesOn) this.renew();
    const shown = list.recommended.slice(0, this.many);
    for (const one of shown.slice(this.papers.length)) this.add(one, list);
    this.drawEach();
  }

  /** The reader comes to the panel, or leaves it: then it may show the newest list. @param {Event} event */
  atHand({ type }) {
    if (type !== "focusout") this.isHovered = type === "pointerenter";
    if (type !== "pointerenter") setTimeout(() => this.host.isConnected && this.draw());
  }

  /** The reader is in the panel: what is there must not be swapped under their hands. */
  get isBusy() {
    return this.isHovered || Boolean(this.host.shadowRoot?.activeElement);
  }

  drawEach() {
    for (const paper of this.papers) paper.draw();
    set(this.parts.list, "data-more", this.papers.length > FIRST);
  }

  renew() {
    const hadFocus = this.parts.list.contains(this.host.shadowRoot?.activeElement ?? null);
    this.many = FIRST;
    this.papers = [];
    this.parts.list.replaceChildren(this.parts.next);
    set(this.parts.next, "hidden", false);
    if (hadFocus) this.parts.fold.focus({ preventScroll: true });
  }

  /** @param {import("../messages.js").Recommended} one @param {import("../messages.js").List} list */
  add(one, list) {
    const paper = new RecommendedPaper(this.page, one, this.papers.length + 1, list);
    this.papers.push(paper);
    this.parts.next.before(paper.element);
  }

  async more() {
    const before = this.papers.length;
    const known = this.page.list?.recommended.length ?? 0;
    // One step ahead, so that the button stays only while there is more behind it.
    const reply = known <= before + STEP ? await this.asks.more() : null;
    if (reply?.ok && reply.list && this.page.view) this.page.show({ ...this.page.view, list: reply.list });
    this.many = before + STEP;
    this.draw();
    const first = this.papers[before];
    const isEnd = reply?.ok && (this.page.list?.recommended.length ?? 0) <= this.many;
    set(this.parts.next, "hidden", Boolean(isEnd));
    if (!first) return reply?.ok === false ? this.page.warn(reply.error.message) : this.say(text("page_no_more"));
    first.element.querySelector("a")?.focus();
    this.say(text("page_said_more", this.papers.length - before));
  }

  /** @param {string} sentence */
  say(sentence) {
    // The same sentence twice is heard twice only if it changes.
    this.parts.status.textContent = this.parts.status.textContent === sentence ? `${sentence}\u00a0` : sentence;
  }

  remove() {
    this.stopAligning();
    this.host.remove();
  }
}

const waiting = () => make("li", { class: "wait", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
