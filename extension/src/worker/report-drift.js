/** A page that no longer looks as we know it: it is left alone and reported to the server. */

import { version } from "../browser.js";
import { ServerError } from "../server-api.js";
import { ask } from "./connection.js";
import { rememberDrift } from "./drifted-addresses.js";
import { rememberPage } from "./open-pages.js";
import { buildView } from "./view.js";

/**
 * @param {{page: string, seen: number, expected: number}} drift how many cards were seen, of how many papers linked
 * @param {import("../messages.js").Sender} sender
 */
export async function reportDrift({ page, seen, expected }, { tab, url, site = "huggingface" }) {
  await rememberDrift(url, true);
  if (tab !== undefined) await rememberPage(tab, { site, page_kind: "drift", page, papers: [] });
  const report = { kind: "drift", site, page_kind: page.split("/")[0], seen, expected, version: version() };
  await ask("POST", "/v1/client-reports", report).catch((error) => {
    if (!(error instanceof ServerError)) throw error;
  });
  return { view: { ...(await buildView(page, { site })), state: "drift" } };
}
