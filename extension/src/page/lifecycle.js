/** The life of a page: recognise it, ask the worker, scan the cards, and run each feature while it applies. */

import { FROM_PAGE, TO_PAGE, withTimeout, send } from "../messages.js";
import { isAlive, onMessage } from "../browser.js";
import { watchAttention } from "./attention.js";
import { releaseRoom } from "../ui/host.js";
import { Page } from "./page.js";
import { PageScanner } from "./page-scanner.js";
import { sweepRemains, watchReplaced } from "./orphan.js";
import { nextTask } from "./scheduling.js";

/**
 * @typedef {object} Feature
 * @property {(page: Page) => boolean} runs whether it applies; asked again whenever the view changes
 * @property {(page: Page, signal: AbortSignal) => void} init starts it; the signal takes everything away again
 * @property {boolean} [outlasts] stays when all else is taken away, to say why
 */

/** @param {readonly import("../sites/site.js").SiteModule[]} sites */
function findPlace(sites) {
  for (const site of sites) {
    const place = site.placeOf(location, document);
    if (place) return { site, place };
  }
  return null;
}

/** Settles once the document is parsed and visible: a page rendered ahead of its visit has no reader yet. */
async function whenParsedAndVisible() {
  const { prerendering } = /** @type {{prerendering?: boolean}} */ (/** @type {unknown} */ (document));
  if (prerendering)
    await new Promise((visible) => document.addEventListener("prerenderingchange", visible, { once: true }));
  if (document.readyState === "loading") {
    await new Promise((parsed) => document.addEventListener("DOMContentLoaded", parsed, { once: true }));
  }
}

/**
 * Start and stop features as the view changes.
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
 * A feature that fails must not stop the others: opens must be logged even if a mark cannot be drawn.
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

/**
 * States in which we put something above the listing.
 * @type {Set<unknown>}
 */
const TAKES_ROOM = new Set(["ready", "offline", "unpaired"]);

/** @param {Page} page */
function showState(page) {
  if (!page.state) return;
  if (page.state === "none") delete document.documentElement.dataset.inklingState;
  else document.documentElement.dataset.inklingState = page.state;
  if (!TAKES_ROOM.has(page.state)) releaseRoom();
}

/**
 * Follow the address: period tabs change it without loading a new document.
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
  // A page from the browser's back cache has missed what was done on other pages meanwhile.
  addEventListener("pageshow", ({ persisted }) => persisted && scanner.resume(), { signal });
  page.on("before-scan", check, signal);
  const { navigation } = /** @type {{navigation?: EventTarget}} */ (globalThis);
  navigation?.addEventListener("currententrychange", check, { signal });
}

/**
 * Take the worker's messages until this copy of the extension is replaced.
 * @param {Page} page
 * @param {PageScanner} scanner
 * @param {AbortController} life
 */
function listenToWorker(page, scanner, life) {
  onMessage(async ({ type, view, command, sentence }) => {
    await loaderDecision();
    if (type === TO_PAGE.viewChanged) scanner.acceptView(view);
    if (type === TO_PAGE.warning) page.warn(sentence);
    if (type === TO_PAGE.command) page.emit("command", command);
  }, life.signal);
  page.on("gone", () => life.abort(), life.signal);
  life.signal.addEventListener("abort", () => {
    document.documentElement.dataset.inklingState = "off";
    releaseRoom();
  });
}

/**
 * Look for the place above the listing while the document loads, so that the panel is there before the first paint.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function watchForAnchor(page, signal) {
  const look = () => {
    const isLoading = document.readyState === "loading";
    const anchor = isLoading && !signal.aborted ? page.site.findAnchor(document, page.place) : null;
    if (anchor) page.snapshot = { ...page.snapshot, ...anchor };
    if (anchor) page.emit("view");
    if (anchor || !isLoading) observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true });
  look();
}

/**
 * What src/loader.js decided about the room above the listing; the demo has no loader, and nothing to wait for.
 * @returns {Promise<{at: number, isLate: boolean}>}
 */
const loaderDecision = async () =>
  /** @type {any} */ (globalThis).inklingDecided ?? { at: performance.now(), isLate: false };

/**
 * Show the worker's first answer. If it reserved room and then fell silent, say so in that room: left empty it would
 * tell the reader nothing, and released it would move the page.
 * @param {Page} page
 * @param {any} reply
 */
function showFirst(page, reply) {
  if (page.view) return;
  if (reply.ok) return page.show(reply.view);
  if (document.documentElement.dataset.inklingRoom) page.show(silentView(reply.error.message));
}

/**
 * @param {string} message
 * @returns {import("../messages.js").View}
 */
const silentView = (message) => ({
  state: "offline",
  message,
  capture: "off",
  list: null,
  marks: {},
  settings: { order: "original", upvote_is_save: false, panel_collapsed: false, shortcuts: {} },
});

/**
 * Run the features on this page, if it belongs to one of `sites`.
 * @param {readonly import("../sites/site.js").SiteModule[]} sites
 * @param {readonly Feature[]} features
 * @returns {Promise<boolean>} false if the page, once scanned, is none of ours: then we leave nothing in it
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
  const firstReply = send(FROM_PAGE.pageView, { page: page.place.page });
  superviseFeatures(page, features, life.signal);
  const { at, isLate } = await loaderDecision();
  page.isLate = isLate;
  page.attention.began = at;
  page.attention.acted ||= isLate;
  showFirst(page, await withTimeout(firstReply));
  watchForAnchor(page, life.signal);
  await whenParsedAndVisible();
  await nextTask();
  if (!life.signal.aborted) await scanner.start();
  return page.state !== "none";
}
