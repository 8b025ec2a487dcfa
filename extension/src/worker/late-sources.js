/** Which sources of papers bring the server nothing new, so that the popup can say so. */

import { ask } from "./connection.js";

/** The states in which readers get no new papers. A quiet day and a first fill are none. */
const LATE = ["failing", "stopped", "stale", "silent"];
const NAMES = new Map([
  ["hf", "Hugging Face"],
  ["arxiv", "arXiv"],
]);
/** What the name of a source may look like. */
const NAME = /^[\w-]{1,30}$/;

/** @returns {Promise<{sources: {name: string, since: number | null}[]}>} since when, in epoch milliseconds */
export async function listLateSources() {
  const states = (await ask("GET", "/readyz")).checks?.sources?.states ?? {};
  const late = Object.entries(states).filter(([name, one]) => NAME.test(name) && LATE.includes(one?.state));
  return {
    sources: late.map(([name, { since }]) => ({ name: NAMES.get(name) ?? name, since: Date.parse(since) || null })),
  };
}
