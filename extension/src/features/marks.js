/** One mark on each card, once its island may be touched; the hovered or focused card's mark is open. */

import { Mark } from "../ui/mark.js";
import { countEvidence } from "../ui/reasons.js";
import { inSlices } from "../page/scheduling.js";

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
    /** @param {import("../sites/site.js").PageCard} one */
    mark(one) {
      const { element, seat = element } = one;
      let mark = marks.get(element);
      if (mark?.card.id !== one.card.id) mark = this.renew(one);
      if (mark.host.parentElement !== seat) seat.append(mark.host);
      return mark;
    },
    /** @param {import("../sites/site.js").PageCard} one */
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
  const wanted = page.markOf(card.id).hidden && host.dataset.open === undefined;
  if (wanted && !element.style.opacity) element.style.opacity = DIM;
  else if (!wanted && element.style.opacity === DIM) element.style.removeProperty("opacity");
}

/**
 * Open the mark of the card the reader is at, and close the others. A finger opens it by its sign alone: opening under
 * a
 * tap meant for the card would put a button in its way.
 * @param {Page} page
 * @param {Map<HTMLElement, Mark>} marks
 * @param {AbortSignal} signal
 */
function openAtCard(page, marks, signal) {
  /** @type {{mark: Mark, items: HTMLElement[]} | null} */
  let open = null;
  /** @param {EventTarget | null} target */
  const cardAt = (target) => {
    if (!(target instanceof Element)) return null;
    const one = page.cards.find(({ items }) => items.some((item) => item.contains(target)));
    const mark = one && marks.get(one.element);
    return mark ? { mark, items: one.items } : null;
  };
  /** @param {Mark} mark */
  const shut = (mark) => {
    if (open?.mark === mark) return;
    delete mark.host.dataset.open;
    dim(page, mark);
  };
  const close = () => {
    const left = open?.mark;
    open = null;
    const box = left?.host.shadowRoot?.querySelector(".why-box");
    if (left && !box) shut(left);
    // Its reason is still being read.
    if (left && box)
      box.addEventListener("toggle", (event) => /** @type {any} */ (event).newState === "closed" && shut(left));
  };
  /** @param {Event} event */
  const at = ({ target }) => {
    if (target instanceof Node && open?.items.some((item) => item.contains(target))) return;
    const card = cardAt(target);
    close();
    if (!card) return;
    open = card;
    card.mark.host.dataset.open = "";
    dim(page, card.mark);
  };
  /** @param {PointerEvent} event */
  const over = (event) => event.pointerType !== "touch" && at(event);
  /** @param {Event} event */
  const focused = (event) => isFocusSeen(event) && at(event);
  /** @param {PointerEvent} event */
  const pressed = ({ target }) =>
    target instanceof Node && open && !open.items.some((item) => item.contains(target)) && close();
  /** @param {Event} event */
  const clicked = (event) => event.isTrusted && event.composedPath().some(isSign) && at(event);
  for (const [name, call] of /** @type {[string, (event: any) => void][]} */ (
    Object.entries({ pointerover: over, focusin: focused, pointerdown: pressed, click: clicked })
  )) {
    document.addEventListener(name, call, { signal, passive: true, capture: name === "click" });
  }
}

/** @param {EventTarget} one */
const isSign = (one) => one instanceof HTMLElement && one.dataset.part === "sign";

/** Focus that the browser shows, as after a key; not that of a tap or a click. @param {Event} event */
const isFocusSeen = (event) => {
  const [target] = event.composedPath();
  return target instanceof Element && target.matches(":focus-visible");
};

/** @type {import("../page/lifecycle.js").Feature} */
export const marks = {
  runs: ({ state, place }) =>
    (state === "ready" || state === "offline") && place.kind !== "paper" && place.kind !== "abs",
  init(page, signal) {
    const kept = keeper(page);
    let round = new AbortController();
    const draw = () => {
      round.abort();
      if (!page.isHydrated) return;
      round = new AbortController();
      const known = countEvidence(page);
      const places = new Map([...new Set(page.cards.map(({ card }) => card.id))].map((paper, at) => [paper, at + 1]));
      kept.sweep();
      inSlices(
        page.cards,
        (one) => {
          const mark = kept.mark(one);
          mark.draw(known, page.sortKeys ? (places.get(one.card.id) ?? null) : null);
          dim(page, mark);
        },
        round.signal,
      );
    };
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "order"])) page.on(name, draw, signal);
    // The page may have drawn a card anew and thrown its mark out.
    page.on("after-scan", () => kept.isWhole() || draw(), signal);
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
