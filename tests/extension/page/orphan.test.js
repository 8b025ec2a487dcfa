import { afterEach, expect, test, vi } from "vitest";
import { marks } from "../../../extension/src/features/marks.js";
import { notice } from "../../../extension/src/features/notice.js";
import { order } from "../../../extension/src/features/order.js";
import { panel } from "../../../extension/src/features/panel.js";
import { shortcuts } from "../../../extension/src/features/shortcuts.js";
import { run } from "../../../extension/src/page/lifecycle.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { hosts, inMark, inPanel, keeping } from "../features/listing-kit.js";
import { clickByHand, listOf, openPage, pass, pressByHand, view } from "../page-kit.js";

const SENTENCE = "Inkling was updated or switched off: reload this page.";
// A machine that is busy with browsers takes longer than the second that is usual.
const LONG = { timeout: 15_000 };
const life = { stop: () => {} };
afterEach(() => life.stop());

/** A listing with our script in it. */
async function start() {
  const answer = (message) => {
    if (message.type === "page/view") return { ok: true, view: view() };
    if (message.type === "page/cards")
      return { ok: true, view: view({ list: listOf(message.cards.map(({ id }) => id)) }) };
    return keeping(message);
  };
  const opened = openPage("https://huggingface.co/papers/date/2026-11-20", { knobs: { n: 5 }, answer });
  await run(
    [huggingface],
    [
      panel,
      marks,
      order,
      shortcuts,
      notice,
      { runs: () => true, init: (page) => (life.stop = () => page.emit("gone")) },
    ],
  );
  await vi.waitUntil(() => document.querySelector("[data-inkling=panel]"), LONG);
  document.querySelector("[data-target=DailyPapers]").dispatchEvent(new opened.window.Event("inkling:hydrated"));
  await vi.waitUntil(() => hosts().length === 5, LONG);
  return opened;
}

/** What Chromium makes of an old copy's `chrome`. */
function replace() {
  const refused = () => {
    throw new Error("Extension context invalidated.");
  };
  Object.assign(globalThis.chrome.runtime, { id: undefined, sendMessage: refused });
  globalThis.chrome.i18n.getMessage = refused;
}

const notices = () =>
  [...document.querySelectorAll("[data-inkling=notice]")].map(
    ({ shadowRoot }) => shadowRoot.querySelector("p").textContent,
  );
const look = () => hosts().map(({ dataset }) => dataset.sign);

test("a press on a copy that was replaced is answered with a sentence, and passes for nothing", async () => {
  const { window } = await start();
  const before = look();
  replace();
  clickByHand(window, inMark(0, "[data-action=save]"));
  await pass();
  expect(notices()).toEqual([SENTENCE]);
  expect(inPanel("[role=status]")[0].textContent.trim()).toBe(SENTENCE);
  clickByHand(window, inMark(1, "[data-action=why]"));
  clickByHand(window, inPanel("[data-order=foryou]")[0]);
  for (const key of ["j", "s", "w", "o", "u"]) pressByHand(window, document.body, key);
  await pass();
  expect(notices()).toEqual([SENTENCE]);
  expect(document.querySelector(".why-box")).toBe(null);
  expect(look()).toEqual(before);
  expect(document.querySelectorAll("[data-asked]")).toHaveLength(0);
});

test("a reader who comes back or begins to do something is told at once, and once", async () => {
  const { window } = await start();
  clickByHand(window, document.body);
  window.dispatchEvent(new window.Event("focus"));
  expect(notices()).toEqual([]);
  replace();
  pressByHand(window, document.querySelector("input") ?? document.body, "q");
  expect(notices()).toEqual([SENTENCE]);
  document.querySelector("[data-inkling=notice]").shadowRoot.querySelector(".notice").click();
  pressByHand(window, document.body, "q");
  expect(notices()).toEqual([]);
  window.dispatchEvent(new window.Event("focus"));
  expect(notices()).toEqual([SENTENCE]);
});

test("a press under way is taken back and told of", async () => {
  const { window } = await start();
  globalThis.chrome.runtime.sendMessage = () => new Promise(() => {});
  clickByHand(window, inMark(0, "[data-action=save]"));
  await pass();
  expect(look()[0]).toBe("saved");
  replace();
  await pass(700);
  expect(look()[0]).not.toBe("saved");
  expect(notices()).toEqual([SENTENCE]);
});

test("once the page changes all goes, but what says why", async () => {
  await start();
  replace();
  document.querySelector("article").remove();
  await pass(300);
  expect([...document.querySelectorAll("[data-inkling]")].map(({ dataset }) => dataset.inkling)).toEqual(["notice"]);
  expect(notices()).toEqual([SENTENCE]);
  expect(document.documentElement.dataset.inklingState).toBe("off");
});

test("what an older copy left in the page is taken away by the next", async () => {
  const { window } = await start();
  clickByHand(window, inPanel("[data-order=foryou]")[0]);
  await pass();
  const left = document.body.innerHTML;
  life.stop();
  await pass();
  const clean = document.body.innerHTML;
  document.body.innerHTML = left;
  expect(document.querySelector("article").style.order).not.toBe("");
  await run([huggingface], []);
  expect(document.body.innerHTML).toBe(clean);
});
