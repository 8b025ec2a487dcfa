import { afterEach, expect, test, vi } from "vitest";
import { opens } from "../../../extension/src/features/opens.js";
import { panel } from "../../../extension/src/features/panel.js";
import { paperMark } from "../../../extension/src/features/paper-mark.js";
import { run } from "../../../extension/src/page/lifecycle.js";
import { arxiv } from "../../../extension/src/sites/arxiv.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { clickByHand, listOf, openPage, pass, view } from "../page-kit.js";

const URL_DAY = "https://huggingface.co/papers/date/2026-11-20";
const life = { stop: () => {} };
afterEach(() => {
  life.stop();
  vi.unstubAllGlobals();
});

/** A feature that notes when it is put in its place and taken away. */
function noting() {
  const log = [];
  return {
    log,
    runs: ({ state }) => state === "ready",
    init(page, signal) {
      log.push("on");
      signal.addEventListener("abort", () => log.push("off"));
      life.stop = () => page.emit("gone");
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
  const isOurs = await run([huggingface, arxiv], [feature, opens, panel, paperMark]);
  await pass(30);
  return { ...opened, feature, isOurs };
}

/** What src/loader.js leaves beside the room it gave. @param {boolean} isLate */
function decide(isLate) {
  vi.stubGlobal("inklingDecided", Promise.resolve({ at: Date.now(), isLate }));
}

test("what comes after the page was drawn stands over it and moves nothing", async () => {
  decide(true);
  const opened = await openWith([panel, paperMark], URL_DAY, ({ type, cards }) => ({
    ok: true,
    view: view(type === "page/cards" ? { list: listOf(cards.map(({ id }) => id)) } : {}),
  }));
  const host = opened.window.document.querySelector("[data-inkling=panel]");
  expect([host.parentElement.nodeName, host.dataset.over, document.documentElement.dataset.inklingRoom]).toEqual([
    "BODY",
    "",
    undefined,
  ]);
  // It begins folded, so that it covers little; the reader's own press unfolds it.
  expect(host.shadowRoot.querySelector("ol").hidden).toBe(true);
  clickByHand(opened.window, host.shadowRoot.querySelector("[data-action=fold]"));
  expect(host.shadowRoot.querySelectorAll("ol:not([hidden]) [data-paper]")).toHaveLength(5);
  const mark = (
    await openWith([panel, paperMark], "https://huggingface.co/papers/2611.10001", () => ({ ok: true, view: view() }))
  ).window.document.querySelector("[data-inkling=mark]");
  expect([mark.parentElement.nodeName, mark.dataset.over]).toEqual(["BODY", ""]);
});

test("where the worker gave room and then fell silent, the room says so", async () => {
  decide(false);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const opening = openWith([panel], URL_DAY, () => new Promise(() => {}), "full");
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await opening;
  const host = document.querySelector("[data-inkling=panel]");
  expect(host.shadowRoot.querySelector(".rest p").textContent).toMatch(/does not answer; try again/);
  expect([host.nextElementSibling.dataset.target, document.documentElement.dataset.inklingRoom]).toEqual([
    "DailyPapers",
    undefined,
  ]);
});

/** @param {any[]} features @param {string} url @param {(message: any) => any} answer @param {string} [room] */
async function openWith(features, url, answer, room) {
  const opened = openPage(url, { knobs: { n: 5 }, answer });
  if (room) document.documentElement.dataset.inklingRoom = room;
  const ending = { runs: () => true, init: (page) => (life.stop = () => page.emit("gone")) };
  await run([huggingface], [ending, ...features]);
  await pass(30);
  return opened;
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
  await pass();
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
  expect(of("report/drift")).toEqual([
    { type: "report/drift", site: "huggingface", page_kind: "daily", page: "daily/2026-11-20", seen: 0, expected: 5 },
  ]);
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
  const { of } = await start({
    html: '<main><div data-target="DailyPapers" data-props="{&quot;dailyPapers&quot;:[]}"><h1>Daily Papers</h1></div></main>',
  });
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

const NONE = [
  ["https://huggingface.co/papers/2609.01234", { error: "404" }],
  ["https://huggingface.co/papers/2609.01234", { error: "429" }],
  ["https://huggingface.co/papers/2609.01234", { error: "challenge" }],
  [URL_DAY, { error: "500" }],
  [URL_DAY, { error: "challenge" }],
  ["https://huggingface.co/papers/trending", { error: "soft" }],
  ["https://arxiv.org/abs/2606.99999", {}],
];

test.each(NONE)(
  "%s as %j: nothing is read, told, logged, reported or shown",
  async (url, knobs) => {
    const { sent, isOurs } = await start({ url, knobs });
    await pass(4000);
    expect(isOurs).toBe(false);
    // Asked at the very beginning, when nothing of the page is there yet; it says no paper.
    expect(sent).toEqual([{ type: "page/view", page: expect.stringMatching(/^(paper|abs|daily.*|trending)$/) }]);
    expect(document.querySelectorAll("[data-inkling]")).toHaveLength(0);
    expect([state(), document.documentElement.dataset.inklingRoom]).toEqual([undefined, undefined]);
  },
  10_000,
);

test("a page that becomes a paper's after its first reading is taken up, and its arrival told once", async () => {
  const { of, window } = await start({
    url: "https://huggingface.co/papers/2611.10001",
    html: "<main><h1>Please wait</h1></main>",
  });
  expect(state()).toBe(undefined);
  document.querySelector("main").innerHTML = '<div data-target="PaperContent" data-props="{}"><h1>One</h1></div>';
  await pass(300);
  document.body.append(window.document.createElement("p"));
  await pass(300);
  expect(state()).toBe("ready");
  expect(of("page/cards")).toMatchObject([{ cards: [{ id: "2611.10001", title: "One" }] }]);
  expect(of("event/log").map(({ event }) => [event.kind, event.paper])).toEqual([["open", "2611.10001"]]);
});

test("a paper's page that was left alone before and is right again has its arrival told", async () => {
  const drift = view({ state: "drift" });
  const { of } = await start({ first: drift, url: "https://huggingface.co/papers/2611.10001" });
  expect(state()).toBe("ready");
  expect(of("event/log").map(({ event }) => [event.kind, event.paper])).toEqual([["open", "2611.10001"]]);
});

test("a paper's page that has changed is no arrival yet", async () => {
  const { of } = await start({ url: "https://huggingface.co/papers/2611.10001", knobs: { shape: "headings" } });
  await pass(300);
  expect(state()).toBe("drift");
  expect(of("event/log")).toEqual([]);
  const heading = Object.assign(document.createElement("h1"), { textContent: "Back" });
  document.querySelector('[data-target="PaperContent"]').prepend(heading);
  await pass(300);
  expect(of("event/log")).toHaveLength(1);
});

test("one paper that is linked beside a few known ones is no drift", async () => {
  const { feature } = await start({ knobs: { n: 3 } });
  document
    .querySelector("article")
    .parentElement.insertAdjacentHTML("beforeend", '<div><a href="/papers/1901.00001">A classic</a></div>');
  document.body.append(document.createElement("p"));
  await pass(4000);
  expect([state(), feature.log]).toEqual(["ready", ["on"]]);
}, 10_000);
