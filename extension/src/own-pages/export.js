/** Saves everything the server holds of the reader as a file among their downloads. */

import { text } from "../browser.js";
import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";
import { say } from "./own-page.js";

/**
 * Save the export, and say whether it worked.
 * @returns {Promise<boolean>} whether there is a file
 */
export async function saveExport() {
  const reply = await send(FROM_OWN.exportAll);
  if (reply.ok) download(reply.body);
  say(reply.ok ? text("options_exported") : reply.error.message);
  return reply.ok;
}

/** @param {object} body */
function download(body) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(body, null, 1)], { type: "application/json" }));
  make("a", { href: url, download: `inkling-${new Date().toISOString().slice(0, 10)}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
