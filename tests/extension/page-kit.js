/** A stand-in page in jsdom with a small worker behind it, for tests of what runs in the page. */

import { readFileSync } from "node:fs";
import { JSDOM, VirtualConsole } from "jsdom";
import { vi } from "vitest";
import { renderPage } from "../pages/render.mjs";

const NAMES = [
  "document",
  "location",
  "history",
  "Element",
  "HTMLElement",
  "HTMLAnchorElement",
  "HTMLInputElement",
  "Node",
  "NodeFilter",
  "ShadowRoot",
  "Event",
  "CustomEvent",
  "KeyboardEvent",
  "MouseEvent",
  "EventTarget",
  "AbortController",
  "AbortSignal",
  "MutationObserver",
  "addEventListener",
  "removeEventListener",
  "getComputedStyle",
  "innerHeight",
  "innerWidth",
];
const messages = JSON.parse(readFileSync(new URL("../../extension/_locales/en/messages.json", import.meta.url)));

/** @param {string} key @param {string[]} values */
const getMessage = (key, values = []) =>
  (messages[key]?.message ?? "").replace(/\$(\d)/g, (_, number) => values[number - 1] ?? "");

/** Observers that jsdom lacks; `all` lets a test tell them what they saw. */
function observer() {
  return class Observer {
    static all = [];
    constructor(call) {
      this.call = call;
      this.watched = new Set();
      Observer.all.push(this);
    }
    observe(element) {
      this.watched.add(element);
    }
    unobserve(element) {
      this.watched.delete(element);
    }
    disconnect() {
      this.watched.clear();
    }
  };
}

export const settings = () => ({
  order: "original",
  upvote_is_save: true,
  panel_collapsed: false,
  shortcuts: { save: "s", hide: "x", why: "w", order: "o", next: "j", previous: "k", undo: "u" },
});

/** @param {object} [over] */
export const view = (over = {}) => ({
  state: "ready",
  capture: "auto",
  list: null,
  marks: {},
  settings: settings(),
  ...over,
});

/** A ranked answer for these papers, best last, each with a personal reason. @param {string[]} papers */
export function listOf(papers, over = {}) {
  const reasons = [0, 1, 2].map((n) => ({
    kind: "paper",
    share: 0.3,
    paper: `2501.0000${n}`,
    title: `Saved ${n}`,
    words: ["paging"],
  }));
  const recommended = [1, 2, 3, 4, 5, 6, 7].map((n) => ({
    paper: {
      id: `2502.0000${n}`,
      title: `Unseen ${n}`,
      authors: ["Ada Lovelace"],
      published_at: "2026-11-01T00:00:00Z",
      upvotes: n,
      categories: [],
      url: null,
    },
    score: 1 / n,
    rank: n,
    reasons,
  }));
  const cards = papers.map((id, at) => ({
    id,
    input_id: id,
    rank: papers.length - at,
    score: at,
    basis: "model",
    state: {},
    reasons,
  }));
  return { list_id: "L1", model: "m1", cards, recommended, fetched_at: Date.now(), stale: false, ...over };
}

/**
 * Put a page in place of jsdom's empty one.
 * @param {string} url
 * @param {{html?: string, knobs?: object, cards?: object, answer?: (message: any) => any}} [options]
 */
export function openPage(url, { html, knobs = {}, cards = {}, answer = () => undefined } = {}) {
  const body = html ?? renderPage(url, { today: "2026-11-20", ...knobs }, cards);
  const dom = new JSDOM(body, { url, pretendToBeVisual: true, virtualConsole: new VirtualConsole() });
  const { window } = dom;
  for (const name of NAMES)
    vi.stubGlobal(
      name,
      typeof window[name] === "function" && /^[a-z]/.test(name) ? window[name].bind(window) : window[name],
    );
  for (const name of ["IntersectionObserver", "ResizeObserver"]) vi.stubGlobal(name, observer());
  vi.stubGlobal("scrollY", 0);
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener() {} }));
  vi.stubGlobal("performance", { now: () => Date.now(), getEntriesByType: () => [{ type: "navigate" }] });
  Object.assign(window.HTMLElement.prototype, { showPopover() {}, hidePopover() {}, scrollIntoView() {} });
  return { dom, window, ...worker(answer) };
}

/** @param {(message: any) => any} answer */
function worker(answer) {
  const sent = [];
  const listeners = new Set();
  /** @param {any} message */
  const sendMessage = async (message) => {
    sent.push(message);
    return (await answer(message)) ?? { ok: true };
  };
  const onMessage = { addListener: (call) => listeners.add(call), removeListener: (call) => listeners.delete(call) };
  const runtime = { id: "us", sendMessage, onMessage, getURL: (path) => path };
  vi.stubGlobal("chrome", { runtime, i18n: { getMessage } });
  const push = (message) => listeners.forEach((call) => call(message, { id: "us" }));
  return { sent, push, of: (type) => sent.filter((message) => message.type === type) };
}

/** A reader who has done nothing yet on a page that just appeared. */
export const attention = () => ({ began: performance.now(), acted: false, renew() {} });

/** Let timers and promises that are due run. @param {number} [milliseconds] */
export const pass = (milliseconds = 0) => new Promise((go) => setTimeout(go, milliseconds));

/**
 * Dispatch an event as the reader's own hand would: `isTrusted` is true.
 * @param {EventTarget} target
 * @param {Event} event
 */
export function byHand(target, event) {
  const implOf = (wrapper) =>
    wrapper[Object.getOwnPropertySymbols(wrapper).find(({ description }) => description === "impl")];
  const impl = implOf(event);
  impl.isTrusted = true;
  return implOf(target)._dispatch(impl);
}

/** @param {any} window @param {Element} element @param {object} [init] */
export const clickByHand = (window, element, init = {}) =>
  byHand(
    element,
    new window.MouseEvent(init.button ? "auxclick" : "click", {
      bubbles: true,
      composed: true,
      cancelable: true,
      ...init,
    }),
  );

/** @param {any} window @param {EventTarget} target @param {string} key @param {object} [init] */
export const pressByHand = (window, target, key, init = {}) =>
  byHand(
    target,
    new window.KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true, ...init }),
  );
