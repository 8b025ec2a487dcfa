import { afterEach, expect, test } from "vitest";
import { run } from "../../../extension/src/page/run.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { listOf, openPage, pass, view } from "../page-kit.js";

const URL_DAY = "https://huggingface.co/papers/date/2026-11-20";
const life = { stop: () => {} };
afterEach(() => life.stop());

/** A feature that notes when it is put in its place and taken away. */
function noting() {
  const log = [];
  return {
    log,
    runs: ({ state }) => state === "ready",
    init(page, signal) {
      log.push("on");
      signal.addEventListener("abort", () => log.push("off"));
      life.stop = () => page.tell("gone");
    },
  };
}

/** @param {object} [options] */
async function start({ first = view(), views = () => first, url = URL_DAY, html, knobs } = {}) {
  const feature = noting();
  const answer = ({ type, cards }) => {
    if (type === "page/view") return { ok: true, view: views() };
    if (type === "page/cards") return { ok: true, view: view({ list: listOf(cards.map(({ id }) => id)) }) };
    return undefined;
  };
  const opened = openPage(url, { html, knobs: { n: 5, ...knobs }, answer });
  await run([huggingface], [feature]);
  await pass(30);
  return { ...opened, feature };
}

const state = () => document.documentElement.dataset.inklingState;

test("the worker is asked for the last view, then told the cards, and the state is on the page", async () => {
  const { sent } = await start();
  expect(sent.map(({ type }) => type)).toEqual(["page/view", "page/cards"]);
  expect(sent[1]).toMatchObject({ site: "huggingface", page_kind: "daily", page: "daily/2026-11-20" });
  expect(sent[1].cards).toHaveLength(5);
  expect(state()).toBe("ready");
});

test("a paused page is not even read, and carries nothing of ours but its state", async () => {
  const { sent, feature } = await start({ first: view({ state: "paused" }) });
  expect(sent.map(({ type }) => type)).toEqual(["page/view"]);
  expect(feature.log).toEqual([]);
  expect(state()).toBe("paused");
});

test("pausing takes features away, going on brings them back and reads again", async () => {
  const { push, feature, of } = await start();
  push({ type: "view/changed", view: view({ state: "paused" }) });
  expect(feature.log).toEqual(["on", "off"]);
  push({ type: "view/changed", view: view() });
  await pass(30);
  expect(feature.log).toEqual(["on", "off", "on"]);
  expect(of("page/cards")).toHaveLength(2);
});

test("pairing while the page is open ranks it without a reload", async () => {
  const { push, of } = await start({ first: view({ state: "unpaired" }) });
  push({ type: "view/changed", view: view({ state: "unpaired" }) });
  const before = of("page/cards").length;
  push({ type: "view/changed", view: view() });
  await pass(30);
  expect(of("page/cards")).toHaveLength(before + 1);
});

test("cards that change are told, the same cards are not told twice", async () => {
  const { of } = await start();
  const list = document.querySelector("article").parentElement;
  list.append(document.createElement("p"));
  await pass(200);
  expect(of("page/cards")).toHaveLength(1);
  document.querySelector("article").remove();
  await pass(200);
  expect(of("page/cards")[1].cards).toHaveLength(4);
});

test("a period tab that changes the address is another page", async () => {
  const { window, of } = await start();
  window.history.pushState({}, "", "/papers/week/2026-W47");
  document.querySelector("article").remove();
  await pass(400);
  expect(of("page/cards").at(-1)).toMatchObject({ page_kind: "weekly", page: "weekly/2026-W47" });
});

test("a page that no longer looks as we know it is left alone, reported once, and taken up again", async () => {
  const { feature, of } = await start();
  const links = [...document.querySelectorAll("article a[href]")];
  const addresses = links.map((link) => link.getAttribute("href"));
  for (const link of links) link.removeAttribute("href");
  document.body.append(document.createElement("p"));
  await pass(4000);
  expect(state()).toBe("drift");
  expect(feature.log.at(-1)).toBe("off");
  expect(of("report/drift")).toEqual([{ type: "report/drift", site: "huggingface", page_kind: "daily", page: "daily/2026-11-20", seen: 0, expected: 5 }]);
  links.forEach((link, at) => link.setAttribute("href", addresses[at]));
  document.body.append(document.createElement("p"));
  await pass(300);
  expect(state()).toBe("ready");
}, 10_000);

test("a page that has changed is left alone from its first reading on, and reported once it stays so", async () => {
  const { feature, of } = await start({ knobs: { shape: "headings" } });
  expect([state(), feature.log.at(-1), of("report/drift")]).toEqual(["drift", "off", []]);
  await pass(3500);
  expect(of("report/drift")).toHaveLength(1);
  expect(feature.log).toEqual(["on", "off"]);
}, 10_000);

test("a page that was right may look wrong for a moment", async () => {
  const { feature } = await start();
  const links = [...document.querySelectorAll("article a[href]")];
  const addresses = links.map((link) => link.getAttribute("href"));
  for (const link of links) link.removeAttribute("href");
  document.body.append(document.createElement("p"));
  await pass(300);
  links.forEach((link, at) => link.setAttribute("href", addresses[at]));
  await pass(2500);
  expect([state(), feature.log]).toEqual(["ready", ["on"]]);
}, 10_000);

test("a listing that is empty is no drift", async () => {
  const { of } = await start({ html: '<main><div data-target="DailyPapers" data-props="{&quot;dailyPapers&quot;:[]}"><h1>Daily Papers</h1></div></main>' });
  await pass(2000);
  expect(state()).toBe("ready");
  expect(of("report/drift")).toEqual([]);
});

test("a page of the site that lists nothing is left alone", async () => {
  const { sent } = await start({ url: "https://huggingface.co/papers/submit", html: "<body></body>" });
  expect(sent).toEqual([]);
  expect(state()).toBe(undefined);
});

test("a page that comes back from the browser's cache asks whether it is still paused", async () => {
  let now = view({ state: "paused" });
  const { window, of } = await start({ views: () => now });
  now = view();
  window.dispatchEvent(Object.assign(new window.Event("pageshow"), { persisted: true }));
  await pass(50);
  expect(state()).toBe("ready");
  expect(of("page/cards")).toHaveLength(1);
});
