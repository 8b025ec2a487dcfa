/** Whether the reader has begun to do something with the page: from then on nothing may move by itself. */

import { showCards } from "../ui/host.js";

const SIGNS = ["scroll", "wheel", "pointerdown", "touchstart", "keydown", "focusin"];

/**
 * @typedef {object} Attention
 * @property {number} began when this page, or its latest period, appeared (`performance.now()`)
 * @property {boolean} acted true once the reader has scrolled, pressed, focused or typed
 * @property {() => void} renew another period appeared
 */

/**
 * @param {AbortSignal} signal
 * @returns {Attention}
 */
export function watchAttention(signal) {
  const attention = {
    began: performance.now(),
    acted: scrollY > 0,
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
