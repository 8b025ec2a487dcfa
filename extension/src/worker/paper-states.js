/** What the reader did with papers: what the server last said, with what is not yet sent laid over it. */

/** @typedef {import("../messages.js").Event} Event */
/** @typedef {import("../messages.js").Marks} Marks */
/** @typedef {import("../messages.js").PaperState} PaperState */
/** @typedef {import("../storage.js").Stored} Stored */

/** With more papers, those longest untouched are forgotten first. */
const MAX_STATES = 5_000;

/** @type {PaperState} */
export const UNTOUCHED = Object.freeze({ opened_at: null, saved: false, hidden: false });

/** @type {Partial<Record<Event["kind"], (state: PaperState, event: Event) => PaperState>>} */
const EFFECTS = {
  open: (state, { at }) => ({ ...state, opened_at: at }),
  save: (state) => ({ ...state, saved: true }),
  unsave: (state) => ({ ...state, saved: false }),
  hide: (state) => ({ ...state, hidden: true }),
  unhide: (state) => ({ ...state, hidden: false }),
  dislike: (state) => ({ ...state, disliked: true }),
  undislike: (state) => ({ ...state, disliked: false }),
};

/** @param {PaperState | undefined} state @param {Event} event @returns {PaperState} the state after the event */
const after = (state, event) => EFFECTS[event.kind]?.(state ?? UNTOUCHED, event) ?? state ?? UNTOUCHED;

/**
 * Apply events that the server has accepted.
 * @param {Record<string, PaperState>} states changed
 * @param {Event[]} events
 */
export function applyEvents(states, events) {
  for (const event of events)
    if (event.kind !== "impression") setState(states, event.paper, after(states[event.paper], event));
}

/**
 * Merge what the server says of the cards of a page.
 * @param {Record<string, PaperState>} states changed
 * @param {import("../messages.js").RankCard[]} cards
 */
export function mergeServerStates(states, cards) {
  for (const { id, state: told } of cards) {
    if (!id || !told) continue;
    // An older server does not say of what the reader wants less.
    const state = { ...told, disliked: told.disliked ?? states[id]?.disliked };
    if (state.opened_at || state.saved || state.hidden || state.disliked) setState(states, id, state);
    else delete states[id];
  }
}

/** @param {Record<string, PaperState>} states changed @param {string} paper @param {PaperState} state */
function setState(states, paper, { opened_at, saved, hidden, disliked }) {
  delete states[paper];
  states[paper] = { opened_at, saved, hidden, ...(disliked ? { disliked } : {}) };
  const surplus = Object.keys(states).length - MAX_STATES;
  if (surplus > 0) for (const old of Object.keys(states).slice(0, surplus)) delete states[old];
}

/**
 * @param {Pick<Stored, "states" | "queue">} stored
 * @param {Iterable<string>} papers
 * @returns {Marks} of those papers of which anything is known
 */
export function marksOf({ states, queue }, papers) {
  const wanted = new Set(papers);
  /** @type {Marks} */
  const marks = {};
  for (const paper of wanted) if (states[paper]) marks[paper] = { ...states[paper] };
  for (const { event } of queue) {
    if (!wanted.has(event.paper) || event.kind === "impression") continue;
    marks[event.paper] = { ...after(marks[event.paper], event), pending: true };
  }
  return marks;
}
