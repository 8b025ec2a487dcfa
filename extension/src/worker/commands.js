/** The browser-wide shortcuts. */

import { TO_PAGE } from "../messages.js";
import { readOpenPages, sendToTab } from "./open-pages.js";
import { togglePause } from "./pauses.js";

/** @param {string} command @param {number} [tab] in front */
export async function runCommand(command, tab) {
  if (command === "toggle-pause") await togglePause();
  if (command === "toggle-order" && tab !== undefined && (await readOpenPages())[tab])
    await sendToTab(tab, { type: TO_PAGE.command, command });
}
