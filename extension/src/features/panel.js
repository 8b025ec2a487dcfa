/** The panel: unseen papers with their reasons, above the listing's island, where it cannot disturb hydration. */

import { FROM_PAGE, send } from "../messages.js";
import { whenIdle } from "../page/scheduling.js";
import { Panel } from "../ui/panel.js";
import { releaseRoom, floatOver } from "../ui/host.js";
import { ageFormat } from "../ui/age.js";

/** @typedef {import("../page/page.js").Page} Page */

/**
 * Put the host in its place, and back there if the page has removed it.
 * @param {Page} page
 * @param {HTMLElement} host
 */
function place(page, host) {
  const { before, end, outside } = page.snapshot;
  if (page.isLate) floatOver(host);
  else if (!(before?.parentElement || end) || !(outside || page.isHydrated)) return;
  else if (!before && end?.lastElementChild !== host) end?.append(host);
  else if (before && before.previousElementSibling !== host) before.before(host);
  releaseRoom();
}

/**
 * Ask for more recommendations; they join the page's list.
 * @param {Page} page
 * @returns {Promise<any>} the worker's reply
 */
async function loadMore(page) {
  const reply = await send(FROM_PAGE.more, { page: page.place.page });
  if (reply.ok && reply.list) page.update({ list: reply.list });
  return reply;
}

/** @type {import("../page/lifecycle.js").Feature} */
export const panel = {
  runs: ({ state, place: { kind } }) =>
    ["ready", "offline", "unpaired"].includes(state ?? "") && kind !== "paper" && kind !== "abs",
  init(page, signal) {
    const shown = new Panel(page, {
      more: () => loadMore(page),
      fold: (collapsed) => send(FROM_PAGE.settingsSet, { panel_collapsed: collapsed }),
      connect: () => send(FROM_PAGE.openOptions),
    });
    const draw = () => {
      place(page, shown.host);
      shown.draw();
    };
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "after-scan", "order"]))
      page.on(name, draw, signal);
    page.on("say", (sentence) => shown.say(sentence), signal);
    signal.addEventListener("abort", () => shown.remove());
    draw();
    // Slow when first called: done while the list is on its way.
    whenIdle(ageFormat, signal);
  },
};
