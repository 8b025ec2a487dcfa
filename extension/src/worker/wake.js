/** What the worker does when the browser starts it, once a minute, and when the extension was installed. */

import { browser } from "../browser.js";
import { protect, read } from "../storage.js";
import { drawIcon } from "./icon.js";
import { keepLibrary } from "./library.js";
import { removeEndedPauses } from "./pauses.js";
import { flush } from "./queue.js";
import { tryAgain } from "./retry.js";
import { addLinkMenu } from "./save-link.js";
import { followSites } from "./site-registration.js";
import { stateOf } from "./state.js";

const ALARM = "flush";

/** The browser may have lost the alarm, and events may wait. */
export async function wake() {
  const { alarms } = browser();
  await protect();
  // Creating it anew at each waking would start its minute again and again.
  if (!(await alarms.get(ALARM))) await alarms.create(ALARM, { periodInMinutes: 1 });
  await drawIcon();
  await followSites();
  const stored = await read("serverUrl", "token", "preferences", "pauses", "connection");
  if (stateOf(stored) !== "unpaired") await flush();
}

/** @param {string} alarm */
export async function runEveryMinute(alarm) {
  if (alarm !== ALARM) return;
  await removeEndedPauses();
  await flush();
  await tryAgain();
  await keepLibrary();
}

/** Open the welcome page after an installation. @param {string} reason why the browser says "installed" */
export async function welcome(reason) {
  await wake();
  // In the words of this version.
  await addLinkMenu();
  const { runtime, tabs } = browser();
  if (reason === "install" && !(await read("token")).token)
    await tabs.create({ url: runtime.getURL("src/welcome/welcome.html") });
}
