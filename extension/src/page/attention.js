/** Whether the reader has begun to do something with the page: from then on nothing may move by itself. */

import { showCards } from "../ui/host.js";

const SIGNS = ["scroll", "wheel", "pointerdown", "touchstart", "keydown", "focusin"];

/**
 * @typedef {object} Attention
 * @property {number} began when this page, or its latest period, appeared (`performance.now()`)
 * @property {boolean} acted true once the reader has scrolled, pressed, focused or typed
 * @property {() => void} renew start anew: another period has appeared
 */

/** Whether the reader has put the focus somewhere; a focus set by the page itself does not count. */
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
 * Follow what the reader does until `signal` aborts.
 * @param {AbortSignal} signal
 * @returns {Attention}
 */
export function watchAttention(signal) {
  const attention = {
    began: performance.now(),
    // The reader may have acted before our modules were loaded.
    acted: scrollY > 0 || isFocused(),
    renew() {
      attention.began = performance.now();
      attention.acted = false;
    },
  };
  /** @param {Event} event */
  const onSign = (event) => {
    if (!event.isTrusted) return;
    attention.acted = true;
    showCards();
  };
  for (const name of SIGNS) addEventListener(name, onSign, { capture: true, passive: true, signal });
  return attention;
}
