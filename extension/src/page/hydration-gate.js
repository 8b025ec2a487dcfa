/**
 * When may a node be added inside a list's island? Only after the page's framework has taken the island over.
 *
 * A node added earlier is a hydration mismatch: the framework throws the list away, or the whole page goes blank. Time
 * proves nothing (a slow network hydrates after twelve seconds and more), so no timeout opens the gate: until a signal
 * comes, only what lies outside the island is ours. Signals: the page world sees the framework's marks on an element,
 * or something in the island changes as only a framework changes it.
 */

import { whenIdle } from "./scheduling.js";

const SOONEST_MS = 60;
const LATEST_MS = 3000;

/** Attributes that other extensions write (theme, spelling, translation): no sign of the page's framework. */
const FOREIGN = /^(?:data-|style$|lang$|spellcheck$|inert$)/;
/** All that hydration by Svelte 5 takes from elements; it sets none. */
const SVELTE_5_TAKES = /^on(?:load|error)$/;

/** Svelte 5 leaves comments such as `[` between nodes. @param {Element} island */
function isOfSvelte5(island) {
  const comments = document.createTreeWalker(island, NodeFilter.SHOW_COMMENT);
  while (comments.nextNode()) if (/^\[/.test(comments.currentNode.nodeValue ?? "")) return true;
  return false;
}

/**
 * What a change in this island must look like to be the framework's.
 * @param {Element} island
 * @returns {(record: MutationRecord) => boolean}
 */
function frameworksOf(island) {
  const isSvelte5 = isOfSvelte5(island);
  return ({ type, attributeName }) =>
    type !== "attributes" ||
    (isSvelte5 ? SVELTE_5_TAKES.test(attributeName ?? "") : !FOREIGN.test(attributeName ?? ""));
}

/**
 * True if no script on the loaded page could be a framework that is still to come.
 * @param {Document} document
 */
export function hasNoFramework(document) {
  return [...document.scripts].every(
    (script) => !script.src && script.type !== "module" && script.text.length < 1000 && !/\bimport\b/.test(script.text),
  );
}

/**
 * Ask the page world about an island, now and then until it says yes.
 * @param {Element} island
 * @param {() => void} open
 * @param {AbortSignal} signal
 */
function ask(island, open, signal) {
  const began = performance.now();
  island.addEventListener("inkling:hydrated", open, { signal });
  const again = () => {
    if (signal.aborted) return;
    if (document.readyState === "complete" && hasNoFramework(document)) return open();
    island.dispatchEvent(new Event("inkling:ask", { bubbles: true }));
    // Ever more patient: every 60 ms at first, twice a second after ten seconds.
    setTimeout(again, Math.min(LATEST_MS, Math.max(SOONEST_MS, (performance.now() - began) / 20)));
  };
  again();
}

/**
 * Settles when nodes may be added inside this island; at once where there is no island. Rejects never; with `signal`
 * aborted it never settles.
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
      // One idle moment more: a page with several islands may still be at work on the next one.
      whenIdle(settle, signal);
    };
    const isFrameworks = frameworksOf(island);
    const watch = new MutationObserver((records) => records.some(isFrameworks) && open());
    watch.observe(island, { subtree: true, childList: true, characterData: true, attributes: true });
    until.addEventListener("abort", () => watch.disconnect());
    ask(island, open, until);
  });
}
