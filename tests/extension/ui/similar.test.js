import { expect, test } from "vitest";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { make } from "../../../extension/src/ui/dom.js";
import { openSimilar } from "../../../extension/src/ui/similar.js";
import { attention, clickByHand, openPage, pass, view } from "../page-kit.js";

const item = (id, over = {}) => ({
  paper: { id, title: `Paper ${id}`, authors: ["A", "B", "C", "D"], categories: [], url: null, upvotes: 1, ...over },
  score: 1,
  reasons: [{ kind: "paper", share: 1, paper: "2501.00001", title: "One", words: ["cache", "key", "page", "x", "y"] }],
});
const FOUND = { ok: true, items: [item("2501.00002"), item("2501.00003", { title: null, authors: [] })] };

/** @param {any} reply to the question for similar papers @param {any} [logged] to what is logged */
async function open(reply, logged = { ok: true, marks: {} }) {
  const opened = openPage("https://huggingface.co/papers", {
    html: "<body></body>",
    answer: ({ type }) => (type === "papers/similar" ? reply : type === "event/log" ? logged : undefined),
  });
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.view = view();
  const host = make("div");
  const root = host.attachShadow({ mode: "open" });
  const button = make("button", { type: "button" });
  root.append(button);
  document.body.append(host);
  const done = openSimilar(page, button, { id: "2501.00001", title: "One" });
  const box = root.querySelector(".similar");
  await pass();
  return { ...opened, page, root, box, done, status: () => box.querySelector("[role=status]").textContent };
}

test("each paper is a link made from its id, with the words both share", async () => {
  const { box, status } = await open({ ...FOUND, marks: { 2501.00003: { saved: true } } });
  expect([box.getAttribute("role"), box.getAttribute("aria-label")]).toEqual(["dialog", "Papers similar to: One"]);
  expect(status()).toBe("Found: 2.");
  const lines = [...box.querySelectorAll("li")];
  expect(lines.map((line) => [line.dataset.paper, line.querySelector("a").href])).toEqual([
    ["2501.00002", "https://huggingface.co/papers/2501.00002"],
    ["2501.00003", "https://huggingface.co/papers/2501.00003"],
  ]);
  expect(lines[0].querySelector("[data-part=reason]").textContent).toBe("Both: cache, key, page, x");
  expect(lines[0].querySelector("p").textContent).toBe("A, B, C");
  expect(lines.map((line) => line.querySelector("[data-action=save]").getAttribute("aria-pressed"))).toEqual([
    "false",
    "true",
  ]);
});

test("a paper is saved there, and taken out again", async () => {
  const { window, box, of } = await open(FOUND);
  const save = box.querySelector("[data-action=save]");
  for (const pressed of ["true", "false"]) {
    clickByHand(window, save);
    expect(save.getAttribute("aria-pressed")).toBe(pressed);
    await pass();
    expect(save.getAttribute("aria-pressed")).toBe(pressed);
  }
  expect(of("event/log").map(({ event }) => [event.kind, event.paper, event.surface])).toEqual([
    ["save", "2501.00002", "search"],
    ["unsave", "2501.00002", "search"],
  ]);
});

test("what cannot be kept goes back", async () => {
  const { window, box } = await open(FOUND, { ok: false, error: { code: "full", message: "No room." } });
  clickByHand(window, box.querySelector("[data-action=save]"));
  await pass();
  expect(box.querySelector("[data-action=save]").getAttribute("aria-pressed")).toBe("false");
});

test("while the server is asked, with nothing to show, and silent, it says so", async () => {
  let settle;
  const { box, done, status } = await open(new Promise((go) => (settle = go)));
  expect(status()).toBe("Looking …");
  settle({ ok: true, items: [], marks: {} });
  await done;
  expect([status(), box.querySelector("ul")]).toEqual(["No similar papers are known yet.", null]);
  const silent = await open({ ok: false, error: { code: "network", message: "The server does not answer." } });
  expect(silent.status()).toBe("The server does not answer.");
});

test("an answer that comes after the box was closed is not drawn", async () => {
  let settle;
  const { window, box, done } = await open(new Promise((go) => (settle = go)));
  box.dispatchEvent(Object.assign(new window.Event("toggle"), { newState: "closed" }));
  settle(FOUND);
  await done;
  expect(box.querySelector("li")).toBe(null);
});
