/** Scans the page again whenever it changes, sends new cards to the worker, and watches for drift. */

import { FROM_PAGE, withTimeout, send } from "../messages.js";
import { whenHydrated } from "./hydration-gate.js";
import { NOTHING } from "./page.js";
import { debounce, inSlices, soon } from "./scheduling.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("../sites/site.js").Snapshot} Snapshot */

const QUIET_MS = 120;
const LATEST_MS = 600;
const RETRY_MS = 3000;
/** A page may look unfamiliar for this long (a period tab at work) before we leave it alone and report it. */
const DRIFT_AFTER_MS = 1500;
/** Of the papers linked on the page, this share must be recognised. */
const RECOGNISED_SHARE = 0.8;

export class PageScanner {
  /**
   * @param {Page} page
   * @param {AbortSignal} signal
   */
  constructor(page, signal) {
    this.page = page;
    this.signal = signal;
    /** Page and cards as last sent to the worker. */
    this.sentKey = "";
    this.unrecognisedSince = 0;
    this.wasRecognised = false;
    this.isReported = false;
    /**
     * The island whose hydration we wait for; undefined before the first scan.
     * @type {Element | null | undefined}
     */
    this.island = undefined;
    this.islandLife = new AbortController();
    this.reading = new AbortController();
    signal.addEventListener("abort", () => this.reading.abort());
    this.scanSoon = debounce(() => this.readAndScan(), QUIET_MS, LATEST_MS, signal);
  }

  /** Scan now, and again whenever the page changes. Settles after the first scan. */
  start() {
    const observer = new MutationObserver((records) => areOnlyOurs(records) || this.scanSoon());
    observer.observe(document.body, { subtree: true, childList: true });
    this.signal.addEventListener("abort", () => observer.disconnect());
    return this.readAndScan();
  }

  /**
   * Read what is costly in slices, and then take the page as it is at one moment. A page that changes meanwhile is read
   * anew, what has been read already aside. In a hidden tab a timer waits a second, and nobody feels a long task: there
   * the scan itself reads what is left.
   */
  async readAndScan() {
    if (this.isPaused) return;
    this.reading.abort();
    this.reading = new AbortController();
    const { signal } = this.reading;
    const unread = this.page.site.unread?.(document, this.page.place) ?? [];
    if (unread.length && !document.hidden) await inSlices(unread, (read) => read(), signal, soon);
    if (!signal.aborted) this.scan();
  }

  /** @param {import("../messages.js").View} view pushed by the worker */
  acceptView(view) {
    const before = this.page.state;
    this.page.show(view);
    const needsList = before !== "ready" && view.state === "ready" && (!view.list || view.list.stale);
    const wasPaused = before === "paused" || before === "off";
    if (needsList || (wasPaused && !this.isPaused)) this.restart();
  }

  /** Scan as if for the first time: after a pause, or at another address. */
  restart() {
    this.sentKey = "";
    this.page.snapshot = NOTHING;
    this.scan();
  }

  /** The page comes out of the browser's back cache; meanwhile the reader may have paused or resumed. */
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
    if (!haveSameCards(before, page.snapshot)) page.emit("cards");
    page.emit("after-scan");
    this.sendCards();
  }

  /** A new island has not been hydrated yet. */
  watchIsland() {
    const { island } = this.page.snapshot;
    if (island === this.island) return;
    this.islandLife.abort();
    this.islandLife = new AbortController();
    this.island = island;
    this.page.isHydrated = false;
    whenHydrated(island, AbortSignal.any([this.signal, this.islandLife.signal])).then(() => {
      this.page.isHydrated = true;
      this.page.emit("hydrated");
    });
  }

  /**
   * Decide whether the page looks as we know it, and note it if not.
   * @param {Snapshot | null} snapshot
   * @returns {boolean} false if the page is to be left alone
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
    const isForLong = performance.now() - this.unrecognisedSince >= DRIFT_AFTER_MS;
    if (isForLong || !this.wasRecognised) this.setFinding(snapshot ? "drift" : "none");
    if (!isForLong) setTimeout(this.scanSoon, DRIFT_AFTER_MS);
    else if (snapshot && !this.isReported) this.report(seen, expected);
    return false;
  }

  /**
   * @param {number} seen
   * @param {number} expected
   */
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
    const reply = await withTimeout(send(FROM_PAGE.pageCards, { site, page_kind: kind, page: name, cards }));
    if (this.signal.aborted || this.sentKey !== key) return;
    if (reply.ok) return page.show(reply.view);
    // Without a message the panel would wait for a list for ever.
    if (!page.list) page.update({ message: reply.error.message });
    setTimeout(() => this.signal.aborted || ((this.sentKey = ""), this.scan()), RETRY_MS);
  }
}

/**
 * One unrecognised paper is no drift: on a short page it may only be linked.
 * @param {number} seen
 * @param {number} expected
 */
const isRecognised = (seen, expected) => seen >= expected * RECOGNISED_SHARE || (seen > 0 && expected - seen === 1);

/**
 * @param {Snapshot} before
 * @param {Snapshot} after
 */
function haveSameCards({ cards: before }, { cards: after }) {
  return (
    before.length === after.length &&
    after.every((one, at) => one.element === before[at].element && one.card.id === before[at].card.id)
  );
}

/** @param {Node} node */
const isOurs = (node) => node instanceof Element && node.hasAttribute("data-inkling");

/** @param {MutationRecord[]} records */
function areOnlyOurs(records) {
  for (const { addedNodes, removedNodes } of records)
    for (const nodes of [addedNodes, removedNodes]) for (const node of nodes) if (!isOurs(node)) return false;
  return true;
}
