/** Whether the reader has begun to do something with the page: from then on nothing may move by itself. */

import { showCards } from "../ui/host.js";

const SIGNS = ["scroll", "wheel", "pointerdown", "touchstart", "keydown", "focusin"];

/**
 * @typedef {object} Attention
 * @property {number} began when this page, or its latest period, appeared (`performance.now()`)
 * @property {boolean} acted true once the reader has scrolled, pressed, focused or typed
 * @property {() => void} renew another period appeared
 */

/** The reader has put the focus somewhere; where the page itself puts it says nothing. */
function isFocused() {
  const { activeElement, body, documentElement } = document;
  return (
    activeElement !== null &&
    activeElement !== body &&
    activeElement !== documentElement &&
    !activeElement.hasAttribute("autofocus")
  );
}

/**
 * @param {AbortSignal} signal
 * @returns {Attention}
 */
export function watchAttention(signal) {
  const attention = {
    began: performance.now(),
    // What was done before our modules had come.
    acted: scrollY > 0 || isFocused(),
    renew() {
      attention.began = performance.now();
      attention.acted = false;
    },
  };
  /** @param {Event} event */
  const act = (event) => {
    if (!event.isTrusted) return;
    attention.acted = true;
    showCards();
  };
  for (const name of SIGNS) addEventListener(name, act, { capture: true, passive: true, signal });
  return attention;
}
