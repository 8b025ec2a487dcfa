/** The panel: unseen papers with their reasons, before the list's island, where no hydration can be disturbed. */

import { FROM_PAGE, send } from "../messages.js";
import { whenIdle } from "../page/scheduling.js";
import { Panel } from "../ui/panel.js";
import { releaseRoom, floatOver } from "../ui/host.js";
import { ageFormat } from "../ui/recommended-paper.js";

/** @typedef {import("../page/page.js").Page} Page */

/**
 * Put the host in its place, and there again if the page has thrown it out.
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

/** @type {import("../page/lifecycle.js").Feature} */
export const panel = {
  runs: ({ state, place: { kind } }) =>
    ["ready", "offline", "unpaired"].includes(state ?? "") && kind !== "paper" && kind !== "abs",
  init(page, signal) {
    const shown = new Panel(page, {
      more: () => send(FROM_PAGE.more, { page: page.place.page }),
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
    // While the list is on its way.
    whenIdle(ageFormat, signal);
  },
};
