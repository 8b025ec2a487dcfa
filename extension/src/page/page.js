/**
 * The page as our features see it: its cards, the worker's last answer, and what the reader did here. Nothing lasts
 * beyond the page: the worker keeps everything else.
 *
 * Features listen to events:
 * - `cards`: the cards, or their elements, are others now; `view`: the worker answered, or a mark changed;
 * - `hydrated`: nodes may now be added inside the island;
 * - `before-scan`, `after-scan`: around each scan; `place`: the address changed; `order`: the cards were reordered;
 * - `say`, `warn`: a sentence for the reader; `ask-order`, `command`: what the reader asked for;
 * - `replaced`: this copy of the extension can no longer keep anything; `gone`: it takes itself away.
 */

import { FROM_PAGE, REPLACED, send } from "../messages.js";
import { text } from "../browser.js";

/** @typedef {import("../messages.js").View} View */
/** @typedef {import("../messages.js").Mark} Mark */
/** @typedef {import("../messages.js").Kind} Kind */
/** @typedef {import("../messages.js").Surface} Surface */
/** @typedef {{surface: Surface, list_id?: string, position?: number}} Where where on the page an event happened */

/**
 * @typedef {"cards" | "view" | "hydrated" | "place" | "before-scan" | "after-scan" | "order" | "say" | "warn" |
 *   "ask-order" | "command" | "replaced" | "gone"} PageEventName
 */

/** @typedef {"drift" | "none"} Finding the page has changed beyond recognition, or is none of ours */

