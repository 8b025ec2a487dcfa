/** Ranked lists: fetched page by page, the last few stored for when the server is silent. */

import { ServerError } from "../server-api.js";
import { change, read, session } from "../storage.js";
import { isList, parseItems, parseList } from "./answers.js";
import { ask, hasItems } from "./connection.js";
import { applyEvents, mergeServerStates } from "./paper-states.js";
import { toSendable } from "./queue.js";

/** @typedef {import("../messages.js").Card} Card */
/** @typedef {import("../messages.js").List} List */
/** @typedef {import("../storage.js").Failure} Failure */

const MAX_LISTS = 12;
const MAX_CARDS = 250;
const MAX_EXCLUDED = 150;
const RECOMMENDED = 20;
/** More would take too much of the browser's memory: each holds the cards of its page. */
const MAX_FAILURES = 6;

/** Pages of one name whatever is on them: their lists are told apart by their first papers. */
const SHARED_NAMES = new Set(["search", "list"]);
const TELLING = 5;

/**
 * The key of a page's list.
 * @param {string} page
 * @param {string[]} [papers] on it, in the page's own order
 */
export const keyOf = (page, papers = []) =>
  SHARED_NAMES.has(page) ? [page, papers.length, ...papers.slice(0, TELLING)].join(" ") : page;

/** Pages that could not be ranked when last tried, by the key of their list. */
export const readFailures = () => session.get("unranked");

/** @param {string} key @param {Failure | null} failure null: the page is ranked */
async function recordFailure(key, failure) {
  if (!failure && !(key in (await readFailures()))) return;
  await session.change("unranked", ({ [key]: _, ...others }) =>
    Object.fromEntries(Object.entries(failure ? { ...others, [key]: failure } : others).slice(-MAX_FAILURES)),
  );
}

/**
 * Rank the cards of a page and store the answer, or why there is none.
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
    await fetchList(key, page, cards);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    await recordFailure(key, { page, cards, message: error.message, passes: error.passes });
    throw error;
  }
  await recordFailure(key, null);
}

/** @param {string} key @param {string} page @param {Card[]} cards */
async function fetchList(key, page, cards) {
  const asked = Date.now();
  const papers = cards.slice(0, MAX_CARDS).map(toSendable);
  const list = parseList(await ask("POST", "/v1/rank", { papers, page, limit: RECOMMENDED }, isList));
  await change(
    ["lists", "states"],
    (stored) => {
      mergeServerStates(stored.states, list.cards);
      // What the server accepted while it worked on this answer is not in it yet.
      applyEvents(
        stored.states,
        stored.ledger.filter(({ sent_at }) => sent_at >= asked).map(({ event }) => event),
      );
      storeList(stored.lists, key, { ...list, fetched_at: Date.now(), stale: false });
    },
    ["ledger"],
  );
}

/** @param {Record<string, List>} lists changed @param {string} key @param {List} list */
function storeList(lists, key, list) {
  delete lists[key];
  lists[key] = list;
  for (const old of Object.keys(lists).slice(0, -MAX_LISTS)) delete lists[old];
}

/**
 * Fetch more recommendations for a page than its list holds.
 * @param {string} key of its list
 * @returns {Promise<List | null>} null where there is no list to add to
 * @throws {ServerError}
 */
export async function fetchMore(key) {
  const list = (await read("lists")).lists[key];
  if (!list) return null;
  const shown = [...list.recommended.map(({ paper }) => paper.id), ...list.cards.flatMap(({ id }) => id || [])];
  const excluded = shown.slice(0, MAX_EXCLUDED).map((id) => `exclude=${encodeURIComponent(id)}`);
  const path = `/v1/recommendations?${[`limit=${RECOMMENDED}`, excluded.join("&")].join("&")}`;
  const { items, list_id } = await ask("GET", path, undefined, hasItems);
  const parsed = parseItems(items);
  return change(["lists"], (stored) => {
    const latest = stored.lists[key] ?? list;
    // Fetched twice at once, both answers bring the same.
    const known = new Set([...shown, ...latest.recommended.map(({ paper }) => paper.id)]);
    const added = parsed.filter(({ paper }) => !known.has(paper.id));
    latest.recommended.push(...added.map((one) => ({ ...one, list_id: String(list_id).slice(0, 199) })));
    stored.lists[key] = latest;
    return latest;
  });
}
