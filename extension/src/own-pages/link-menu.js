/** The switch for "Save to Inkling" in the browser's menu of links: on while the browser allows it. */

import { browser, text } from "../browser.js";
import { byId, say } from "./own-page.js";

/** @type {chrome.permissions.Permissions} */
const NEEDED = { permissions: ["contextMenus"] };

/** Firefox grants this at the install or never, and Inkling does not ask for it then. */
const isPossible = () => !("getBrowserInfo" in browser().runtime);

/** Draw the switch as it is, or say why there is none. */
export async function drawLinkMenu() {
  byId("link-menu-row").hidden = !isPossible();
  byId("link-menu-none").hidden = isPossible();
  byId("link-menu").checked = isPossible() && (await browser().permissions.contains(NEEDED));
}

/** Within the reader's own press: allow it, or give it back. */
async function switchLinkMenu() {
  const { permissions } = browser();
  const isWanted = byId("link-menu").checked;
  if (!isWanted) await browser().contextMenus?.removeAll();
  const isDone = isWanted ? await permissions.request(NEEDED).catch(() => false) : await permissions.remove(NEEDED);
  if (!isDone) say(text("options_site_refused"));
  await drawLinkMenu();
}

export const listenToLinkMenuSwitch = () => byId("link-menu").addEventListener("change", switchLinkMenu);
