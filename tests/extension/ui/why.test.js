import { expect, test, vi } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { makeHost } from "../../../extension/src/ui/host.js";
import { openWhy } from "../../../extension/src/ui/why.js";
import { make } from "../../../extension/src/ui/dom.js";
import { attention, clickByHand, openPage, view } from "../page-kit.js";

const REASONS = [
  { kind: "fresh", share: 0.25 },
  { kind: "words", share: -0.75, words: ["paging"] },
];

/** The open box. @param {object} [because] */
function open(because = {}) {
  const { window } = openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.view = view();
  const { host, root } = makeHost("mark", "");
  const button = make("button", { type: "button" });
  root.append(button);
  document.body.append(host);
  const onLess = vi.fn();
  openWhy(page, button, { paper: "2501.00001", reasons: REASONS, model: "m1", ...because }, onLess);
  return { window, root, button, onLess, box: root.querySelector(".why-box") };
}

const close = ({ window, box }) => box.dispatchEvent(Object.assign(new window.Event("toggle"), { newState: "closed" }));

test("every reason has its share, the largest first, one that speaks against it with a true minus", () => {
  const { box } = open();
  const rows = [...box.querySelectorAll("li")].map((row) => [row.querySelector(".share").textContent, row.className]);
  expect(rows).toEqual([
    ["\u221275%", "against"],
    ["25%", ""],
  ]);
});

test("no reasons and no model are said", () => {
  const notes = [...open({ reasons: [], model: null }).box.querySelectorAll(".note")];
  expect(notes.map(({ textContent }) => textContent)).toEqual([
    "Nothing is known of this paper yet.",
    "No model has been trained yet: this comes from words, freshness and popularity.",
  ]);
});

test("closed, the box is gone, and its button says so", () => {
  const opened = open();
  expect(opened.button.getAttribute("aria-expanded")).toBe("true");
  close(opened);
  expect(opened.button.getAttribute("aria-expanded")).toBe("false");
  expect(opened.root.querySelector(".why-box")).toBe(null);
});

test("the focus goes back to the button if it was in the box", () => {
  const opened = open();
  opened.box.dispatchEvent(new opened.window.Event("beforetoggle"));
  close(opened);
  expect(opened.root.activeElement).toBe(opened.button);
});

test("only the reader's own click asks for less like this", () => {
  const { window, box, onLess } = open();
  const less = box.querySelector("[data-action=less]");
  less.click();
  expect(onLess).not.toHaveBeenCalled();
  clickByHand(window, less);
  expect(onLess).toHaveBeenCalledOnce();
});
