/**
 * The page as our features see it: which cards there are, what the worker last said, and what the reader did here.
 *
 * Features listen to events: `cards` (other cards, or other elements for them), `view` (an answer of the worker, or
 * a mark changed) and `open` (nodes may now be added inside the island). `read` comes before each reading and `settled`
 * after it, `place` after the address changed, `order` after the cards were ordered; `say` and `warn` carry a sentence
 * for
 * the reader, `ask-order` and `command` what the reader asked for; `replaced` says that nobody can keep what was
 * pressed,
 * and `gone` ends it all. Nothing here is kept beyond the page: all that lasts is the worker's.
 */

import { FROM_PAGE, REPLACED, send } from "../messages.js";
import { text } from "../browser.js";

/** @typedef {import("../messages.js").View} View */
/** @typedef {import("../messages.js").Mark} Mark */
/** @typedef {import("../messages.js").Kind} Kind */
/** @typedef {import("../messages.js").Surface} Surface */
/** @typedef {import("../sites/site.js").PageCard} PageCard */

/**
 * @typedef {"cards" | "view" | "hydrated" | "place" | "before-scan" | "after-scan" | "order" | "say" | "warn" | "ask-order" |
 * "command" | "replaced" | "gone"} PageEventName
 */

/** @typedef {"drift" | "none"} Finding it no longer looks as we know it; it is no page of ours at all */

/**
 * What there is to read before the first reading, and on a page that is none of ours. @type
 * {import("../sites/site.js").Snapshot}
 */
export const NOTHING = Object.freeze({
  cards: [],
  expected: 0,
  island: null,
  before: null,
  column: null,
  outside: false,
});

/** @type {Mark} */
const UNTOUCHED = Object.freeze({ opened_at: null, saved: false, hidden: false });

/** @type {Partial<Record<Kind, Partial<Mark>>>} */
const EFFECT = { save: { saved: true }, unsave: { saved: false }, hide: { hidden: true }, unhide: { hidden: false } };

export class Page {
  /** @type {Map<PageEventName, Set<(detail: any) => void>>} */
  #calls = new Map();

  /** @type {{list: import("../messages.js").List | null, byPaper: Map<string, import("../messages.js").RankCard>}} */
  #ranks = { list: null, byPaper: new Map() };

  /**
   * @param {import("../sites/site.js").SiteModule} site
   * @param {import("../sites/site.js").Place} place
   * @param {import("./attention.js").Attention} attention
   */
  constructor(site, place, attention) {
    this.site = site;
    this.place = place;
    this.attention = attention;
    /** @type {import("../sites/site.js").Snapshot} */
    this.snapshot = NOTHING;
    /** @type {View | null} */
    this.view = null;
    /** What the page itself found out, winning over the view's state. @type {Finding | null} */
    this.finding = null;
    /** True if the list was drawn before it was known what comes before it: nothing of ours may move it any more. */
    this.isLate = false;
    /** True once nodes may be added inside the island. */
    this.isHydrated = false;
    /**
     * Each paper's turn while the page is ordered "For you"; null in the page's own order. @type {Map<string, number> |
     * null}
     */
    this.sortKeys = null;
    /** The paper whose page's arrival was logged. @type {string | null} */
    this.arrivedAt = null;
    /**
     * The last event of the reader about each paper, so that it can be taken back. @type {Map<string, {id: string,
     * kind: Kind}>}
     */
    this.lastActions = new Map();
    /**
     * What the reader pressed, until the worker has answered: a view made before that does not know of it. @type
     * {Map<string, {id: string, mark: Mark}>}
     */
    this.optimisticMarks = new Map();
  }

  get cards() {
    return this.snapshot.cards;
  }

  /**
   * The state shown on `<html>`; "none", of a page that is none of ours, is shown by nothing. @returns
   * {import("../messages.js").State | "none" | null}
   */
  get state() {
    const told = this.view?.state ?? null;
    return told === "paused" || told === "off" ? told : (this.finding ?? told);
  }

  /** The list that answers for this page, or null. */
  get list() {
    return this.view?.list ?? null;
  }

  /** The list that ranks cards of this page; one taken from elsewhere, for want of a server, ranks none. */
  get listId() {
    return this.cards.some(({ card }) => this.rankingOf(card.id)) ? this.list?.list_id : undefined;
  }

  /** @param {string} paper @returns {Mark} */
  markOf(paper) {
    return this.view?.marks[paper] ?? UNTOUCHED;
  }

  /** @param {string} paper @returns {import("../messages.js").RankCard | null} */
  rankingOf(paper) {
    const { list } = this;
    if (this.#ranks.list !== list) {
      this.#ranks = { list, byPaper: new Map(list?.cards.map((one) => [one.id ?? one.input_id, one])) };
    }
    return this.#ranks.byPaper.get(paper) ?? null;
  }

  /** Where a paper stands in the order now shown, from 1; null if it is not listed. @param {string} paper */
  positionOf(paper) {
    const at = this.orderedPapers.indexOf(paper);
    return at < 0 ? null : at + 1;
  }

