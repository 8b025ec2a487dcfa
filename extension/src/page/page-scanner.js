/** Reads the page again whenever it changes, tells the worker of other cards, and watches for drift. */

import { FROM_PAGE, orSilence, send } from "../messages.js";
import { whenHydrated } from "./hydration-gate.js";
import { NOTHING } from "./page.js";
import { debounce } from "./scheduling.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("../sites/site.js").Snapshot} Snapshot */

const QUIET = 120;
const LATEST = 600;
const RETRY = 3000;
/** How long a page that was right may look wrong (a period tab at work), and any page before that is reported. */
const DRIFT_AFTER = 1500;
/** Of the papers linked on the page, this share must be recognised. */
const RECOGNISED = 0.8;
const OURS = "[data-inkling]";

export class PageScanner {
  /** @param {Page} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.page = page;
    this.signal = signal;
    this.sentKey = "";
    this.unrecognisedSince = 0;
    this.wasRecognised = false;
    this.isReported = false;
    /** The island the gate stands before. @type {Element | null | undefined} */
    this.island = undefined;
    this.life = new AbortController();
    this.scanSoon = debounce(() => this.scan(), QUIET, LATEST, signal);
  }

  /** Read now, and again whenever the page has changed. */
  start() {
    const watch = new MutationObserver((records) => areOnlyOurs(records) || this.scanSoon());
    watch.observe(document.body, { subtree: true, childList: true });
    this.signal.addEventListener("abort", () => watch.disconnect());
    this.scan();
  }

  /** @param {import("../messages.js").View} view pushed by the worker */
  acceptView(view) {
    const before = this.page.state;
    this.page.show(view);
    const isNews = before !== "ready" && view.state === "ready" && (!view.list || view.list.stale);
    if (isNews || ((before === "paused" || before === "off") && !this.isPaused)) this.restart();
  }

  /** Read as if for the first time: after a pause, or on another place. */
  restart() {
    this.sentKey = "";
    this.page.snapshot = NOTHING;
    this.scan();
  }

  /** Out of the browser's back cache: meanwhile it may have been paused, or go on. */
  async resume() {
    const reply = await send(FROM_PAGE.pageView, { page: this.page.place.page });
    if (this.signal.aborted) return;
    if (reply.ok) this.page.show(reply.view);
    this.restart();
  }

  get isPaused() {
    return this.page.state === "paused" || this.page.state === "off";
  }

  scan() {
    if (this.isPaused) return;
    const { page } = this;
    page.emit("before-scan");
    const before = page.snapshot;
    const snapshot = page.site.parse(document, page.place);
    page.snapshot = snapshot ?? NOTHING;
    if (!this.checkSnapshot(snapshot)) return;
    this.watchIsland();
    if (!sameCards(before, page.snapshot)) page.emit("cards");
    page.emit("after-scan");
    this.sendCards();
  }

  /** A new island has a gate of its own. */
  watchIsland() {
    const { island } = this.page.snapshot;
    if (island === this.island) return;
    this.life.abort();
    this.life = new AbortController();
    this.island = island;
    this.page.isHydrated = false;
    whenHydrated(island, AbortSignal.any([this.signal, this.life.signal])).then(() => {
      this.page.isHydrated = true;
      this.page.emit("hydrated");
    });
  }

  /**
   * @param {Snapshot | null} snapshot
   * @returns {boolean} false while the page does not look as we know it, or is none of ours: it is left alone
   */
  checkSnapshot(snapshot) {
    const { page } = this;
    const seen = new Set(page.cards.map(({ card }) => card.id)).size;
    const { expected } = page.snapshot;
    if (snapshot && isRecognised(seen, expected)) {
      Object.assign(this, { unrecognisedSince: 0, wasRecognised: true, isReported: false });
      this.setFinding(null);
      return true;
    }
    this.unrecognisedSince ||= performance.now();
    const isForLong = performance.now() - this.unrecognisedSince >= DRIFT_AFTER;
    if (isForLong || !this.wasRecognised) this.setFinding(snapshot ? "drift" : "none");
    if (!isForLong) setTimeout(this.scanSoon, DRIFT_AFTER);
    else if (snapshot && !this.isReported) this.report(seen, expected);
    return false;
  }

  /** @param {number} seen @param {number} expected */
  report(seen, expected) {
    this.isReported = true;
    const { site, kind, page } = this.page.place;
    send(FROM_PAGE.reportDrift, { site, page_kind: kind, page, seen, expected });
  }

  /** @param {import("./page.js").Finding | null} finding */
  setFinding(finding) {
    if (this.page.finding === finding) return;
    this.page.finding = finding;
    this.page.emit("view");
  }

  async sendCards() {
    const { page } = this;
    const cards = [...new Map(page.cards.map(({ card }) => [card.id, card])).values()];
    const key = `${page.place.page} ${cards.map(({ id }) => id).join(" ")}`;
    if (key === this.sentKey) return;
    this.sentKey = key;
    const { site, kind, page: name } = page.place;
    const reply = await orSilence(send(FROM_PAGE.pageCards, { site, page_kind: kind, page: name, cards }));
    if (this.signal.aborted || this.sentKey !== key) return;
    if (reply.ok) return page.show(reply.view);
    // What waits for a list would wait for ever.
    if (page.view && !page.list) page.show({ ...page.view, message: reply.error.message });
    setTimeout(() => this.signal.aborted || ((this.sentKey = ""), this.scan()), RETRY);
  }
}

/**
 * Among a few papers, one that is only linked is no change of the page. @param {number} seen @param {number} expected
 */
const isRecognised = (seen, expected) => seen >= expected * RECOGNISED || (seen > 0 && expected - seen === 1);

/**
 * @param {import("../sites/site.js").Snapshot} before
 * @param {import("../sites/site.js").Snapshot} after
 */
function sameCards(before, after) {
  const [old, now] = [before.cards, after.cards];
  return (
    old.length === now.length &&
    now.every((one, at) => one.element === old[at].element && one.card.id === old[at].card.id)
  );
}

/** @param {MutationRecord[]} records */
const areOnlyOurs = (records) =>
  records.every(({ addedNodes, removedNodes }) =>
    [...addedNodes, ...removedNodes].every((node) => node instanceof Element && node.matches(OURS)),
  );
