import { expect, test } from "vitest";
import { actionButton, roving } from "../../../extension/src/ui/actions.js";
import { make } from "../../../extension/src/ui/dom.js";
import { openPage, pressByHand } from "../page-kit.js";

/** A row of three buttons in a page that reads so, and which of them has the focus. @param {string} dir */
function rowIn(dir) {
  const { window } = openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const host = make("div");
  document.body.append(host);
  const row = make("div", {}, ...["save", "hide", "why"].map((action) => actionButton(action, () => {})));
  host.attachShadow({ mode: "open" }).append(row);
  // As a browser has it from the page.
  row.style.direction = dir;
  roving(row)();
  row.firstElementChild.focus();
  return {
    press: (key) => pressByHand(window, host.shadowRoot.activeElement, key),
    at: () => host.shadowRoot.activeElement.dataset.action,
  };
}

test.each([
  ["ltr", "ArrowRight", "ArrowLeft"],
  ["rtl", "ArrowLeft", "ArrowRight"],
])("in a page that runs %s, %s leads to the next button and %s back", (dir, next, back) => {
  const { press, at } = rowIn(dir);
  const seen = [at()];
  for (const key of [next, next, next, back, back]) {
    press(key);
    seen.push(at());
  }
  expect(seen).toEqual(["save", "hide", "why", "save", "why", "hide"]);
  press("ArrowDown");
  expect(at()).toBe("hide");
});
