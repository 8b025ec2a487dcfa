import { afterEach, expect, test, vi } from "vitest";
import { opens } from "../../../extension/src/features/opens.js";
import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { attention, byHand, clickByHand, listOf, openPage, pass, view } from "../page-kit.js";

const life = { now: new AbortController() };
afterEach(() => life.now.abort());

/** @param {string} path @param {object} [knobs] @param {(window: any) => void} [prepare] */
function start(path, { type = "navigate", ...knobs } = {}, prepare = undefined) {
  const opened = openPage(`https://huggingface.co${path}`, { knobs: { n: 5, ...knobs } });
  performance.getEntriesByType = () => [{ type }];
  prepare?.(opened.window);
  life.now = new AbortController();
  const page = new Page(huggingface, huggingface.placeOf(location, document), attention());
  page.snapshot = huggingface.parse(document, page.place) ?? page.snapshot;
  page.view = view({ list: listOf(page.cards.map(({ card }) => card.id)) });
  opens.init(page, life.now.signal);
  return { ...opened, page, events: () => opened.of("event/log").map(({ event }) => event) };
}

const link = () => document.querySelector('article h3 a[href^="/papers/"]');

test("a click, a middle click and a click with a modifier are one open each", async () => {
  const { window, events, page } = start("/papers/trending");
  clickByHand(window, link());
  clickByHand(window, link(), { button: 1 });
  clickByHand(window, link(), { ctrlKey: true });
  await pass();
  expect(events()).toHaveLength(3);
  expect(events()[0]).toMatchObject({
    kind: "open",
    paper: page.cards[0].card.id,
    surface: "card",
    position: 1,
    page: "trending",
    list_id: "L1",
  });
  expect(new Set(events().map(({ id }) => id)).size).toBe(3);
});

test("a link to the paper on arXiv is an open; one to its code is not", async () => {
  const { window, events } = start("/papers/trending");
  clickByHand(window, document.querySelector('article a[href^="https://github.com"]'));
  clickByHand(window, document.querySelector('article a[href^="https://arxiv.org/abs/"]'));
  await pass();
  expect(events()).toHaveLength(1);
});

test("a right click, a script's click and a logged-out upvote open nothing", async () => {
  const { window, events } = start("/papers/date/2026-11-20");
  clickByHand(window, link(), { button: 2 });
  link().dispatchEvent(new window.MouseEvent("click", { bubbles: true, cancelable: true }));
  clickByHand(window, document.querySelector('article a[href^="/login"] div'));
  await pass();
  expect(events()).toEqual([]);
});

test("a context menu on a link is told, so that the tab it opens can be paired", async () => {
  const { window, of, page } = start("/papers/date/2026-11-20");
  byHand(link(), new window.MouseEvent("contextmenu", { bubbles: true, composed: true, button: 2 }));
  await pass();
  expect(of("link/context")).toEqual([
    expect.objectContaining({ paper: page.cards[0].card.id, page: "daily/2026-11-20", position: 1, list_id: "L1" }),
  ]);
});

test("a press on the page after a context menu tells that the menu is gone, once", async () => {
  const { window, of } = start("/papers/date/2026-11-20");
  byHand(document.body, new window.MouseEvent("pointerdown", { bubbles: true, composed: true, button: 0 }));
  byHand(link(), new window.MouseEvent("contextmenu", { bubbles: true, composed: true, button: 2 }));
  for (let press = 0; press < 2; press++)
    byHand(document.body, new window.MouseEvent("pointerdown", { bubbles: true, composed: true, button: 0 }));
  await pass();
  expect(of("link/context").map(({ paper }) => paper)).toEqual([expect.any(String), undefined]);
});

test("arriving on a paper's page is one open, however often the page is read; its own links are no second one", async () => {
  const { window, events, page } = start("/papers/2611.10001");
  page.emit("after-scan");
  page.emit("after-scan");
  clickByHand(window, document.querySelector('a[href^="https://arxiv.org/pdf/"]'));
  await pass();
  expect(events()).toEqual([
    expect.objectContaining({ kind: "open", paper: "2611.10001", surface: "paper_page", page: "paper" }),
  ]);
});

test("coming back to a paper's page or reloading it is no open", async () => {
  for (const type of ["reload", "back_forward"]) {
    const { events, page } = start("/papers/2611.10001", { type });
    page.emit("after-scan");
    await pass();
    expect(events()).toEqual([]);
  }
});

test("an arrival is told only once the page was read and is that paper's, whenever that is", async () => {
  const { events, page } = start("/papers/2611.10001", { error: "soft" });
  page.emit("before-scan");
  page.emit("after-scan");
  await pass();
  expect(events()).toEqual([]);
  page.snapshot = { ...page.snapshot, cards: [{ card: { id: "2611.10001", title: "One" } }] };
  page.emit("after-scan");
  await pass();
  expect(events()).toHaveLength(1);
});

test("once taken away it hears nothing", async () => {
  const { window, events } = start("/papers/trending");
  life.now.abort();
  clickByHand(window, link());
  await pass();
  expect(events()).toEqual([]);
});

/** A page's own navigation, as the browser tells of it. */
function navigate(window, navigation, to, more = {}) {
  const going = Object.assign(new window.Event("navigate"), {
    userInitiated: false,
    destination: { url: new URL(to, location.href).href },
    ...more,
  });
  return byHand(navigation, going);
}

test("a page that goes to a paper by itself is told of; a press, another page and a script's own event are not", async () => {
  vi.stubGlobal("navigator", { userActivation: { isActive: false } });
  const again = start("/papers/date/2026-11-20", {}, (window) => vi.stubGlobal("navigation", new window.EventTarget()));
  const heard = globalThis.navigation;
  heard.dispatchEvent(
    Object.assign(new again.window.Event("navigate"), {
      userInitiated: false,
      destination: { url: "https://huggingface.co/papers/2611.10009" },
    }),
  );
  navigate(again.window, heard, "/papers/2611.10001", { userInitiated: true });
  navigate(again.window, heard, "/settings");
  navigate(again.window, heard, "/papers/2611.10002");
  navigator.userActivation.isActive = true;
  navigate(again.window, heard, "/papers/2611.10003");
  await pass();
  expect(again.of("page/left")).toEqual([{ type: "page/left", paper: "2611.10002" }]);
  vi.stubGlobal("navigation", undefined);
});

test("without word of navigations, a page that goes away unpressed says so", async () => {
  vi.stubGlobal("navigator", { userActivation: { isActive: true } });
  const { window, of } = start("/papers/date/2026-11-20");
  window.dispatchEvent(new window.Event("pagehide"));
  navigator.userActivation.isActive = false;
  window.dispatchEvent(new window.Event("pagehide"));
  await pass();
  expect(of("page/left")).toEqual([{ type: "page/left" }]);
});
