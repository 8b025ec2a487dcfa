/**
 * When a node may be added inside a list's island: only after the page's framework has hydrated it.
 *
 * A node added earlier is a hydration mismatch: the framework throws the list away, or the whole page goes blank. Time
 * proves nothing (on a slow network hydration takes twelve seconds and more), so no timeout opens the gate; until a
 * sign of hydration comes, we add nodes outside the island only. The signs: hydration.js finds the framework's marks on
 * an element, or the island changes in a way that only a framework changes it.
 */

import { soon, whenIdle } from "./scheduling.js";

const MIN_DELAY_MS = 60;
const MAX_DELAY_MS = 3000;

/** Attributes that other extensions write (theme, spelling, translation): no sign of the page's framework. */
const FOREIGN = /^(?:data-|style$|lang$|spellcheck$|inert$)/;
/** Svelte 5 sets no attribute when it hydrates; it only removes these. */
const SVELTE_5_REMOVES = /^on(?:load|error)$/;

/**
 * Svelte 5 leaves comments such as `[` between nodes.
 * @param {Element} island
 */
function isSvelte5(island) {
  const comments = document.createTreeWalker(island, NodeFilter.SHOW_COMMENT);
  while (comments.nextNode()) if (/^\[/.test(comments.currentNode.nodeValue ?? "")) return true;
  return false;
}

/**
 * Returns a test for changes in this island: true if only the framework makes such a change.
 * @param {Element} island
 * @returns {(record: MutationRecord) => boolean}
 */
function frameworkChangeTest(island) {
  const isSvelte5Island = isSvelte5(island);
  return ({ type, attributeName }) =>
    type !== "attributes" ||
    (isSvelte5Island ? SVELTE_5_REMOVES.test(attributeName ?? "") : !FOREIGN.test(attributeName ?? ""));
}

/**
 * True if no script on the loaded page can be a framework that has yet to run.
 * @param {Document} document
 */
export function hasNoFramework(document) {
  return [...document.scripts].every(
    (script) => !script.src && script.type !== "module" && script.text.length < 1000 && !/\bimport\b/.test(script.text),
  );
}

/**
 * Ask hydration.js, in the page's world, about an island until it says yes.
 * @param {Element} island
 * @param {() => void} open
 * @param {AbortSignal} signal
 */
function pollPageWorld(island, open, signal) {
  const began = performance.now();
  island.addEventListener("inkling:hydrated", open, { signal });
  const poll = () => {
    if (signal.aborted) return;
    if (document.readyState === "complete" && hasNoFramework(document)) return open();
    island.dispatchEvent(new Event("inkling:ask", { bubbles: true }));
    // Every 60 ms at first, twice a second after ten seconds.
    setTimeout(poll, Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, (performance.now() - began) / 20)));
  };
  // Asking looks at the whole island: not in the task that has just read it.
  soon(poll);
}

/**
 * Settles when nodes may be added inside this island; at once if there is no island. It never rejects, and once
 * `signal` has aborted it never settles.
 * @param {Element | null} island
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function whenHydrated(island, signal) {
  if (!island) return Promise.resolve();
  return new Promise((settle) => {
    const waiting = new AbortController();
    const until = AbortSignal.any([signal, waiting.signal]);
    const open = () => {
      if (until.aborted) return;
      waiting.abort();
      // Wait for an idle moment: a page with several islands may still be hydrating the next one.
      whenIdle(settle, signal);
    };
    const isFrameworkChange = frameworkChangeTest(island);
    const observer = new MutationObserver((records) => records.some(isFrameworkChange) && open());
    observer.observe(island, { subtree: true, childList: true, characterData: true, attributes: true });
    until.addEventListener("abort", () => observer.disconnect());
    pollPageWorld(island, open, until);
  });
}
