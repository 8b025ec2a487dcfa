/**
 * The extension is updated, switched off or removed while a page is open.
 *
 * Chromium leaves the old script in the page with nobody behind it: it can keep no press, and look up no word. Panel
 * and
 * marks stay where they are, for nothing is to move under the reader's hand, but what is pressed on them is answered
 * with
 * one sentence; they go as soon as the page itself changes. Firefox ends the old script without a word, draws nothing
 * of
 * it any more (ui/reserve.css), and starts the new one in the same page.
 */

import { isAlive, text } from "../browser.js";

/** @typedef {import("./page.js").Page} Page */

/**
 * A link leads on without us, and what has just been said may be pressed away.
 * @param {Event} event
 */
function isForUs(event) {
  const path = event.composedPath().filter((one) => one instanceof HTMLElement);
  const isOurs = path.some(({ dataset }) => dataset.inkling === "panel" || dataset.inkling === "mark");
  return isOurs && !path.some((one) => one.matches("a[href]"));
}

/**
 * Say it when the reader comes back to the page or begins to do something, and again at each press meant for us.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
export function watchReplaced(page, signal) {
  const sentence = text("page_replaced");
  let isTold = false;
  const tell = () => {
    isTold = true;
    page.warn(sentence);
  };
  /** @param {Event} event */
  const begun = ({ isTrusted }) => isTrusted && !isTold && !isAlive() && tell();
  const back = () => isAlive() || tell();
  /** @param {Event} event */
  const pressed = (event) => {
    if (isAlive() || !event.isTrusted || !isForUs(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell();
  };
  addEventListener("click", pressed, { capture: true, signal });
  for (const sign of ["pointerdown", "keydown"])
    addEventListener(sign, begun, { capture: true, passive: true, signal });
  addEventListener("focus", back, { signal });
  page.on("replaced", tell, signal);
  page.on(
    "before-scan",
    () => {
      if (isAlive()) return;
      if (!isTold) tell();
      page.emit("gone");
    },
    signal,
  );
}

/** @param {(Element | null)[]} elements of the page @param {string[]} names what we wrote on them */
function restore(elements, names) {
  for (const element of elements) {
    if (!(element instanceof HTMLElement)) continue;
    for (const name of names) element.style.removeProperty(name);
    if (!element.getAttribute("style")) element.removeAttribute("style");
  }
}

/** Take away what an older copy of the extension left in this page. */
export function sweepRemains() {
  const hosts = [...document.querySelectorAll("[data-inkling]")];
  if (!hosts.length) return;
  const marked = hosts.filter((host) => host.matches("[data-inkling=mark]")).map((host) => host.parentElement);
  const ordered = [...document.querySelectorAll("[style]")].filter(
    (one) => one instanceof HTMLElement && one.style.order,
  );
  restore(marked, ["opacity", "position"]);
  restore(
    ordered.map((one) => one.parentElement),
    ["display", "flex-direction", "reading-flow"],
  );
  restore(ordered, ["order"]);
  for (const host of hosts) host.remove();
}
