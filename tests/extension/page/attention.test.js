import { expect, test } from "vitest";
import { watchAttention } from "../../../extension/src/page/attention.js";
import { openPage, pressByHand } from "../page-kit.js";

test("a reader has acted once a key was pressed by hand, and not by a script", () => {
  const { window } = openPage("https://huggingface.co/papers", { html: "<body></body>" });
  const life = new AbortController();
  const attention = watchAttention(life.signal);
  document.body.dispatchEvent(new window.KeyboardEvent("keydown", { key: "a", bubbles: true }));
  expect(attention.acted).toBe(false);
  pressByHand(window, document.body, "a");
  expect(attention.acted).toBe(true);
  attention.renew();
  expect(attention.acted).toBe(false);
  life.abort();
  pressByHand(window, document.body, "a");
  expect(attention.acted).toBe(false);
});

test("a page that is already scrolled has a reader at work", () => {
  openPage("https://huggingface.co/papers", { html: "<body></body>" });
  globalThis.scrollY = 300;
  expect(watchAttention(new AbortController().signal).acted).toBe(true);
});

test("a field that has the focus already has a reader at work, unless the page put it there", () => {
  openPage("https://huggingface.co/papers", { html: "<body><input id=one><input id=two autofocus></body>" });
  document.querySelector("#two").focus();
  expect(watchAttention(new AbortController().signal).acted).toBe(false);
  document.querySelector("#one").focus();
  expect(watchAttention(new AbortController().signal).acted).toBe(true);
});
