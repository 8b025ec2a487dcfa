import { afterEach, expect, test, vi } from "vitest";
import { FROM_PAGE } from "../../extension/src/messages.js";
import { Browser, LISTING, end, event, pairedBrowser, settle } from "./browser-kit.js";

afterEach(end);

/** The storage module as the worker of a running browser has it. */
async function storage(local = {}) {
  const browser = await pairedBrowser(local);
  return { browser, ...(await import("../../extension/src/storage.js")) };
}

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const view = async (browser, sender = LISTING) => (await browser.ask(FROM_PAGE.pageView, { page: PAGE }, sender)).view;

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const fresh = () => pairedBrowser({ serverUrl: "", token: "" });

test("what was never written has its default, and a default is never shared", async () => {
  const { read } = await storage();
  const first = await read("pauses", "preferences");
  first.pauses.all = 0;
  expect((await read("pauses")).pauses).toEqual({});
  expect(first.preferences).toMatchObject({ capture: "auto", order: "original", upvote_is_save: true });
});

test("a preference that an older version did not know has its default", async () => {
  const { read } = await storage({ preferences: { capture: "manual" } });
  expect((await read("preferences")).preferences).toMatchObject({
    capture: "manual",
    order: "original",
    sites: { arxiv: false },
  });
});

test("changes follow one another, however many come at once", async () => {
  const { browser, change } = await storage();
  await Promise.all(Array.from({ length: 30 }, (_, at) => change(["titles"], ({ titles }) => void (titles[at] = "x"))));
  expect(Object.keys(browser.local.titles)).toHaveLength(30);
});

test("only what changed is written, in one step, and nothing where the edit fails", async () => {
  const { browser, change } = await storage();
  const written = vi.spyOn(browser, "write");
  await change(["titles", "queue", "dead"], (kept) => {
    kept.titles.a = "x";
    kept.dead.push({});
  });
  expect(written.mock.calls.map(([, , items]) => Object.keys(items))).toEqual([["titles", "dead"]]);
  await change(["titles"], () => {});
  await expect(
    change(["titles"], (kept) => {
      kept.titles.b = "x";
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(written).toHaveBeenCalledTimes(1);
  expect(browser.local.titles).toEqual({ a: "x" });
});

const FULL = "Resource::kQuotaBytes quota exceeded";

/** Have the browser keep only so many characters. */
function withRoomFor(browser, most) {
  const { local } = chrome.storage;
  const set = local.set;
  local.set = (items) =>
    JSON.stringify({ ...browser.local, ...items }).length > most ? Promise.reject(new Error(FULL)) : set(items);
}

test("where storage is full, old lists make room for what the reader does", async () => {
  const { browser, change } = await storage({ lists: { daily: { list_id: "x".repeat(1_000) } } });
  withRoomFor(browser, 1_000);
  await change(["titles"], ({ titles }) => void (titles.a = "kept"));
  expect(browser.local).toMatchObject({ titles: { a: "kept" }, lists: {} });
  await change(["lists"], ({ lists }) => void Object.assign(lists, { old: "x".repeat(1_000), latest: "new" }));
  expect(browser.local.lists).toEqual({ latest: "new" });
});

test("where even that is not enough, it is said in the reader's words", async () => {
  const { browser, change } = await storage();
  withRoomFor(browser, 10);
  await expect(change(["titles"], ({ titles }) => void (titles.a = "lost"))).rejects.toThrow(/no room left/);
});

test("a failed change holds up no later one", async () => {
  const { browser, change } = await storage();
  const failed = change(["titles"], () => Promise.reject(new Error("no"))).catch(() => "failed");
  await change(["titles"], ({ titles }) => void (titles.a = "x"));
  expect(await failed).toBe("failed");
  expect(browser.local.titles).toEqual({ a: "x" });
});

test("wiping leaves nothing, neither of what lasts nor of what the browser would forget itself", async () => {
  const { browser, wipe } = await storage({ titles: { 2501.00001: "Hidden" } });
  Object.assign(browser.session, { menu: { paper: "2501.00001" }, pages: {}, traded: null });
  await wipe();
  expect([browser.local, browser.session]).toEqual([{}, {}]);
});

test("no page waits for a browser that does not know its policies yet; what comes late is pushed", async () => {
  const browser = new Browser();
  browser.local = { serverUrl: "http://127.0.0.1:8765", token: "token" };
  let know;
  browser.policies = new Promise((go) => (know = go));
  browser.managed = { sites: ["arxiv"] };
  await browser.start();
  const told = tellCards(browser);
  await new Promise((go) => setTimeout(go, 1_500));
  expect((await told).view.state).toBe("ready");
  know();
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("off");
});

test("until the browser knows its policies, those of its last run count", async () => {
  const browser = new Browser();
  browser.local = { serverUrl: "http://127.0.0.1:8765", token: "token" };
  await browser.start();
  await browser.rule({ sites: ["arxiv"] });
  browser.session = {};
  browser.policies = new Promise(() => {});
  await browser.start();
  expect((await view(browser)).state).toBe("off");
  expect((await log(browser, "save")).queued).toBe(false);
});

test("the token is kept from content scripts where the browser can", async () => {
  const browser = await fresh();
  expect(browser.access).toEqual({ accessLevel: "TRUSTED_CONTEXTS" });
});
