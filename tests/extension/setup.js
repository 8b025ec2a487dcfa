/** What a test left running ends with it: the files of one worker share their modules and their clock. */

import { afterEach } from "vitest";

const later = globalThis.setTimeout;
/** @type {Set<ReturnType<typeof setTimeout>>} */
const waiting = new Set();
globalThis.setTimeout = Object.assign((...given) => {
  const timer = later(...given);
  waiting.add(timer);
  return timer;
}, later);
afterEach(() => {
  for (const timer of waiting) clearTimeout(timer);
  waiting.clear();
});
