/**
 * Every message between a page, the popup and the service worker: its name, what it carries and what comes back.
 *
 * Each request is `{type, ...}`; each reply is `{ok: true, ...}` or `{ok: false, error: {code, message}}`. A content
 * script may send only the messages of `FROM_PAGE`; our own pages may send all. What comes from a page is untrusted.
 */

import { isAlive, sendMessage, text } from "./browser.js";

/** @typedef {"open" | "save" | "unsave" | "hide" | "unhide" | "dislike" | "undislike" | "impression"} Kind */
/** @typedef {"card" | "panel" | "paper_page" | "search" | "feed" | "digest" | "library" | "import" | "demo"} Surface */
/** @typedef {"daily" | "weekly" | "monthly" | "trending" | "search" | "paper" | "list" | "abs"} PageKind */
/** @typedef {"huggingface" | "arxiv" | "demo"} Site */
/** @typedef {{tab?: number, url?: string, site?: Site}} Sender the page that a message came from */
/** @typedef {"ready" | "unpaired" | "offline" | "paused" | "drift" | "off"} State */

/**
 * What comes before the list: the panel, the panel folded, one sentence, or a paper's bar.
 * @typedef {"full" | "folded" | "sentence" | "bar"} Room
 */

/**
 * What is logged: everything, only saves and hides, or nothing; with nothing logged, nothing is shown.
 * @typedef {"auto" | "manual" | "off"} Capture
 */

/**
 * A paper as a listing shows it.
 * @typedef {object} Card
 * @property {string} id canonical paper id
 * @property {string} [title]
 * @property {string} [abstract]
 * @property {string[]} [authors]
 * @property {string | null} [published_at] RFC 3339
 * @property {number | null} [upvotes]
 * @property {string[]} [categories]
 * @property {string} [organization]
 * @property {boolean} [upvoted] the logged-in reader upvoted it on the site; never sent, offered once for import
 */

/**
 * One thing a reader did with one paper.
 * @typedef {object} Event
 * @property {string} id a UUID made by the page; the same id never counts twice
 * @property {Kind} kind
 * @property {string} paper canonical paper id
 * @property {string} at RFC 3339 with zone
 * @property {Surface} [surface]
 * @property {string} [page] a kind and a date ("daily/2026-11-20"), never a URL or a query
 * @property {string} [list_id]
 * @property {number} [position]
 */

/**
 * One reason for a score, as the server gives it; shares add up to the score.
 * @typedef {object} Reason
 * @property {"paper" | "words" | "readers" | "fresh" | "popular" | "explore" | "interest" | "author" | "category"
 *   | "organization"} kind
 * @property {number} share
 * @property {string | null} [paper]
 * @property {string | null} [title]
 * @property {string[] | null} [words]
 */

/**
 * A paper as the server knows it.
 * @typedef {object} Paper
 * @property {string} id
 * @property {string | null} title
 * @property {string | null} abstract
 * @property {string[]} authors
 * @property {string | null} published_at
 * @property {number | null} upvotes
 * @property {string[]} categories
 * @property {string | null} url
 */

/**
 * What the reader did with a paper.
 * @typedef {{opened_at: string | null, saved: boolean, hidden: boolean, disliked?: boolean}} PaperState `disliked`:
 *   they want less like it; older servers do not say
 */

/**
 * A paper's state as a page shows it.
 * @typedef {PaperState & {pending?: boolean, asked?: boolean}} Mark `pending`: part of it is not sent yet; `asked`: not
 *   even stored yet
 */
/** @typedef {Record<string, Mark>} Marks by canonical paper id */

/**
 * The server's answer for one card of a page, in the page's order.
 * @typedef {object} RankCard
 * @property {string | null} id
 * @property {string} input_id
 * @property {number | null} rank 1 is best
 * @property {number | null} score
 * @property {"model" | "text" | "fallback" | "none"} basis
 * @property {PaperState} state
 * @property {Reason[]} reasons
 * @property {{code: string, message: string}} [error]
 */