/**
 * Before the first scan, and on a page that is none of ours.
 * @type {import("../sites/site.js").Snapshot}
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
const EFFECT = {
  save: { saved: true },
  unsave: { saved: false },
  hide: { hidden: true },
  unhide: { hidden: false },
  dislike: { disliked: true },
  undislike: { disliked: false },
};

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
    /**
     * What the scan found out; wins over the view's state.
     * @type {Finding | null}
     */
    this.finding = null;
    /** True if the listing was drawn before we knew what to put above it: we may not move it any more. */
    this.isLate = false;
    /** True once nodes may be added inside the island. */
    this.isHydrated = false;
    /**
     * What "For you" sorts the papers by, smallest first; null in the page's own order.
     * @type {Map<string, number> | null}
     */
    this.sortKeys = null;
    /**
     * The paper whose page we last logged an arrival on.
     * @type {string | null}
     */
    this.arrivedAt = null;
    /**
     * The reader's last action on each paper, for undo.
     * @type {Map<string, {id: string, kind: Kind}>}
     */
    this.lastActions = new Map();
    /**
     * Marks shown before the worker has confirmed them; a view made earlier does not know of them.
     * @type {Map<string, {id: string, mark: Mark}>}
     */
    this.optimisticMarks = new Map();
  }

  get cards() {
    return this.snapshot.cards;
  }

  /**
   * The state shown on `<html>`; "none" (a page that is none of ours) is not shown.
   * @returns {import("../messages.js").State | "none" | null}
   */
  get state() {
    const state = this.view?.state ?? null;
    return state === "paused" || state === "off" ? state : (this.finding ?? state);
  }

  /** The list that answers for this page, or null. */
  get list() {
    return this.view?.list ?? null;
  }

  /** The list that ranks this page's cards. Without a server the list may be from another page, and ranks none. */
  get listId() {
    return this.cards.some(({ card }) => this.rankingOf(card.id)) ? this.list?.list_id : undefined;
  }

  /**
   * @param {string} paper
   * @returns {Mark}
   */
  markOf(paper) {
    return this.view?.marks[paper] ?? UNTOUCHED;
  }

  /**
   * The server's ranking of one of the page's papers.
   * @param {string} paper
   * @returns {import("../messages.js").RankCard | null}
   */
  rankingOf(paper) {
    const { list } = this;
    if (this.#ranks.list !== list) {
      this.#ranks = { list, byPaper: new Map(list?.cards.map((one) => [one.id ?? one.input_id, one])) };
    }
    return this.#ranks.byPaper.get(paper) ?? null;
  }

  /**
   * The paper's position in the order shown, from 1; null if it is not on the page.
   * @param {string} paper
   */
  positionOf(paper) {
    const at = this.orderedPapers.indexOf(paper);
    return at < 0 ? null : at + 1;
  }

  /**
   * The page's papers in the order shown, each once.
   * @returns {string[]}
   */
  get orderedPapers() {
    const papers = [...new Set(this.cards.map(({ card }) => card.id))];
    const { sortKeys } = this;
    return sortKeys ? papers.sort((a, b) => (sortKeys.get(a) ?? 0) - (sortKeys.get(b) ?? 0)) : papers;
  }

  /**
   * @param {PageEventName} name
   * @param {(detail: any) => void} call
   * @param {AbortSignal} signal stops the calls
   */
  on(name, call, signal) {
    if (signal.aborted) return;
    const calls = this.#calls.get(name) ?? new Set();
    this.#calls.set(name, calls.add(call));
    signal.addEventListener("abort", () => calls.delete(call));
  }

  /**
   * @param {PageEventName} name
   * @param {any} [detail]
   */
  emit(name, detail) {
    const calls = this.#calls.get(name) ?? new Set();
    // One call may stop a later one, and what a stopped feature draws would stay for good.
    for (const call of [...calls]) if (calls.has(call)) call(detail);
  }

  /**
   * Say a sentence to the reader; screen readers read it aloud.
   * @param {string} sentence
   */
  say(sentence) {
    this.emit("say", sentence);
  }

  /**
   * Say a sentence that must not be missed, and show it wherever the reader looks.
   * @param {string} sentence
   */
  warn(sentence) {
    this.say(sentence);
    this.emit("warn", sentence);
  }

  /**
   * Take a view from the worker. Marks it does not know of yet stay on top of it.
   * @param {View} view
   */
  show(view) {
    const marks = Object.fromEntries([...this.optimisticMarks].map(([paper, { mark }]) => [paper, mark]));
    this.view = { ...view, marks: { ...view.marks, ...marks } };
    this.emit("view");
  }

  /**
   * Change part of the view; nothing happens before the first view.
   * @param {Partial<View>} changes
   */
  update(changes) {
    if (this.view) this.show({ ...this.view, ...changes });
  }

  /** @param {import("../messages.js").Marks} marks */
  updateMarks(marks) {
    this.update({ marks: { ...this.view?.marks, ...marks } });
  }

  /**
   * Log one event through the worker.
   * @param {Kind} kind
   * @param {string} paper
   * @param {Where} where
   * @returns {Promise<any>} the worker's reply
   */
  async log(kind, paper, where) {
    const id = crypto.randomUUID();
    const event = { id, kind, paper, at: new Date().toISOString(), page: this.place.page, ...this.#citeList(where) };
    if (kind !== "impression" && kind !== "open") this.lastActions.set(paper, { id, kind });
    const card = this.cards.find((one) => one.card.id === paper)?.card;
    // The worker only checks whether the reader came from a page of ours.
    const from = kind === "open" && where.surface === "paper_page" ? { referrer: document.referrer } : {};
    const reply = await send(FROM_PAGE.eventLog, { event, ...(card ? { card } : {}), ...from });
    if (this.optimisticMarks.get(paper)?.id === id) this.optimisticMarks.delete(paper);
    // An impression changes no mark; redrawing for it would undo what is pressed meanwhile.
    if (kind !== "impression" && reply.ok && reply.marks) this.updateMarks(reply.marks);
    return reply;
  }

  /** @param {Where} where */
  #citeList(where) {
    const surface = this.place.site === "demo" ? "demo" : where.surface;
    const list_id = where.list_id ?? this.listId;
    return list_id ? { ...where, surface, list_id } : { ...where, surface };
  }

  /**
   * Save, hide, want less of, or the opposite of each: shown at once, then logged. If it cannot be kept, the mark goes
   * back and the reader is told.
   * @param {Kind} kind
   * @param {string} paper
   * @param {Where} where
   * @returns {Promise<boolean>} whether it is kept
   */
  async act(kind, paper, where) {
    const before = this.markOf(paper);
    const logged = this.log(kind, paper, where);
    const action = this.lastActions.get(paper);
    const mark = { ...before, ...EFFECT[kind], pending: true, asked: true };
    if (action) this.optimisticMarks.set(paper, { id: action.id, mark });
    this.update({});
    const reply = await logged;
    if (reply.ok) {
      this.say(text(`page_said_${kind}`));
      return true;
    }
    this.#dropLastAction(paper, action);
    this.updateMarks({ [paper]: before });
    this.#reportFailure(reply.error);
    return false;
  }

  /**
   * Take back the last action on a paper here, or what an earlier visit left.
   * @param {string} paper
   * @param {Surface} surface
   */
  async undo(paper, surface) {
    const last = this.lastActions.get(paper);
    const { hidden, disliked } = this.markOf(paper);
    if (!last) {
      await this.act(hidden ? "unhide" : disliked ? "undislike" : "unsave", paper, { surface });
      return;
    }
    const reply = await send(FROM_PAGE.eventUndo, { id: last.id, paper });
    if (!reply.ok) return this.#reportFailure(reply.error);
    this.#dropLastAction(paper, last);
    this.updateMarks(reply.marks);
    this.say(text("page_said_undo"));
  }

  /**
   * The papers most like one, and what the reader did with them.
   * @param {string} paper
   * @returns {Promise<any>} the worker's reply
   */
  findSimilar(paper) {
    return send(FROM_PAGE.similar, { paper });
  }

  /** @param {import("../messages.js").Failure} failure */
  #reportFailure({ code, message }) {
    if (code === REPLACED) this.emit("replaced");
    else this.warn(text("page_not_kept", message));
  }

  /**
   * This action can no longer be undone; a later one still can.
   * @param {string} paper
   * @param {{id: string} | undefined} action
   */
  #dropLastAction(paper, action) {
    if (this.lastActions.get(paper) === action) this.lastActions.delete(paper);
  }
}
