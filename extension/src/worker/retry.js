/** What failed is tried again by itself, while a page of ours shows that it did. */

import { ServerError } from "../server-api.js";
import { checkServer, isDue } from "./connection.js";
import { keyOf, rank, readFailures } from "./ranked-lists.js";
import { pushViews, readOpenPages } from "./open-pages.js";
import { readWithState, stateOf } from "./state.js";

/** Rank what could not be ranked; with nothing to rank, only see whether the server answers again. */
export async function tryAgain() {
  const kept = await readWithState();
  const open = Object.values(await readOpenPages()).filter(({ site }) => /ready|offline/.test(stateOf(kept, site)));
  if (!open.length || !isDue(kept.connection)) return;
  const known = await readFailures();
  const failed = [...new Set(open.map(({ page, papers }) => keyOf(page, papers)))].flatMap((key) =>
    known[key]?.passes ? known[key] : [],
  );
  const wasSilent = open.some(({ site }) => stateOf(kept, site) === "offline");
  if (wasSilent && !failed.length) await checkServer();
  // A page that hears of the end of a silence tells its cards anew by itself.
  for (const { page, cards } of wasSilent ? failed.slice(0, 1) : failed) {
    if (!(await isRanked(page, cards))) return;
    await pushViews({ page });
  }
}

/** @param {string} page @param {import("../messages.js").Card[]} cards */
async function isRanked(page, cards) {
  try {
    await rank(page, cards);
    return true;
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return false;
  }
}
