import { expect, test } from "vitest";
import { openBox } from "../../../extension/src/ui/box.js";
import { make } from "../../../extension/src/ui/dom.js";
import { openPage } from "../page-kit.js";

/** A button in a shadow root, and where it is on the page. @param {Partial<DOMRect>} [at] */
function open(at = {}) {
  const { window } = openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const button = make("button", { type: "button" });
  root.append(button);
  document.body.append(host);
  button.getBoundingClientRect = () => ({ left: 100, right: 126, top: 100, bottom: 126, ...at });
  const makeOne = (name, height = 200) => {
    const box = make("div", { class: `box ${name}`, tabindex: -1 });
    box.getBoundingClientRect = () => ({ width: 300, height });
    return box;
  };
  const close = (box) => box.dispatchEvent(Object.assign(new window.Event("toggle"), { newState: "closed" }));
  return { window, root, button, makeOne, close };
}

test("a box opens below its button, or above it where there is no room", () => {
  const { button, makeOne } = open();
  const below = makeOne("a");
  openBox(button, below);
  expect(below.style.insetBlockStart).toBe("132px");
  const { button: low, makeOne: makeAbove } = open({ top: 700, bottom: 726 });
  const above = makeAbove("a");
  openBox(low, above);
  expect(above.style.insetBlockStart).toBe("494px");
});

test("once more is in a box it can be placed anew", () => {
  const { button, makeOne } = open({ top: 500, bottom: 526 });
  const box = makeOne("a", 40);
  const place = openBox(button, box);
  expect(box.style.insetBlockStart).toBe("532px");
  box.getBoundingClientRect = () => ({ width: 300, height: 400 });
  place();
  expect(box.style.insetBlockStart).toBe("94px");
});

test("the focus goes into the box, or to what is first in it, and one box is open at a time", () => {
  const { root, button, makeOne, close } = open();
  const menu = makeOne("menu");
  const first = make("button", { type: "button" });
  menu.append(first);
  openBox(button, menu, first);
  expect(root.activeElement).toBe(first);
  const similar = makeOne("similar");
  openBox(button, similar);
  expect([root.activeElement, root.querySelectorAll(".box").length]).toEqual([similar, 1]);
  // The first one's end does not say that nothing is open.
  close(menu);
  expect(button.getAttribute("aria-expanded")).toBe("true");
  close(similar);
  expect([button.getAttribute("aria-expanded"), root.querySelector(".box")]).toEqual(["false", null]);
});
