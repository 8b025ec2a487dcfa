import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openPage } from "./page-kit.js";

const script = readFileSync(new URL("../../extension/src/hydration.js", import.meta.url), "utf8");

/** jsdom keeps a symbol of its own on every element, which no browser has. */
const BrowserObject = {
  ...Object,
  getOwnPropertySymbols: (element) =>
    Object.getOwnPropertySymbols(element).filter(({ description }) => description !== "impl"),
  getOwnPropertyNames: Object.getOwnPropertyNames,
};

/** Runs the page-world script on a page; `ask` answers whether it calls the island hydrated. */
function world() {
  const { window } = openPage("https://huggingface.co/papers", {
    html: '<div data-target="DailyPapers"><article class="a"><button>x</button></article></div>',
  });
  new Function("Object", script)(BrowserObject);
  const island = window.document.querySelector("[data-target]");
  const ask = () => {
    let answer = false;
    island.addEventListener("inkling:hydrated", () => (answer = true), { once: true });
    island.dispatchEvent(new window.Event("inkling:ask", { bubbles: true }));
    return answer;
  };
  return { island, ask, button: island.querySelector("button") };
}

test("elements as the server sent them are not hydrated, replayed load events included", () => {
  const { ask, button } = world();
  button.__e = {};
  expect(ask()).toBe(false);
});

test("Svelte's symbol or its older property says hydrated", () => {
  for (const key of [Symbol("events"), "__click"]) {
    const { ask, button } = world();
    expect(ask()).toBe(false);
    button[key] = () => {};
    expect(ask()).toBe(true);
  }
});

test("attributes set before anybody asked say hydrated, as Svelte 4 sets them", () => {
  const { ask, island } = world();
  island.querySelector("article").setAttribute("class", "a");
  expect(ask()).toBe(true);
});

test("where Svelte 5 left its comments, attributes say nothing", () => {
  const { ask, island } = world();
  island.prepend(island.ownerDocument.createComment("["));
  island.querySelector("article").setAttribute("class", "translated");
  expect(ask()).toBe(false);
});

test("an island that came later is noted too", () => {
  const { ask, island } = world();
  expect(ask()).toBe(false);
  island.querySelector("article").setAttribute("class", "b");
  expect(ask()).toBe(true);
});

test("it leaves nothing in the page", () => {
  const { ask, island } = world();
  const before = island.ownerDocument.documentElement.outerHTML;
  ask();
  expect(island.ownerDocument.documentElement.outerHTML).toBe(before);
});