/**
 * A recommended paper that is not on the page.
 * @typedef {{paper: Paper, score: number, rank: number, reasons: Reason[], list_id?: string}} Recommended `list_id`, if
 *   it came with another answer than the page's own
 */

/**
 * One ranked answer.
 * @typedef {object} List
 * @property {string} list_id
 * @property {any} model null before the first training
 * @property {RankCard[]} cards
 * @property {Recommended[]} recommended
 * @property {number} fetched_at epoch milliseconds
 * @property {boolean} stale from an earlier visit, because the server does not answer
 */

/**
 * What a page may know of the settings.
 * @typedef {object} PageSettings
 * @property {"original" | "foryou"} order
 * @property {boolean} upvote_is_save a logged-in reader's upvote counts as a save
 * @property {boolean} panel_collapsed
 * @property {Record<string, string>} shortcuts action ("save", "hide", "why", "order", "next", "previous") to key, or
 *   to "" for none
 */

/**
 * All that a page shows.
 * @typedef {object} View
 * @property {State} state
 * @property {string} [message] one plain sentence in the reader's language
 * @property {Capture} capture
 * @property {List | null} list
 * @property {Marks} marks
 * @property {PageSettings} settings
 */

/**
 * What a page says of itself.
 * @typedef {object} PageCards
 * @property {Site} site
 * @property {PageKind} page_kind
 * @property {string} page
 * @property {Card[]} cards
 */

/**
 * Whom a pairing code is for.
 * @typedef {{reader_id: string, operator: boolean, devices: string[]}} Whose `reader_id` is "" if it makes a new reader
 */

/** @typedef {{code: string, message: string, field?: string}} Failure `code` for programs, `message` for the reader */
/** @typedef {{ok: false, error: Failure}} Refusal */

/** From a content script. */
export const FROM_PAGE = Object.freeze({
  /** `PageCards` -> `{view: View}`: the cards of this page; asks the server. */
  pageCards: "page/cards",
  /** `{}` -> `{room: Room | null, state: State, order}`: the space to reserve, asked before the page is drawn. */
  pageRoom: "page/room",
  /** `{page}` -> `{view: View}`: the last view, without the network. */
  pageView: "page/view",
  /**
   * `{event: Event, card?: Card, referrer?}` -> `{queued: boolean, marks: Marks}`, once it is stored; `queued` is false
   * if such events are not logged.
   */
  eventLog: "event/log",
  /** `{id, paper}` -> `{marks: Marks}`: undo one event; unsent it vanishes, else its opposite is logged. */
  eventUndo: "event/undo",
  /**
   * `{upvoted: boolean, event: Event, card?: Card}` -> `{marks: Marks}`: the reader's own upvote on the site changed.
   * Upvoting a paper that is not saved logs `event` (a save); removing the upvote logs `event` (an unsave) only if that
   * save stands.
   */
  upvoteChanged: "upvote/changed",
  /** `{page}` -> `{list: List}`: more recommendations than the list holds so far. */
  more: "recommendations/more",
  /** `{paper}` -> `{items: Recommended[], marks: Marks}`: the papers most like one. */
  similar: "papers/similar",
  /**
   * `{paper, page, list_id?, position?}` -> `{}`: a context menu was opened on this paper's link; without a paper, it
   * was closed.
   */
  linkContext: "link/context",
  /**
   * `{paper?}` -> `{}`: the page goes elsewhere by itself, without a press of the reader's; to that paper, as far as it
   * is known.
   */
  pageLeft: "page/left",
  /** `{order?, panel_collapsed?}` -> `{settings: PageSettings}`. */
  settingsSet: "settings/set",
  /** `{site, page_kind, page, seen, expected}` -> `{view: View}`: the page no longer looks as we know it. */
  reportDrift: "report/drift",
  /** `{}` -> `{}`: open the options page (content scripts cannot). */
  openOptions: "options/open",
});

