/** Papers for our own pages: what to read next, and a search. */

import { text } from "../browser.js";
import { ServerError } from "../server-api.js";
import { read } from "../storage.js";
import { parseItems } from "./answers.js";
import { ask, hasItems } from "./connection.js";
import { marksOf } from "./paper-states.js";
import { dropMarked } from "./view.js";

/** @param {string} path */
const fetchPapers = async (path) => ({ items: parseItems((await ask("GET", path, undefined, hasItems)).items) });

/** @param {string} query */
export const searchPapers = (query) => fetchPapers(`/v1/papers?q=${encodeURIComponent(query)}`);

const SIMILAR = 8;

/**
 * The papers most like one, and what the reader did with them.
 * @param {string} paper
 * @throws {ServerError} with a sentence for the reader
 */
export async function findSimilar(paper) {
  const path = `/v1/papers/${encodeURIComponent(paper)}/similar?limit=${SIMILAR}`;
  const found = await fetchPapers(path).catch((error) => {
    const isUnknown = error instanceof ServerError && error.status === 404;
    throw isUnknown ? new ServerError("refused", text("worker_similar_unknown")) : error;
  });
  const papers = found.items.map((/** @type {any} */ one) => one.paper.id);
  return { ...found, marks: marksOf(await read("states", "queue"), papers) };
}

/**
 * What to read next, with the marks of the papers that the reasons name. While the server is silent, the last known
 * list.
 * @param {number} [limit]
 */
export async function recommend(limit = 20) {
  const found = await fetchPapers(`/v1/recommendations?limit=${Number(limit)}`).catch(readLastKnown);
  const named = found.items.flatMap((/** @type {any} */ { reasons }) =>
    reasons.map((/** @type {any} */ { paper }) => paper ?? ""),
  );
  return { ...found, marks: marksOf(await read("states", "queue"), named) };
}

/** @param {unknown} error why the server could not be asked @throws that error, with nothing to show in its place */
async function readLastKnown(error) {
  const list = Object.values((await read("lists")).lists).at(-1);
  if (!(error instanceof ServerError) || !list?.recommended.length) throw error;
  const marks = marksOf(
    await read("states", "queue"),
    list.recommended.map(({ paper }) => paper.id),
  );
  return { items: dropMarked(list.recommended, marks), fetched_at: list.fetched_at };
}
