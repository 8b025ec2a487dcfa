/** A paper opened in a new tab by its link's context menu, which no page sees. */

import { paperFromUrl } from "../paper-ids.js";
import { acceptEvent } from "./accept-event.js";
import { takeMenu } from "./open-dedup.js";
import { readOpenPages } from "./open-pages.js";
import { parseContext } from "./validate.js";

/** @param {{openerTabId?: number, url?: string, pendingUrl?: string}} tab just created */
export async function acceptNewTab({ openerTabId, url, pendingUrl }) {
  const menu = await takeMenu(openerTabId);
  const address = pendingUrl || url;
  // Where the browser lets us see the address, it has to be that paper's.
  if (!menu || (address && /^https?:/.test(address) && paperFromUrl(address) !== menu.paper)) return;
  const { paper, at } = menu;
  const { site } = (await readOpenPages())[openerTabId ?? -1] ?? {};
  /** @type {import("../messages.js").Event} */
  const event = {
    id: crypto.randomUUID(),
    kind: "open",
    paper,
    at: new Date(at).toISOString(),
    ...parseContext(menu),
  };
  await acceptEvent(event, null, { site });
}
