/** Our hosts in the page: elements with an open shadow root, in the page's own light or dark theme. */

import { text } from "../browser.js";
import { BASE } from "./base-style.js";

/** @type {Map<string, CSSStyleSheet[]>} */
const sheets = new Map();

/** @param {string} css */
function parseSheet(css) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return sheet;
}

/**
 * The sheets of all hosts of a kind; the base, which every kind has, is parsed once.
 * @param {string} css
 * @returns {CSSStyleSheet[]}
 */
function sharedSheets(css) {
  const known = sheets.get(css);
  if (known) return known;
  const shared = css === BASE ? [parseSheet(BASE)] : [...sharedSheets(BASE), parseSheet(css)];
  sheets.set(css, shared);
  return shared;
}

/**
 * Give a shadow root its styles: a shared sheet, or a `<style>` if the browser allows no shared sheet here.
 * @param {ShadowRoot} root
 * @param {string} css
 */
function applyStyles(root, css) {
  try {
    root.adoptedStyleSheets = sharedSheets(css);
    if (root.adoptedStyleSheets.length) return;
  } catch {
    // Firefox may refuse a content script's sheet in a page's shadow root.
  }
  const style = document.createElement("style");
  style.textContent = BASE + css;
  root.prepend(style);
}

/**
 * @param {"panel" | "mark" | "notice"} name
 * @param {string} css
 * @returns {{host: HTMLElement, root: ShadowRoot}}
 */
export function makeHost(name, css) {
  const host = document.createElement("div");
  host.setAttribute("data-inkling", name);
  const root = host.attachShadow({ mode: "open" });
  applyStyles(root, css);
  host.setAttribute("data-theme", theme);
  // The page may be in another language.
  host.setAttribute("lang", text("page_language"));
  return { host, root };
}

/** Release the room that `reserve.css` reserved: it is taken, or no longer needed. */
export function releaseRoom() {
  delete document.documentElement.dataset.inklingRoom;
}

/**
 * Put a host over the page, at the lower edge of the window: in the page it would move what is already drawn.
 * @param {HTMLElement} host
 */
export function floatOver(host) {
  host.dataset.over = "";
  if (document.body && !host.isConnected) document.body.append(host);
}

/** Draw the cards that waited for their order. */
export function showCards() {
  delete document.documentElement.dataset.inklingOrder;
}

/**
 * The page's theme now.
 * @returns {"dark" | "light"}
 */
function readTheme() {
  const { documentElement: html, body } = document;
  if (html.classList.contains("dark")) return "dark";
  if (!body) return "light";
  const [red, green, blue, alpha] = getComputedStyle(body)
    .backgroundColor.match(/[\d.]+/g)
    ?.map(Number) ?? [255, 255, 255];
  return alpha !== 0 && red * 0.3 + green * 0.6 + blue * 0.1 < 90 ? "dark" : "light";
}

/** The theme as last read: reading it costs a style calculation, and a page has a hundred hosts. */
let theme = /** @type {"dark" | "light"} */ ("light");

/**
 * Read the page's theme, and keep every host in it.
 * @param {AbortSignal} signal
 * @returns {() => void} reads it again
 */
export function followTheme(signal) {
  theme = readTheme();
  const follow = () => {
    const before = theme;
    theme = readTheme();
    if (theme === before) return;
    const hosts = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-inkling]"));
    for (const host of hosts) if (host.dataset.theme !== theme) host.dataset.theme = theme;
  };
  const observer = new MutationObserver(follow);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  return follow;
}
