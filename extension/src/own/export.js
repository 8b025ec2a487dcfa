/** Everything the server holds of the reader, as a file among the downloads. */

import { FROM_OWN, send } from "../messages.js";
import { make } from "../ui/dom.js";

/** @returns {Promise<any>} the worker's reply; on a refusal there is no file */
export async function exportAll() {
  const reply = await send(FROM_OWN.exportAll);
  if (!reply.ok) return reply;
  const url = URL.createObjectURL(new Blob([JSON.stringify(reply.body, null, 1)], { type: "application/json" }));
  make("a", { href: url, download: `inkling-${new Date().toISOString().slice(0, 10)}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  return reply;
}
