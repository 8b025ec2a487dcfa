/** Sites that the manifest does not name: their content script is registered while they are switched on. */

import { browser } from "../browser.js";
import { change } from "../storage.js";
import { readWithState } from "./state.js";

const ARXIV = { origins: ["https://arxiv.org/*"] };
/** @type {chrome.scripting.RegisteredContentScript} */
const SCRIPT = {
  id: "arxiv",
  // On a site that the browser does not let us into, nothing runs, whatever this says.
  matches: [...ARXIV.origins, "https://www.arxiv.org/*"],
  js: ["src/loader.js"],
  css: ["src/ui/reserve.css"],
  runAt: "document_start",
  persistAcrossSessions: true,
};

let last = Promise.resolve();

/** Register what the reader wants and the browser allows, and nothing else; one run at a time. */
export function followSites() {
  last = last.then(register, register);
  return last;
}

async function register() {
  const { scripting, permissions } = browser();
  if (!scripting) return; // Not allowed yet, or no longer: then the browser has unregistered the script.
  const { preferences } = await readWithState();
  const isWanted = preferences.sites.arxiv && (await permissions.contains(ARXIV));
  const isThere = (await scripting.getRegisteredContentScripts({ ids: [SCRIPT.id] })).length > 0;
  if (isWanted && !isThere) await scripting.registerContentScripts([SCRIPT]);
  if (!isWanted && isThere) await scripting.unregisterContentScripts({ ids: [SCRIPT.id] });
}

/** Switch off a site that the browser no longer lets us into. @param {string[]} [origins] no longer allowed */
export async function forgetSites(origins) {
  if (!origins?.includes(ARXIV.origins[0])) return;
  await change(["preferences"], ({ preferences }) => {
    preferences.sites = { ...preferences.sites, arxiv: false };
  });
}
