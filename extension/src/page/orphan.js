/**
 * The extension is updated, switched off or removed while a page is open: the content script is an orphan.
 *
 * Chromium leaves the old script in the page without a worker: it can keep nothing, and look up no word. Panel and
 * marks stay where they are, so that nothing moves under the reader's hand, and a press on them gets one sentence as an
 * answer; they go when the page itself changes. Firefox ends the old script silently, no longer draws its elements
 * (ui/reserve.css), and starts the new script in the same page.
 */

import { isAlive, text } from "../browser.js";

/** @typedef {import("./page.js").Page} Page */

/**
 * Whether an event is a press on the panel or a mark. Links work without us, and the notice can be pressed away.
 * @param {Event} event
 */
function isForUs(event) {
  const path = event.composedPath().filter((one) => one instanceof HTMLElement);
  const isOurs = path.some(({ dataset }) => dataset.inkling === "panel" || dataset.inkling === "mark");
  return isOurs && !path.some((one) => one.matches("a[href]"));
}

/**
 * Warn the reader when they come back to the orphaned page or act on it, and at each press on the panel or a mark.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
export function watchReplaced(page, signal) {
  const sentence = text("page_replaced");
  let hasWarned = false;
  const warn = () => {
    hasWarned = true;
    page.warn(sentence);
  };
  /** @param {Event} event */
  const onFirstAct = ({ isTrusted }) => isTrusted && !hasWarned && !isAlive() && warn();
  /** @param {Event} event */
  const onClick = (event) => {
    if (isAlive() || !event.isTrusted || !isForUs(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    warn();
  };
  const onScan = () => {
    if (isAlive()) return;
    if (!hasWarned) warn();
    page.emit("gone");
  };
  addEventListener("click", onClick, { capture: true, signal });
  for (const sign of ["pointerdown", "keydown"])
    addEventListener(sign, onFirstAct, { capture: true, passive: true, signal });
  addEventListener("focus", () => isAlive() || warn(), { signal });
  page.on("replaced", warn, signal);
  page.on("before-scan", onScan, signal);
}

/**
 * Remove style properties that we wrote.
 * @param {(Element | null)[]} elements of the page
 * @param {string[]} names
 */
function restore(elements, names) {
  for (const element of elements) {
    if (!(element instanceof HTMLElement)) continue;
    for (const name of names) element.style.removeProperty(name);
    if (!element.getAttribute("style")) element.removeAttribute("style");
  }
}

/** Remove what an older copy of the extension left in this page. */
export function sweepRemains() {
  const hosts = [...document.querySelectorAll("[data-inkling]")];
  if (!hosts.length) return;
  const marked = hosts.filter((host) => host.matches("[data-inkling=mark]")).map((host) => host.parentElement);
  const reordered = [...document.querySelectorAll("[style]")].filter(
    (one) => one instanceof HTMLElement && one.style.order,
  );
  const grids = reordered.map((one) => one.parentElement);
  restore(marked, ["opacity", "position"]);
  restore(grids, ["display", "flex-direction", "reading-flow"]);
  restore(reordered, ["order"]);
  for (const host of hosts) host.remove();
}
