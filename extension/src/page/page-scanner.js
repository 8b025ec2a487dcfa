/** Reads the page again whenever it changes, tells the worker of other cards, and watches for drift. */

import { FROM_PAGE, orSilence, send } from "../messages.js";
import { gateOf } from "./hydration-gate.js";
import { NOTHING } from "./page.js";
import { settled } from "./slices.js";

/** @typedef {import("./page.js").Page} Page */
/** @typedef {import("../sites/site.js").Reading} Reading */

const QUIET = 120;
const LATEST = 600;
const RETRY = 3000;
/** How long a page that was right may look wrong (a period tab at work), and any page before that is reported. */
const DRIFT_AFTER = 1500;
/** Of the papers linked on the page, this share must be recognised. */
const RECOGNISED = 0.8;
const OURS = "[data-inkling]";

export class Reader {
  /** @param {Page} page @param {AbortSignal} signal */
  constructor(page, signal) {
    this.page = page;
    this.signal = signal;
    this.told = "";
    this.wrongSince = 0;
    this.wasRight = false;
    this.isReported = false;
    /** The island the gate stands before. @type {Element | null | undefined} */
    this.island = undefined;
    this.life = new AbortController();
    this.again = settled(() => this.read(), QUIET, LATEST, signal);
  }

  /** Read now, and again whenever the page has changed. */
  begin() {
    const watch = new MutationObserver((records) => areOurs(records) || this.again());
    watch.observe(document.body, { subtree: true, childList: true });
    this.signal.addEventListener("abort", () => watch.disconnect());
    this.read();
  }

  /** @param {import("../messages.js").View} view pushed by the worker */
  heard(view) {
    const before = this.page.state;
    this.page.show(view);
    const isNews = before !== "ready" && view.state === "ready" && (!view.list || view.list.stale);
    if (isNews || ((before === "paused" || before === "off") && !this.isQuiet)) this.restart();
  }

  /** Read as if for the first time: after a pause, or on another place. */
  restart() {
    this.told = "";
    this.page.reading = NOTHING;
    this.read();
  }

  /** Out of the browser's back cache: meanwhile it may have been paused, or go on. */
  async comeBack() {
    const reply = await send(FROM_PAGE.pageView, { page: this.page.place.page });
    if (this.signal.aborted) return;
    if (reply.ok) this.page.show(reply.view);
    this.restart();
  }

  get isQuiet() {
    return this.page.state === "paused" || this.page.state === "off";
  }

  read() {
    if (this.isQuiet) return;
    const { page } = this;
    page.emit("read");
    const before = page.reading;
    const reading = page.site.read(document, page.place);
    page.reading = reading ?? NOTHING;
    if (!this.isRight(reading)) return;
    this.guard();
    if (!sameCards(before, page.reading)) page.emit("cards");
    page.emit("settled");
    this.tellWorker();
  }

  /** A new island has a gate of its own. */
  guard() {
    const { island } = this.page.reading;
    if (island === this.island) return;
    this.life.abort();
    this.life = new AbortController();
    this.island = island;
    this.page.isOpen = false;
    gateOf(island, AbortSignal.any([this.signal, this.life.signal])).then(() => {
      this.page.isOpen = true;
      this.page.emit("open");
    });
  }

  /**
   * @param {Reading | null} reading
   * @returns {boolean} false while the page does not look as we know it, or is none of ours: it is left alone
   */
  isRight(reading) {
    const { page } = this;
    const seen = new Set(page.cards.map(({ card }) => card.id)).size;
    const { expected } = page.reading;
    if (reading && areKnown(seen, expected)) {
      Object.assign(this, { wrongSince: 0, wasRight: true, isReported: false });
      this.find(null);
      return true;
    }
    this.wrongSince ||= performance.now();
    const isForLong = performance.now() - this.wrongSince >= DRIFT_AFTER;
    if (isForLong || !this.wasRight) this.find(reading ? "drift" : "none");
    if (!isForLong) setTimeout(this.again, DRIFT_AFTER);
    else if (reading && !this.isReported) this.report(seen, expected);
    return false;
  }

  /** @param {number} seen @param {number} expected */
  report(seen, expected) {
    this.isReported = true;
    const { site, kind, page } = this.page.place;
    send(FROM_PAGE.reportDrift, { site, page_kind: kind, page, seen, expected });
  }

  /** @param {import("./page.js").Finding | null} state */
  find(state) {
    if (this.page.found === state) return;
    this.page.found = state;
    this.page.emit("view");
  }

  async tellWorker() {
    const { page } = this;
    const cards = [...new Map(page.cards.map(({ card }) => [card.id, card])).values()];
    const key = `${page.place.page} ${cards.map(({ id }) => id).join(" ")}`;
    if (key === this.told) return;
    this.told = key;
    const { site, kind, page: name } = page.place;
    const reply = await orSilence(send(FROM_PAGE.pageCards, { site, page_kind: kind, page: name, cards }));
    if (this.signal.aborted || this.told !== key) return;
    if (reply.ok) return page.show(reply.view);
    // What waits for a list would wait for ever.
    if (page.view && !page.list) page.show({ ...page.view, message: reply.error.message });
    setTimeout(() => this.signal.aborted || ((this.told = ""), this.read()), RETRY);
  }
}

/**
 * Among a few papers, one that is only linked is no change of the page. @param {number} seen @param {number} expected
 */
const areKnown = (seen, expected) => seen >= expected * RECOGNISED || (seen > 0 && expected - seen === 1);

/**
 * @param {import("../sites/site.js").Reading} before
 * @param {import("../sites/site.js").Reading} after
 */
function sameCards(before, after) {
  const [old, now] = [before.cards, after.cards];
  return (
    old.length === now.length &&
    now.every((one, at) => one.element === old[at].element && one.card.id === old[at].card.id)
  );
}

/** @param {MutationRecord[]} records */
const areOurs = (records) =>
  records.every(({ addedNodes, removedNodes }) =>
    [...addedNodes, ...removedNodes].every((node) => node instanceof Element && node.matches(OURS)),
  );
