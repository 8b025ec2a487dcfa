import { beforeEach, expect, test } from "vitest";
import { bars, icon } from "../../../extension/src/ui/dom.js";
import { openPage } from "../page-kit.js";

beforeEach(() => void openPage("https://huggingface.co/papers", { html: "<body></body>" }));

test("each icon is an element of its own, and looks as its name says", () => {
  const [one, two, filled] = [icon("save"), icon("save"), icon("save", true)];
  document.body.append(one, two, filled);
  expect(document.querySelectorAll("svg[viewBox='0 0 16 16'][aria-hidden=true]")).toHaveLength(3);
  expect(one.outerHTML).toBe(two.outerHTML);
  expect(filled.querySelector("path.filled")).not.toBe(null);
  expect(icon("hide").outerHTML).not.toBe(one.outerHTML);
});

test("as many bars are lit as there are steps", () => {
  for (const steps of [1, 2, 3]) {
    document.body.replaceChildren(bars(steps), bars(steps));
    expect(document.querySelectorAll("rect.lit")).toHaveLength(2 * steps);
    expect(document.querySelectorAll("rect")).toHaveLength(6);
  }
});
