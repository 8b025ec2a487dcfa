/** Saving a paper from a link on any page, by the browser's own menu, or from the address bar, by the word `ink`. */

import { browser, text } from "../browser.js";
import { HOSTS, paperFromUrl, papersIn } from "../paper-ids.js";
import { acceptOwnEvent } from "./accept-event.js";
import { readServer } from "./connection.js";
import { flashBadge } from "./icon.js";

const ENTRY = "save-link";
/** In a match pattern. */
const ANY = "*";
/** Of what is pasted after the word, no more than this is saved at once. */
const MAX_TYPED = 20;

/** @param {chrome.contextMenus.OnClickData} clicked */
const saveClicked = ({ menuItemId, linkUrl }) =>
  menuItemId === ENTRY && savePapers([paperFromUrl(linkUrl ?? "") ?? ""]);

/** Hear of the menu's entry, where the reader has allowed it; the API comes and goes with the permission. */
export const listenToLinkMenu = () => browser().contextMenus?.onClicked.addListener(saveClicked);

/** Put the entry into the menu of links to papers. The browser stores it, so that doing it again changes nothing. */
export async function addLinkMenu() {
  const { contextMenus } = browser();
  if (!contextMenus) return;
  listenToLinkMenu();
  await contextMenus.removeAll();
  const targetUrlPatterns = HOSTS.map((host) => `${ANY}://${ANY}.${host}/${ANY}`);
  contextMenus.create({ id: ENTRY, title: text("worker_save_link"), contexts: ["link"], targetUrlPatterns });
}

/** @param {string} typed after the word */
const idsIn = (typed) => [...new Set(papersIn(typed).ids)].slice(0, MAX_TYPED);

/** Say in the address bar what Enter would do. @param {string} typed */
export function suggestSaving(typed) {
  const ids = idsIn(typed);
  const description = ids.length ? text("worker_ink_save", ids.join(", ")) : text("worker_ink_hint");
  browser().omnibox.setDefaultSuggestion({ description });
}

/** @param {string} typed */
export const saveTyped = (typed) => savePapers(idsIn(typed));

/**
 * Save papers and show on the icon whether it was done. A browser that is not paired has nobody to save for: it is
 * shown how to pair.
 * @param {string[]} papers
 */
async function savePapers(papers) {
  const found = papers.filter(Boolean);
  if (!(await readServer())) {
    const { runtime, tabs } = browser();
    await tabs.create({ url: runtime.getURL("src/welcome/welcome.html") });
    return;
  }
  for (const paper of found) await acceptOwnEvent({ kind: "save", paper, surface: "import" });
  await flashBadge(found.length ? "✓" : "?");
}
