/** One mark on each card, once its island may be touched; the hovered or focused card's mark is open. */

import { Mark } from "../ui/mark.js";
import { evidence } from "../ui/reasons.js";
import { inSlices } from "../page/slices.js";

/** @typedef {import("../page/page.js").Page} Page */

/** Whether an element must be positioned for a mark in its corner; asked once for each kind of element. */
function placeNeeds() {
  /** @type {Map<string, boolean>} */
  const known = new Map();
  /** @param {HTMLElement} element */
  return (element) => {
    const kind = `${element.tagName} ${element.className}`;
    const needs = known.get(kind) ?? getComputedStyle(element).position === "static";
    known.set(kind, needs);
    return needs;
  };
}

/** @param {Page} page */
function keeper(page) {
  /** @type {Map<HTMLElement, Mark>} */
  const marks = new Map();
  const needsPlace = placeNeeds();
  return {
    marks,
    /** @param {import("../sites/reading.js").PageCard} one */
    mark(one) {
      const { element, seat = element } = one;
      let mark = marks.get(element);
      if (mark?.card.id !== one.card.id) mark = this.renew(one);
      if (mark.host.parentElement !== seat) seat.append(mark.host);
      return mark;
    },
    /** @param {import("../sites/reading.js").PageCard} one */
    renew({ element, seat = element, card, picture }) {
      marks.get(element)?.host.remove();
      const mark = new Mark(page, card, picture ? "corner" : seat === element ? "side" : "line");
      marks.set(element, mark);
      if (needsPlace(seat)) seat.style.position = "relative";
      return mark;
    },
    isWhole: () => page.cards.every(({ element }) => marks.get(element)?.host.isConnected),
    /** Forget the marks of cards that are gone. */
    sweep() {
      const now = new Set(page.cards.map(({ element }) => element));
      for (const [element, { host }] of marks) {
        if (now.has(element)) continue;
        host.remove();
        marks.delete(element);
      }
    },
  };
}

/** Undo what we wrote on the page's own element. @param {HTMLElement} element */
function restore(element) {
  if (element.style.opacity === DIM) element.style.removeProperty("opacity");
  if (element.style.position === "relative") element.style.removeProperty("position");
  if (!element.getAttribute("style")) element.removeAttribute("style");
}

const DIM = "0.4";

/**
 * Dim a hidden card, its place kept; not while the reader is at it.
 * @param {Page} page
 * @param {Mark} mark
 */
function dim(page, { card, host }) {
  const element = host.parentElement;
  if (!element) return;
  const wanted = page.mark(card.id).hidden && host.dataset.open === undefined;
  if (wanted && !element.style.opacity) element.style.opacity = DIM;
  else if (!wanted && element.style.opacity === DIM) element.style.removeProperty("opacity");
}

/**
 * Open the mark of the card the reader is at, and close the others.
 * @param {Page} page
 * @param {Map<HTMLElement, Mark>} marks
 * @param {AbortSignal} signal
 */
function openAtCard(page, marks, signal) {
  /** @type {Mark | null} */
  let open = null;
  /** @param {Event} event */
  const at = ({ target }) => {
    const element = target instanceof Element ? page.cards.find(({ items }) => items.some((item) => item.contains(target)))?.element : undefined;
    const mark = (element && marks.get(element)) ?? null;
    if (mark === open) return;
    if (open && !open.host.shadowRoot?.querySelector(".why-box")) delete open.host.dataset.open;
    if (mark) mark.host.dataset.open = "";
    const left = open;
    open = mark;
    for (const one of [left, mark]) if (one) dim(page, one);
  };
  document.addEventListener("pointerover", (event) => event.pointerType === "touch" || at(event), { signal, passive: true });
  document.addEventListener("focusin", at, { signal });
  document.addEventListener("pointerdown", at, { signal, passive: true });
}

/** @type {import("../page/run.js").Feature} */
export const marks = {
  runs: ({ state, place }) => (state === "ready" || state === "offline") && place.kind !== "paper" && place.kind !== "abs",
  init(page, signal) {
    const kept = keeper(page);
    let round = new AbortController();
    const draw = () => {
      round.abort();
      if (!page.isOpen) return;
      round = new AbortController();
      const known = evidence(page);
      const places = new Map([...new Set(page.cards.map(({ card }) => card.id))].map((paper, at) => [paper, at + 1]));
      kept.sweep();
      inSlices(page.cards, (one) => {
        const mark = kept.mark(one);
        mark.draw(known, page.turns ? (places.get(one.card.id) ?? null) : null);
        dim(page, mark);
      }, round.signal);
    };
    for (const name of /** @type {const} */ (["cards", "view", "open", "order"])) page.on(name, draw, signal);
    // The page may have drawn a card anew and thrown its mark out.
    page.on("settled", () => kept.isWhole() || draw(), signal);
    openAtCard(page, kept.marks, signal);
    signal.addEventListener("abort", () => {
      round.abort();
      for (const [, { host }] of kept.marks) {
        if (host.parentElement) restore(host.parentElement);
        host.remove();
      }
    });
    draw();
  },
};
