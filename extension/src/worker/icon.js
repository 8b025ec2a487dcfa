/** The toolbar icon: pale while paused or off, with the number of events that wait while the server takes none. */

import { browser } from "../browser.js";
import { readOpenPages } from "./open-pages.js";
import { readWithState, stateOf } from "./state.js";

const ICONS = { 16: "/icons/drop-16.png", 32: "/icons/drop-32.png" };
const PALE_ICONS = { 16: "/icons/drop-paused-16.png", 32: "/icons/drop-paused-32.png" };
const AMBER = "#b45309";
const GREY = "#6b7280";

const GREEN = "#047857";
const FLASH_MS = 2_500;

/** What the badge says for a moment; a worker that ends meanwhile draws what lasts. */
let flash = { badge: "", until: 0 };

/** Show something on the icon for a moment. @param {string} badge */
export async function flashBadge(badge) {
  flash = { badge, until: Date.now() + FLASH_MS };
  await drawIcon();
  setTimeout(drawIcon, FLASH_MS);
}

/** @param {import("../messages.js").State} state */
const iconOf = (state) => (state === "paused" || state === "off" ? PALE_ICONS : ICONS);

export async function drawIcon() {
  const { action } = browser();
  const stored = await readWithState("queue", "dead");
  const { queue, dead, connection } = stored;
  const state = stateOf(stored);
  const isStuck = queue.length > 0 && (state === "offline" || state === "unpaired" || connection.health !== "ok");
  await action.setIcon({ path: iconOf(state) });
  const lasting = isStuck ? String(queue.length) : dead.length ? "!" : "";
  const isFlashing = Date.now() < flash.until;
  await action.setBadgeText({ text: isFlashing ? flash.badge : lasting });
  await action.setBadgeBackgroundColor({ color: isFlashing ? GREEN : isStuck ? AMBER : GREY });
}

/** Over a tab of a site that alone is paused, the icon is pale too. @param {number} tab @param {string} [site] */
export async function drawTabIcon(tab, site) {
  // The tab may be gone.
  await browser()
    .action.setIcon({ tabId: tab, path: iconOf(stateOf(await readWithState(), site)) })
    .catch(() => {});
}

/** @param {Record<string, import("../storage.js").OpenPage>} [pages] by tab */
export async function drawTabIcons(pages) {
  for (const [tab, { site }] of Object.entries(pages ?? (await readOpenPages()))) await drawTabIcon(Number(tab), site);
}