/** From the service worker to the open pages. */
export const TO_PAGE = Object.freeze({
  /** `{view: View}` */
  viewChanged: "view/changed",
  /** `{sentence}`: something the reader must not miss, as an older server that does not know what was pressed. */
  warning: "warning",
  /** `{command: "toggle-order"}`: a browser-wide shortcut was pressed while this page was in front. */
  command: "command/run",
});

/** From our own pages: popup, options and welcome. */
export const FROM_OWN = Object.freeze({
  /** `{tab?: number}` -> `{status: Status}`: how things stand, in that tab and in general. */
  status: "status/get",
  /** `{address}` -> `{steps: Step[], address?}`: is an Inkling server there? Nothing about the reader is sent. */
  pairProbe: "pair/probe",
  /** `{address, code, plain_http_ok?, agreed?}` -> `{whose: Whose | null}`: the code alone is sent, to that server. */
  pairWhose: "pair/whose",
  /** `{address, code, name, plain_http_ok?}` -> `{steps: Step[]}`: trade the code for a token, try it, store it. */
  pairConnect: "pair/connect",
  /** `{capture?, upvote_is_save?, shortcuts?, sites?}` -> `{settings}` */
  preferencesSet: "preferences/set",
  /** `{scope: "all" | "hour" | "site", site?, on: boolean}` -> `{}` */
  pause: "pause/set",
  /** `{}` -> `{lines: LedgerLine[]}`: what was sent, word for word, newest first. */
  ledgerList: "ledger/list",
  /** `{ids: string[]}` -> `Forgotten` (worker/deletion.js): here now, and on the server now or when it answers. */
  ledgerDelete: "ledger/delete",
  /** `{paper?: string, since?: number}` -> `Forgotten`: all of one paper, or all since a time (epoch ms). */
  forget: "forget",
  /** `{}` -> `{papers: {id, title}[]}` */
  hiddenList: "hidden/list",
  /** `{kind, paper, title?, surface}` -> `{queued}`: save, unsave, hide or unhide; `send` adds an `id`. */
  act: "act",
  /** `{}` -> `{lines: DeadLetter[], dropped: number}`: events that the server refused; `dropped` for lack of room. */
  deadList: "dead/list",
  /** `{id, retry: boolean}` -> `{}`: try again, or discard. */
  deadSettle: "dead/settle",
  /**
   * `{limit?}` -> `{items: Recommended[], marks: Marks, fetched_at?}`: with the marks of the papers that reasons name,
   * and `fetched_at` if it is the last known list.
   */
  recommend: "recommendations/get",
  /** `{}` -> `{sources: {name, since: number | null}[]}`: those that bring the server no new papers. */
  lateSources: "sources/late",
  /** `{q}` -> `{items: {paper: Paper, score: number}[]}` */
  search: "papers/search",
  /**
   * `{refresh?: boolean}` -> `{entries: Saved[], fetched_at, more, silent?}` (worker/library.js): the saved papers,
   * newest first, as this browser knows them; with `refresh` as the server has them, and `silent` says why not.
   */
  libraryList: "library/list",
  /** `{q}` -> `{entries: Saved[]}`: the server's own search in the library, for what is not copied here. */
  libraryFind: "library/find",
  /** `{page}` -> `{}`: open one of the reader's pages (worker/reader-pages.js) in a tab. */
  openPage: "page/open",
  /** `{}` -> `{items: Device[]}` */
  devicesList: "devices/list",
  /** `{id}` -> `{}` */
  devicesRevoke: "devices/revoke",
  /** `{accept: boolean}` -> `{saved: number}`: the upvotes seen on the site, each offered once. */
  upvotesImport: "upvotes/import",
  /** `{}` -> `Topics` (worker/account.js): the reader's topics on the server. */
  interestsList: "interests/list",
  /** `{list, topic}` -> `Topics`: one topic less. */
  interestsRemove: "interests/remove",
  /** `{}` -> `{settings: ListSettings | null}` (worker/list-settings.js): null on an older server. */
  listSettingsGet: "lists/settings",
  /** `{change: Partial<ListSettings>}` -> `{}` */
  listSettingsSet: "lists/settings/set",
  /** `{interests: string[]}` -> `Topics`: typed interests, added to the reader's settings on the server. */
  interestsAdd: "interests/add",
  /** `{}` -> `{body: any}`: everything the server holds of the reader. */
  exportAll: "me/export",
  /**
   * `{delete_there: boolean, discard?: boolean}` -> `{gone_there: boolean, remains?: string}`: leave; `remains` says
   * what stays on a silent server. Or -> `{waiting: number}`: so many events would be lost, and without `discard`
   * nothing was done.
   */
  leave: "account/leave",
  /** `{}` -> `{}`: send what waits, now. */
  flush: "queue/flush",
});

