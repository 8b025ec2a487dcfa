/** Sites that the manifest does not name: their content script is registered while the reader has them switched on. */

import { browser } from "../browser.js";
import { change } from "../storage.js";
import { readWithState } from "./state.js";

const ARXIV = { origins: ["https://arxiv.org/*"] };
/** @type {chrome.scripting.RegisteredContentScript} */
const SCRIPT = {
  id: "arxiv",
  // Where the browser does not let us in, it runs nothing, whatever is written here.
  matches: [...ARXIV.origins, "https://www.arxiv.org/*"],
  js: ["src/loader.js"],
  css: ["src/ui/reserve.css"],
  runAt: "document_start",
  persistAcrossSessions: true,
};

let last = Promise.resolve();

/** Bring what is registered up to what the reader wants and the browser allows; one at a time. */
export function followSites() {
  last = last.then(follow, follow);
  return last;
}

async function follow() {
  const { scripting, permissions } = browser();
  if (!scripting) return; // Not allowed yet, or taken back: then the browser has unregistered it.
  const { preferences } = await readWithState();
  const wanted = preferences.sites.arxiv && (await permissions.contains(ARXIV));
  const there = (await scripting.getRegisteredContentScripts({ ids: [SCRIPT.id] })).length > 0;
  if (wanted && !there) await scripting.registerContentScripts([SCRIPT]);
  if (!wanted && there) await scripting.unregisterContentScripts({ ids: [SCRIPT.id] });
}

/** Switch off a site that the browser no longer lets us into. @param {string[]} [origins] no longer allowed */
export async function forgetSites(origins) {
  if (!origins?.includes(ARXIV.origins[0])) return;
  await change(["preferences"], ({ preferences }) => {
    preferences.sites = { ...preferences.sites, arxiv: false };
  });
}
