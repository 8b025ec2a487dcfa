/** One mark on each card, once its island is hydrated; the mark of the hovered or focused card is open. */

import { Mark, openMark } from "../ui/mark.js";
import { countEvidence } from "../ui/reasons.js";
import { inSlices } from "../page/scheduling.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../sites/site.js").PageCard} PageCard */

const DIM = "0.4";

/** Returns a test: must this element be positioned to hold a mark in its corner? Computed once per kind of element. */
function positionTest() {
  /** @type {Map<string, boolean>} */
  const known = new Map();
  /** @param {HTMLElement} element */
  return (element) => {
    const kind = `${element.tagName} ${element.className}`;
    const isStatic = known.get(kind) ?? getComputedStyle(element).position === "static";
    known.set(kind, isStatic);
    return isStatic;
  };
}

/** The marks of a page's cards. */
class CardMarks {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<HTMLElement, Mark>} by the card's element */
    this.byElement = new Map();
    this.needsPosition = positionTest();
  }

  /**
   * The card's mark, put in its seat.
   * @param {PageCard} pageCard
   */
  place(pageCard) {
    const { element, seat = element, card } = pageCard;
    let mark = this.byElement.get(element);
    if (mark?.card.id !== card.id) mark = this.create(pageCard);
    if (mark.host.parentElement !== seat) seat.append(mark.host);
    return mark;
  }

  /** @param {PageCard} pageCard */
  create({ element, seat = element, card, picture }) {
    this.byElement.get(element)?.host.remove();
    const mark = new Mark(this.page, card, picture ? "corner" : seat === element ? "side" : "line");
    this.byElement.set(element, mark);
    if (this.needsPosition(seat)) seat.style.position = "relative";
    return mark;
  }

  /** @param {PageCard} pageCard */
  has({ element }) {
    return this.byElement.get(element)?.host.isConnected === true;
  }

  /** False if the page has removed a mark, or some are still to be drawn. */
  get isWhole() {
    return this.page.cards.every((one) => this.has(one));
  }

  /** The cards, those without a mark first: a page that changes faster than all are drawn gets the rest next time. */
  get missingFirst() {
    const { cards } = this.page;
    return [...cards.filter((one) => !this.has(one)), ...cards.filter((one) => this.has(one))];
  }

  /** Remove the marks of cards that are gone. */
  sweep() {
    const current = new Set(this.page.cards.map(({ element }) => element));
    for (const [element, { host }] of this.byElement) {
      if (current.has(element)) continue;
      host.remove();
      this.byElement.delete(element);
    }
  }

  remove() {
    for (const [, { host }] of this.byElement) {
      if (host.parentElement) restore(host.parentElement);
      host.remove();
    }
  }
}

/**
 * Undo what we wrote on the page's own element.
 * @param {HTMLElement} element
 */
function restore(element) {
  if (element.style.opacity === DIM) element.style.removeProperty("opacity");
  if (element.style.position === "relative") element.style.removeProperty("position");
  if (!element.getAttribute("style")) element.removeAttribute("style");
}

/**
 * Dim a card that is hidden, or of which less is wanted, in its place, but not while the reader is at it.
 * @param {Page} page
 * @param {Mark} mark
 */
function dim(page, { card, host }) {
  const element = host.parentElement;
  if (!element) return;
  const { hidden, disliked } = page.markOf(card.id);
  const isDim = (hidden || disliked) && host.dataset.open === undefined;
  if (isDim && !element.style.opacity) element.style.opacity = DIM;
  else if (!isDim && element.style.opacity === DIM) element.style.removeProperty("opacity");
}

/**
 * Opens the mark of the card the reader is at, and closes the others. A finger opens it by its sign alone: opening
 * under a tap meant for the card would put a button in its way.
 */
class MarkOpener {
  /** @type {{mark: Mark, items: HTMLElement[]} | null} */
  #open = null;