/** The answer of a worker that the browser is ending: nobody knows how far it came. */
export const ENDING = "ending";

/** The answer in place of a worker that is gone: the extension was updated or switched off under the page. */
export const REPLACED = "replaced";
const CHECK_MS = 500;

/**
 * Wait for an answer, or reject once the extension is replaced: the browser would leave the call open for good.
 * @param {Promise<any>} answer
 * @returns {Promise<any>}
 */
function untilReplaced(answer) {
  return new Promise((settle, fail) => {
    const timer = setInterval(() => isAlive() || fail(new Error("Nobody will answer.")), CHECK_MS);
    answer.then(settle, fail).finally(() => clearInterval(timer));
  });
}

/** Messages that may be sent twice: if the browser ends the worker before it answers, the next one starts it anew. */
const REPEATABLE = new Set(
  /** @type {string[]} */ ([
    FROM_PAGE.pageCards,
    FROM_PAGE.pageView,
    FROM_PAGE.eventLog,
    FROM_PAGE.eventUndo,
    FROM_PAGE.upvoteChanged,
    FROM_PAGE.similar,
    FROM_OWN.act,
  ]),
);

/**
 * Before each further try: a worker that was ended takes a moment to start, seconds on a busy machine, and may be ended
 * again.
 */
const PAUSES_MS = [0, 150, 600, 1500, 3000];

/** @template T @param {() => Promise<T>} once @returns {Promise<T>} */
async function tryRepeatedly(once) {
  for (const pause of PAUSES_MS) {
    try {
      return await once();
    } catch (error) {
      if (!isAlive()) throw error;
      if (pause) await new Promise((settle) => setTimeout(settle, pause));
    }
  }
  return once();
}

/**
 * Send one message to the worker; a worker that cannot be reached is a refusal like any other.
 * @param {string} type
 * @param {object} [fields]
 * @returns {Promise<any>}
 */
export async function send(type, fields = {}) {
  // One press is one event, however often the worker must be asked for it.
  const message = type === FROM_OWN.act ? { type, id: crypto.randomUUID(), ...fields } : { type, ...fields };
  const once = async () => {
    const reply = await untilReplaced(sendMessage(message));
    // What an ending worker says last is no answer.
    if (reply?.error?.code === ENDING) throw new Error(reply.error.message);
    // The worker answers everything: without an answer it was ended before it heard.
    if (!reply) throw new Error("The worker was ended.");
    return reply;
  };
  try {
    return await (REPEATABLE.has(type) ? tryRepeatedly(once) : once());
  } catch (error) {
    return isAlive() ? refuse("unreachable", text("page_unreachable")) : refuse(REPLACED, String(error));
  }
}

const TIMEOUT_MS = 8000;

/**
 * Wait for the worker's answer, or refuse after some seconds. What was asked may be done all the same, so this is only
 * for what may be asked again.
 * @param {Promise<any>} answer
 * @returns {Promise<any>}
 */
export const withTimeout = (answer) =>
  Promise.race([
    answer,
    new Promise((settle) => setTimeout(settle, TIMEOUT_MS)).then(() => refuse("no_answer", text("page_unreachable"))),
  ]);

/**
 * @param {string} code
 * @param {string} message
 * @param {string} [field]
 * @returns {Refusal}
 */
export function refuse(code, message, field) {
  return { ok: false, error: field ? { code, message, field } : { code, message } };
}
