/** The mark of a paper's own page: a slim bar above the island, so that it need not wait and nothing jumps. */

import { alignWith } from "../ui/align.js";
import { releaseRoom, floatOver } from "../ui/host.js";
import { Mark } from "../ui/mark.js";
import { countEvidence } from "../ui/reasons.js";
import { make } from "../ui/dom.js";

/** @type {import("../page/lifecycle.js").Feature} */
export const paperMark = {
  runs: ({ state, place }) =>
    (state === "ready" || state === "offline") && (place.kind === "paper" || place.kind === "abs"),
  init(page, signal) {
    /** @type {Mark | null} */
    let mark = null;
    let stopAligning = () => {};
    const status = make("p", { class: "heard", role: "status" });
    const draw = () => {
      const { before, outside, cards } = page.snapshot;
      if (!cards[0] || !before || !(outside || page.isHydrated)) return;
      if (!mark || mark.card.id !== cards[0].card.id) {
        mark?.host.remove();
        mark = new Mark(page, cards[0].card, "bar");
        mark.host.shadowRoot?.append(status);
        stopAligning();
        if (!page.isLate) stopAligning = alignWith(mark.host, cards[0].element);
      }
      if (page.isLate) floatOver(mark.host);
      else if (before.previousElementSibling !== mark.host) before.before(mark.host);
      releaseRoom();
      mark.draw(countEvidence(page), null);
    };
    for (const name of /** @type {const} */ (["cards", "view", "hydrated", "after-scan"])) page.on(name, draw, signal);
    page.on("say", (sentence) => (status.textContent = sentence), signal);
    signal.addEventListener("abort", () => {
      stopAligning();
      mark?.host.remove();
    });
    draw();
  },
};