  /**
   * @param {Page} page
   * @param {Map<HTMLElement, Mark>} marks by the card's element
   */
  constructor(page, marks) {
    this.page = page;
    this.marks = marks;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    /** @type {Record<string, (event: any) => void>} */
    const calls = {
      pointerover: (event) => event.pointerType !== "touch" && this.openAt(event.target),
      focusin: (event) => isFocusVisible(event) && this.openAt(event.target),
      pointerdown: ({ target }) => this.#isElsewhere(target) && this.close(),
      click: (event) => event.isTrusted && event.composedPath().some(isSign) && this.openAt(event.target),
    };
    for (const [name, call] of Object.entries(calls))
      document.addEventListener(name, call, { signal, passive: true, capture: name === "click" });
  }

  /** @param {EventTarget | null} target */
  openAt(target) {
    if (this.#isInOpenCard(target)) return;
    const card = this.#cardAt(target);
    this.close();
    if (!card) return;
    this.#open = card;
    openMark(card.mark.host);
    dim(this.page, card.mark);
  }

  close() {
    const mark = this.#open?.mark;
    this.#open = null;
    if (!mark) return;
    const box = mark.host.shadowRoot?.querySelector(".box");
    // While its reason is being read the mark stays open.
    if (box)
      box.addEventListener("toggle", (event) => /** @type {any} */ (event).newState === "closed" && this.#shut(mark));
    else this.#shut(mark);
  }

  /** @param {Mark} mark */
  #shut(mark) {
    if (this.#open?.mark === mark) return;
    delete mark.host.dataset.open;
    dim(this.page, mark);
  }

  /** @param {EventTarget | null} target */
  #cardAt(target) {
    if (!(target instanceof Element)) return null;
    const one = this.page.cards.find(({ items }) => items.some((item) => item.contains(target)));
    const mark = one && this.marks.get(one.element);
    return mark ? { mark, items: one.items } : null;
  }

  /** @param {EventTarget | null} target */
  #isInOpenCard(target) {
    // The page may have drawn another paper in the open card: its mark is a new one, and closed.
    if (!(target instanceof Node) || !this.#open?.mark.host.isConnected) return false;
    return this.#open.items.some((item) => item.contains(target));
  }

  /** @param {EventTarget | null} target */
  #isElsewhere(target) {
    return target instanceof Node && this.#open !== null && !this.#isInOpenCard(target);
  }
}

/** @param {EventTarget} target */
const isSign = (target) => target instanceof HTMLElement && target.dataset.part === "sign";

/**
 * Whether the browser shows this focus, as after a key; not after a tap or a click.
 * @param {Event} event
 */
const isFocusVisible = (event) => {
  const [target] = event.composedPath();
  return target instanceof Element && target.matches(":focus-visible");
};

/** @type {import("../page/lifecycle.js").Feature} */
export const marks = {
  runs: ({ state, place }) =>
    (state === "ready" || state === "offline") && place.kind !== "paper" && place.kind !== "abs",
  init(page, signal) {
    const cardMarks = new CardMarks(page);
    let drawing = new AbortController();
    const draw = () => {
      drawing.abort();
      if (!page.isHydrated) return;
      drawing = new AbortController();
      const evidence = countEvidence(page);
      const papers = [...new Set(page.cards.map(({ card }) => card.id))];
      const positions = new Map(papers.map((paper, at) => [paper, at + 1]));
      /** @param {PageCard} pageCard */
      const drawMark = (pageCard) => {
        const mark = cardMarks.place(pageCard);
        mark.draw(evidence, page.sortKeys ? (positions.get(pageCard.card.id) ?? null) : null);
        dim(page, mark);
      };
      cardMarks.sweep();
      inSlices(cardMarks.missingFirst, drawMark, drawing.signal);
    };
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "order"])) page.on(name, draw, signal);
    // The page may have redrawn a card and removed its mark.
    page.on("after-scan", () => cardMarks.isWhole || draw(), signal);
    new MarkOpener(page, cardMarks.byElement).listen(signal);
    signal.addEventListener("abort", () => {
      drawing.abort();
      cardMarks.remove();
    });
    draw();
  },
};
