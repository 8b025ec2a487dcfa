import { expect, test, vi } from "vitest";
import { whenHydrated, hasNoFramework } from "../../../extension/src/page/hydration-gate.js";
import { openPage, pass } from "../page-kit.js";

const ISLAND =
  '<div data-target="DailyPapers" data-props="{}"><article><button>x</button></article></div><script src="/front/a.js"></script>';

/** @param {() => void} holds */
const until = (holds) => vi.waitFor(holds, { timeout: 5_000, interval: 10 });

/** @param {string} html */
function gate(html) {
  const { window } = openPage("https://huggingface.co/papers", { html });
  const island = window.document.querySelector("[data-target]");
  const life = new AbortController();
  const state = { open: false };
  whenHydrated(island, life.signal).then(() => (state.open = true));
  return { island, life, state, window };
}

test("time alone never opens it", async () => {
  const { state, life } = gate(ISLAND);
  await pass(500);
  expect(state.open).toBe(false);
  life.abort();
});

test("a change as only a framework makes it opens it", async () => {
  const { island, state } = gate(ISLAND);
  island.querySelector("article").append(island.ownerDocument.createElement("p"));
  await until(() => expect(state.open).toBe(true));
});

test("what another extension writes on elements does not", async () => {
  const { island, state, life } = gate(ISLAND);
  island.querySelector("article").setAttribute("data-darkreader-inline-bgcolor", "");
  island.querySelector("article").style.order = "3";
  await pass(150);
  expect(state.open).toBe(false);
  life.abort();
});

test("on a page of Svelte 5, which sets no attributes, nobody's attribute opens it", async () => {
  const { island, state, life } = gate(ISLAND.replace("<article>", "<!--[--><article>"));
  island.querySelector("article").setAttribute("class", "translated");
  await pass(150);
  expect(state.open).toBe(false);
  island.querySelector("button").removeAttribute("onload");
  island.querySelector("button").firstChild.data = "y";
  await until(() => expect(state.open).toBe(true));
  life.abort();
});

test("the page world's word opens it", async () => {
  const { island, state, window } = gate(ISLAND);
  let asked = 0;
  window.document.addEventListener("inkling:ask", () => (asked += 1));
  await until(() => expect(asked).toBeGreaterThan(0));
  island.dispatchEvent(new window.Event("inkling:hydrated"));
  await until(() => expect(state.open).toBe(true));
});

test("without an island, or with no script that could be a framework, there is nothing to wait for", async () => {
  const { window } = openPage("https://arxiv.org/abs/2401.00001", { html: "<p></p>" });
  await whenHydrated(null, new AbortController().signal);
  expect(hasNoFramework(window.document)).toBe(true);
  const { state } = gate(ISLAND.replace(/<script.*/, "<script>document.title</script>"));
  await until(() => expect(state.open).toBe(true));
});

test("a page that is left stays shut", async () => {
  const { island, state, life } = gate(ISLAND);
  life.abort();
  island.append(island.ownerDocument.createElement("p"));
  await pass(50);
  expect(state.open).toBe(false);
});
