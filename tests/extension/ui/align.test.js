import { beforeEach, expect, test, vi } from "vitest";
import { alignWith } from "../../../extension/src/ui/align.js";
import { openPage } from "../page-kit.js";

const HTML = '<body><main><div id="host"></div><div id="column"></div></main></body>';
beforeEach(() => openPage("https://huggingface.co/papers", { html: HTML }));

/** Align, with the main element and the column at these places. @param {number[]} around @param {number[]} column */
function align(around, column, dir = "ltr") {
  const place = (element, [left, right]) =>
    (element.getBoundingClientRect = () => ({ left, right, width: right - left }));
  const [host, target] = ["host", "column"].map((id) => document.getElementById(id));
  place(document.querySelector("main"), around);
  place(target, column);
  document.querySelector("main").style.direction = dir;
  const stop = alignWith(host, target);
  const observer = ResizeObserver.all.at(-1);
  return { host, stop, observer, style: host.style };
}

test("a host is not drawn before it is in line, but no longer than 300 ms", () => {
  vi.useFakeTimers();
  const { style } = align([0, 1000], [0, 0]);
  expect(style.visibility).toBe("hidden");
  vi.advanceTimersByTime(300);
  expect(style.visibility).toBe("");
  vi.useRealTimers();
});

test("a centred column is followed in the centre, another at the edge where lines begin", () => {
  const centred = align([0, 1000], [100, 900]);
  centred.observer.call();
  expect([centred.style.getPropertyValue("--grid-width"), centred.style.getPropertyValue("margin-inline")]).toEqual([
    "800px",
    "auto",
  ]);
  const left = align([0, 1000], [50, 650]);
  left.observer.call();
  expect(left.style.getPropertyValue("margin-inline")).toBe("50px auto");
  const rtl = align([0, 1000], [350, 950], "rtl");
  rtl.observer.call();
  expect(rtl.style.getPropertyValue("margin-inline")).toBe("50px auto");
});

test("a column without a size is not followed, and none after the end", () => {
  const { style, observer, stop } = align([0, 1000], [0, 100]);
  observer.call();
  expect(style.getPropertyValue("--grid-width")).toBe("");
  stop();
  expect(observer.watched.size).toBe(0);
});
