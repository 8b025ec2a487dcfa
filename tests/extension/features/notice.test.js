import { afterEach, expect, test } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { notice } from "../../../extension/src/features/notice.js";
import { panel } from "../../../extension/src/features/panel.js";
import { clickByHand, pass } from "../page-kit.js";
import { drawn, inMark, inPanel, keeping, start, stop } from "./listing-kit.js";

afterEach(stop);

const notices = () =>
  [...document.querySelectorAll("[data-inkling=notice]")].map(
    ({ shadowRoot }) => shadowRoot.querySelector("p").textContent,
  );

test("what could not be kept is said where it is seen, and heard once", async () => {
  const answer = ({ type }) =>
    type === "event/log" ? { ok: false, error: { code: "full", message: "The queue is full." } } : undefined;
  const { window } = start([marks, panel, notice], { answer });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await drawn();
  expect(notices()).toEqual(["That could not be kept: The queue is full."]);
  expect(inPanel("[role=status]")[0].textContent).toBe(notices()[0]);
  const box = document.querySelector("[data-inkling=notice]").shadowRoot.querySelector(".notice");
  expect(box.getAttribute("aria-hidden")).toBe("true");
  box.click();
  expect(notices()).toEqual([]);
});

test("what went well is no matter for a notice, and the next notice takes the place of the last", async () => {
  const { window, page } = start([marks, notice], { answer: keeping });
  await drawn();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await pass();
  expect(notices()).toEqual([]);
  page.warn("One.");
  page.warn("Two.");
  expect(notices()).toEqual(["Two."]);
  stop();
  expect(notices()).toEqual([]);
});
