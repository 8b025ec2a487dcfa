/** Ranked lists: asked for page by page, the last few kept for when the server is silent. */

import { ServerError } from "../server-api.js";
import { change, read, session } from "../storage.js";
import { isList, parseItems, parseList } from "./answers.js";
import { ask, hasItems } from "./connection.js";
import { sendable } from "./queue.js";
import { mergeServerStates, remember } from "./paper-states.js";

const MOST_LISTS = 12;
const MOST_CARDS = 250;
const RECOMMENDED = 20;

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").List} List */

/** Pages that go by one name whatever is on them: their lists are told apart by their first papers. */
const OF_MANY = new Set(["search", "list"]);
const TELLING = 5;

/** What a page's list is kept under. @param {string} page @param {string[]} [papers] on it, in the page's own order */
export const keyOf = (page, papers = []) =>
  OF_MANY.has(page) ? [page, papers.length, ...papers.slice(0, TELLING)].join(" ") : page;

/** @typedef {import("../storage.js").Failure} Failure */

/** More would take too much of the browser's memory: their cards wait with them. */
const MOST_FAILURES = 6;

/**
 * What could not be ranked when it was asked for last. @returns {Promise<Record<string, Failure>>} by the key of its
 * list
 */
export const readFailures = () => session.get("unranked");

/** @param {string} key @param {Failure | null} failure null: it is ranked */
async function recordFailure(key, failure) {
  if (!failure && !(key in (await readFailures()))) return;
  await session.change("unranked", ({ [key]: _, ...others }) =>
    Object.fromEntries(Object.entries(failure ? { ...others, [key]: failure } : others).slice(-MOST_FAILURES)),
  );
}

/**
 * Rank the cards of a page and keep the answer, or why there is none.
 * @param {string} page
 * @param {Card[]} cards
 * @throws {ServerError}
 */
export async function rank(page, cards) {
  const key = keyOf(
    page,
    cards.map(({ id }) => id),
  );
  try {
    await rankNow(key, page, cards);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await recordFailure(key, { page, cards, message: error.message, passes: error.passes });
    throw error;
  }
  await recordFailure(key, null);
}

/** @param {string} key @param {string} page @param {Card[]} cards */
async function rankNow(key, page, cards) {
  const asked = Date.now();
  const told = await ask(
    "POST",
    "/v1/rank",
    { papers: cards.slice(0, MOST_CARDS).map(sendable), page, limit: RECOMMENDED },
    isList,
  );
  const answer = parseList(told);
  await change(
    ["lists", "states"],
    (kept) => {
      mergeServerStates(kept.states, answer.cards);
      // What the server took while it was at work on this answer is not in it yet.
      remember(
        kept.states,
        kept.ledger.filter(({ sent_at }) => sent_at >= asked).map(({ event }) => event),
      );
      storeList(kept.lists, key, { ...answer, fetched_at: Date.now(), stale: false });
    },
    ["ledger"],
  );
}

/** @param {Record<string, List>} lists @param {string} page @param {List} list */
function storeList(lists, page, list) {
  delete lists[page];
  lists[page] = list;
  for (const old of Object.keys(lists).slice(0, -MOST_LISTS)) delete lists[old];
}

/**
 * More recommendations for a page than its list holds.
 * @param {string} page the key of its list
 * @returns {Promise<List | null>}
 * @throws {ServerError}
 */
export async function fetchMore(page) {
  const list = (await read("lists")).lists[page];
  if (!list) return null;
  const shown = [...list.recommended.map(({ paper }) => paper.id), ...list.cards.map(({ id }) => id ?? "")].filter(
    Boolean,
  );
  const without = shown
    .slice(0, 150)
    .map((id) => `exclude=${encodeURIComponent(id)}`)
    .join("&");
  const { items: told, list_id } = await ask(
    "GET",
    `/v1/recommendations?limit=${RECOMMENDED}&${without}`,
    undefined,
    hasItems,
  );
  const items = parseItems(told);
  return change(["lists"], (kept) => {
    const now = kept.lists[page] ?? list;
    // Asked twice at once, both answers bring the same.
    const known = new Set([...shown, ...now.recommended.map(({ paper }) => paper.id)]);
    const fresh = items.filter(({ paper }) => !known.has(paper.id));
    now.recommended.push(...fresh.map((one) => ({ ...one, list_id: String(list_id).slice(0, 199) })));
    kept.lists[page] = now;
    return now;
  });
}
