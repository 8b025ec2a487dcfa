/** Try again what failed, while an open page shows that it did. */

import { ServerError } from "../server-api.js";
import { checkServer, isDue } from "./connection.js";
import { keyOf, rank, readFailures } from "./ranked-lists.js";
import { pushViews, readOpenPages } from "./open-pages.js";
import { readWithState, stateOf } from "./state.js";

/** Rank the pages that could not be ranked; without any, only see whether the server answers again. */
export async function tryAgain() {
  const stored = await readWithState();
  const open = Object.values(await readOpenPages()).filter(({ site }) => /ready|offline/.test(stateOf(stored, site)));
  if (!open.length || !isDue(stored.connection)) return;
  const failures = await readFailures();
  const failed = [...new Set(open.map(({ page, papers }) => keyOf(page, papers)))].flatMap((key) =>
    failures[key]?.passes ? failures[key] : [],
  );
  const wasSilent = open.some(({ site }) => stateOf(stored, site) === "offline");
  if (wasSilent && !failed.length) await checkServer();
  // A page that hears that the server answers again tells its cards anew by itself.
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
