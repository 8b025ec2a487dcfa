/** Our hosts in the page: elements with an open shadow root, in the page's own light or dark. */

import { text } from "../browser.js";
import { BASE } from "./base-style.js";

/** @type {Map<string, CSSStyleSheet>} */
const sheets = new Map();

/**
 * Give a shadow root its styles: shared sheets, or where the browser refuses those to content scripts, a `<style>`.
 * @param {ShadowRoot} root
 * @param {string} css
 */
function dress(root, css) {
  try {
    let sheet = sheets.get(css);
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      sheets.set(css, sheet);
    }
    root.adoptedStyleSheets = [sheet];
    if (root.adoptedStyleSheets.length) return;
  } catch {
    // Firefox may not let a content script's sheet into a page's shadow root.
  }
  const style = document.createElement("style");
  style.textContent = css;
  root.prepend(style);
}

/**
 * @param {"panel" | "mark" | "notice"} name
 * @param {string} css
 * @returns {{host: HTMLElement, root: ShadowRoot}}
 */
export function makeHost(name, css) {
  const host = document.createElement("div");
  host.dataset.inkling = name;
  const root = host.attachShadow({ mode: "open" });
  dress(root, BASE + css);
  host.dataset.theme = now;
  // The page may be in another language than ours.
  host.lang = text("page_language");
  return { host, root };
}

/** What `reserve.css` kept free is taken, or not needed any more. */
export function releaseRoom() {
  delete document.documentElement.dataset.inklingRoom;
}

/**
 * At the lower edge of the window, over the page: what comes after the page was drawn is not to move it.
 * @param {HTMLElement} host
 */
export function floatOver(host) {
  host.dataset.over = "";
  if (document.body && !host.isConnected) document.body.append(host);
}

/** Cards that waited for their order are drawn, in whichever they have now. */
export function showCards() {
  delete document.documentElement.dataset.inklingOrder;
}

/** What the page looks like now. @returns {"dark" | "light"} */
function theme() {
  const { documentElement: html, body } = document;
  if (html.classList.contains("dark")) return "dark";
  if (!body) return "light";
  const [red, green, blue, alpha] = getComputedStyle(body)
    .backgroundColor.match(/[\d.]+/g)
    ?.map(Number) ?? [255, 255, 255];
  return alpha !== 0 && red * 0.3 + green * 0.6 + blue * 0.1 < 90 ? "dark" : "light";
}

/** The theme as last looked up: asking costs a style calculation, and a page has a hundred hosts. */
let now = /** @type {"dark" | "light"} */ ("light");

/**
 * Look up the page's light or dark, and keep every host in it.
 * @param {AbortSignal} signal
 * @returns {() => void} looks again
 */
export function followTheme(signal) {
  now = theme();
  const follow = () => {
    const before = now;
    now = theme();
    if (now === before) return;
    const hosts = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-inkling]"));
    for (const host of hosts) if (host.dataset.theme !== now) host.dataset.theme = now;
  };
  const observer = new MutationObserver(follow);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  return follow;
}
