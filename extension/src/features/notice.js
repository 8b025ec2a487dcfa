/** Shows warnings where any reader looks: a mark that silently went back would seem never to have been pressed. */

import { icon, make } from "../ui/dom.js";
import { makeHost } from "../ui/host.js";

const STAYS_MS = 12_000;

const NOTICE_STYLE = `
:host { display: var(--inkling-contents, none); }
.notice {
  position: fixed; inset-block: auto 20px; inset-inline: 0; margin: 0 auto; padding: 10px 14px; width: max-content;
  max-width: min(480px, calc(100vw - 24px));
  border: 1px solid var(--unlit); border-radius: 10px; background: var(--paper); color: var(--ink); cursor: pointer;
  box-shadow: 0 8px 28px rgb(0 0 0 / .18); font-size: 13.5px; line-height: 1.4; overflow-wrap: anywhere;
}
.notice:popover-open { display: flex; align-items: flex-start; gap: 9px; }
.notice p { margin: 0; }
.notice svg { margin-top: 1px; color: var(--accent); }
`;

/** @type {import("../page/lifecycle.js").Feature} */
export const notice = {
  outlasts: true,
  runs: ({ state }) => state === "ready" || state === "offline" || state === "unpaired",
  init(page, signal) {
    /** @type {HTMLElement | null} */
    let shown = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const remove = () => {
      shown?.remove();
      shown = null;
    };
    const startTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(remove, STAYS_MS);
    };
    /** @param {string} sentence */
    const show = (sentence) => {
      remove();
      const { host, root } = makeHost("notice", NOTICE_STYLE);
      // Screen readers get the same sentence from the status line.
      const box = make(
        "div",
        { class: "notice", popover: "manual", "aria-hidden": "true" },
        icon("why"),
        make("p", {}, sentence),
      );
      box.addEventListener("click", remove);
      box.addEventListener("pointerenter", () => clearTimeout(timer));
      box.addEventListener("pointerleave", startTimer);
      root.append(box);
      document.body.append(host);
      box.showPopover();
      shown = host;
      startTimer();
    };
    page.on("warn", show, signal);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      remove();
    });
  },
};