  /** The papers of the page in the order now shown, each once. @returns {string[]} */
  get orderedPapers() {
    const papers = [...new Set(this.cards.map(({ card }) => card.id))];
    const { sortKeys } = this;
    return sortKeys ? papers.sort((a, b) => (sortKeys.get(a) ?? 0) - (sortKeys.get(b) ?? 0)) : papers;
  }

  /**
   * @param {PageEventName} name
   * @param {(detail: any) => void} call
   * @param {AbortSignal} signal stops it
   */
  on(name, call, signal) {
    if (signal.aborted) return;
    const calls = this.#calls.get(name) ?? new Set();
    this.#calls.set(name, calls.add(call));
    signal.addEventListener("abort", () => calls.delete(call));
  }

  /** @param {PageEventName} name @param {any} [detail] */
  emit(name, detail) {
    const calls = this.#calls.get(name) ?? new Set();
    // One call may stop another that was to come: what a stopped feature draws would stay for good.
    for (const call of [...calls]) if (calls.has(call)) call(detail);
  }

  /** Say one sentence to the reader, aloud too. @param {string} sentence */
  say(sentence) {
    this.emit("say", sentence);
  }

  /**
   * Say one sentence that must not be missed: aloud, and to be seen wherever the reader looks. @param {string} sentence
   */
  warn(sentence) {
    this.say(sentence);
    this.emit("warn", sentence);
  }

  /** @param {View} view */
  show(view) {
    const asked = Object.fromEntries([...this.optimisticMarks].map(([paper, { mark }]) => [paper, mark]));
    this.view = this.optimisticMarks.size ? { ...view, marks: { ...view.marks, ...asked } } : view;
    this.emit("view");
  }

  /**
   * Log one event through the worker.
   * @param {Kind} kind
   * @param {string} paper
   * @param {{surface: Surface, list_id?: string, position?: number}} where
   * @returns {Promise<any>} the worker's reply
   */
  async log(kind, paper, where) {
    const id = crypto.randomUUID();
    const event = { id, kind, paper, at: new Date().toISOString(), page: this.place.page, ...this.#citeList(where) };
    if (kind !== "impression" && kind !== "open") this.lastActions.set(paper, { id, kind });
    const card = this.cards.find((one) => one.card.id === paper)?.card;
    // The worker only looks whether the reader came from a page of ours.
    const from = kind === "open" && where.surface === "paper_page" ? { referrer: document.referrer } : {};
    const reply = await send(FROM_PAGE.eventLog, { event, ...(card ? { card } : {}), ...from });
    if (this.optimisticMarks.get(paper)?.id === id) this.optimisticMarks.delete(paper);
    // Being shown marks nothing; drawing for it would only undo what is pressed meanwhile.
    if (kind !== "impression" && reply.ok && this.view && reply.marks)
      this.show({ ...this.view, marks: { ...this.view.marks, ...reply.marks } });
    return reply;
  }

  /** @param {{surface: Surface, list_id?: string, position?: number}} where */
  #citeList(where) {
    const surface = this.place.site === "demo" ? "demo" : where.surface;
    const list_id = where.list_id ?? this.listId;
    return list_id ? { ...where, surface, list_id } : { ...where, surface };
  }

  /**
   * Save, unsave, hide or unhide: shown at once, logged, and taken back with a plain sentence if it could not be kept.
   * @param {Kind} kind
   * @param {string} paper
   * @param {{surface: Surface, position?: number, list_id?: string}} where
   */
  async act(kind, paper, where) {
    const before = this.markOf(paper);
    const logged = this.log(kind, paper, where);
    const mine = this.lastActions.get(paper);
    if (mine)
      this.optimisticMarks.set(paper, {
        id: mine.id,
        mark: { ...before, ...EFFECT[kind], pending: true, asked: true },
      });
    if (this.view) this.show(this.view);
    const reply = await logged;
    if (reply.ok) return this.say(text(`page_said_${kind}`));
    this.#dropLastAction(paper, mine);
    this.#setMark(paper, before);
    this.#reportFailure(reply.error);
  }

  /**
   * Take back the last thing done here with a paper, or what an earlier visit left.
   * @param {string} paper
   * @param {Surface} surface
   */
  async undo(paper, surface) {
    const last = this.lastActions.get(paper);
    const { hidden } = this.markOf(paper);
    if (!last) return this.act(hidden ? "unhide" : "unsave", paper, { surface });
    const reply = await send(FROM_PAGE.eventUndo, { id: last.id, paper });
    if (!reply.ok) return this.#reportFailure(reply.error);
    this.#dropLastAction(paper, last);
    if (this.view) this.show({ ...this.view, marks: { ...this.view.marks, ...reply.marks } });
    this.say(text("page_said_undo"));
  }

  /** @param {import("../messages.js").Failure} why */
  #reportFailure({ code, message }) {
    if (code === REPLACED) this.emit("replaced");
    else this.warn(text("page_not_kept", message));
  }

  /**
   * What was done cannot be taken back any more; what was done since can. @param {string} paper @param {{id: string} |
   * undefined} done
   */
  #dropLastAction(paper, done) {
    if (this.lastActions.get(paper) === done) this.lastActions.delete(paper);
  }

  /** @param {string} paper @param {Mark} mark */
  #setMark(paper, mark) {
    if (this.view) this.show({ ...this.view, marks: { ...this.view.marks, [paper]: mark } });
  }
}
