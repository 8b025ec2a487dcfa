/**
 * The life of a page: find out where we are, ask the worker, read the cards, and run each feature while it has its
 * place.
 */

import { FROM_PAGE, TO_PAGE, orSilence, send } from "../messages.js";
import { isAlive, onMessage } from "../browser.js";
import { watchAttention } from "./attention.js";
import { releaseRoom } from "../ui/host.js";
import { Page } from "./page.js";
import { PageScanner } from "./page-scanner.js";
import { sweepRemains, watchReplaced } from "./orphan.js";
import { nextTask } from "./scheduling.js";

/**
 * @typedef {object} Feature
 * @property {(page: Page) => boolean} runs asked again whenever the view changes
 * @property {(page: Page, signal: AbortSignal) => void} init puts the feature in its place; the signal takes it away
 * @property {boolean} [outlasts] stays where all else is taken away, to say why
 */

/** @param {readonly import("../sites/site.js").SiteModule[]} sites */
function findPlace(sites) {
  for (const site of sites) {
    const place = site.placeOf(location, document);
    if (place) return { site, place };
  }
  return null;
}

/** Settles once the document is parsed, and shown: a page rendered ahead of its visit has no reader. */
async function whenParsedAndVisible() {
  const { prerendering } = /** @type {{prerendering?: boolean}} */ (/** @type {unknown} */ (document));
  if (prerendering) await new Promise((seen) => document.addEventListener("prerenderingchange", seen, { once: true }));
  if (document.readyState === "loading") {
    await new Promise((parsed) => document.addEventListener("DOMContentLoaded", parsed, { once: true }));
  }
}

/**
 * Start and stop features as the view asks for them.
 * @param {Page} page
 * @param {readonly Feature[]} features
 * @param {AbortSignal} signal
 */
function superviseFeatures(page, features, signal) {
  /** @type {Map<Feature, AbortController>} */
  const running = new Map();
  const check = () => {
    for (const feature of features) {
      const wanted = (!signal.aborted || feature.outlasts) && feature.runs(page);
      if (wanted && !running.has(feature)) {
        const life = new AbortController();
        running.set(feature, life);
        startFeature(feature, page, life.signal);
      } else if (!wanted) {
        running.get(feature)?.abort();
        running.delete(feature);
      }
    }
  };
  page.on("view", check, signal);
  signal.addEventListener("abort", check);
  check();
}

/**
 * One feature that fails must not take the others with it: an open is still to be logged where a mark cannot be drawn.
 * @param {Feature} feature
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function startFeature(feature, page, signal) {
  try {
    feature.init(page, signal);
  } catch (error) {
    console.error("Inkling:", error);
  }
}

/** States in which something of ours comes before the list. @type {Set<unknown>} */
const TAKES_ROOM = new Set(["ready", "offline", "unpaired"]);

/** @param {Page} page */
function showState(page) {
  if (!page.state) return;
  if (page.state === "none") delete document.documentElement.dataset.inklingState;
  else document.documentElement.dataset.inklingState = page.state;
  if (!TAKES_ROOM.has(page.state)) releaseRoom();
}

/**
 * Follow the address: period tabs change it without a new document.
 * @param {Page} page
 * @param {PageScanner} scanner
 * @param {AbortSignal} signal
 */
function followAddress(page, scanner, signal) {
  const check = () => {
    const place = page.site.placeOf(location, document);
    if (!place || (place.page === page.place.page && place.paper === page.place.paper)) return;
    page.place = place;
    page.attention.renew();
    page.emit("place");
    scanner.scanSoon();
  };
  addEventListener("popstate", check, { signal });
  // A page taken out of the browser's back cache has missed what was done on the pages in between.
  addEventListener("pageshow", ({ persisted }) => persisted && scanner.resume(), { signal });
  page.on("before-scan", check, signal);
  const { navigation } = /** @type {{navigation?: EventTarget}} */ (globalThis);
  navigation?.addEventListener("currententrychange", check, { signal });
}

/**
 * Hear the worker, until this copy of the extension is replaced by a newer one.
 * @param {Page} page
 * @param {PageScanner} scanner
 * @param {AbortController} life
 */
function listenToWorker(page, scanner, life) {
  onMessage(async ({ type, view, command }) => {
    await loaderDecision();
    if (type === TO_PAGE.viewChanged) scanner.acceptView(view);
    if (type === TO_PAGE.command) page.emit("command", command);
  }, life.signal);
  page.on("gone", () => life.abort(), life.signal);
  life.signal.addEventListener("abort", () => {
    document.documentElement.dataset.inklingState = "off";
    releaseRoom();
  });
}

/**
 * Tell where the list will be as soon as the page has come so far, so that the panel is there before anything is drawn.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function watchForAnchor(page, signal) {
  const watch = new MutationObserver(() => look());
  const look = () => {
    const anchor =
      document.readyState === "loading" && !signal.aborted ? page.site.findAnchor(document, page.place) : null;
    if (anchor) page.snapshot = { ...page.snapshot, ...anchor };
    if (anchor) page.emit("view");
    if (anchor || document.readyState !== "loading") watch.disconnect();
  };
  watch.observe(document, { subtree: true, childList: true });
  look();
}

/**
 * What src/loader.js has decided about the room before the list; where there is none (the demo) nothing waits for it.
 * @returns {Promise<{at: number, isLate: boolean}>}
 */
const loaderDecision = async () =>
  /** @type {any} */ (globalThis).inklingDecided ?? { at: performance.now(), isLate: false };

/**
 * Show what the worker said first. Where it gave room and then fell silent, that is said in the room: an empty one
 * would
 * say nothing, and given back it would move the page.
 * @param {Page} page
 * @param {any} first
 */
function showFirst(page, first) {
  if (page.view) return;
  if (first.ok) return page.show(first.view);
  if (document.documentElement.dataset.inklingRoom) page.show(silentView(first.error.message));
}

/** @param {string} message @returns {import("../messages.js").View} */
const silentView = (message) => ({
  state: "offline",
  message,
  capture: "off",
  list: null,
  marks: {},
  settings: { order: "original", upvote_is_save: false, panel_collapsed: false, shortcuts: {} },
});

/**
 * Run the features on this page, if it is one of `sites`.
 * @param {readonly import("../sites/site.js").SiteModule[]} sites
 * @param {readonly Feature[]} features
 * @returns {Promise<boolean>} false where the page, once it was read, is none of ours: nothing of ours is in it
 */
export async function run(sites, features) {
  const found = findPlace(sites);
  if (!found || !isAlive()) return false;
  sweepRemains();
  const life = new AbortController();
  const page = new Page(found.site, found.place, watchAttention(life.signal));
  const scanner = new PageScanner(page, life.signal);
  page.on("view", () => showState(page), life.signal);
  listenToWorker(page, scanner, life);
  watchReplaced(page, life.signal);
  followAddress(page, scanner, life.signal);
  const asked = send(FROM_PAGE.pageView, { page: page.place.page });
  superviseFeatures(page, features, life.signal);
  const { at, isLate } = await loaderDecision();
  page.isLate = isLate;
  page.attention.began = at;
  page.attention.acted ||= isLate;
  showFirst(page, await orSilence(asked));
  watchForAnchor(page, life.signal);
  await whenParsedAndVisible();
  await nextTask();
  if (!life.signal.aborted) scanner.start();
  return page.state !== "none";
}
