import { afterEach, expect, test, vi } from "vitest";
import { end, pairedBrowser, settle } from "./browser-kit.js";

afterEach(end);

/** The storage module as the worker of a running browser has it. */
async function storage(local = {}) {
  const browser = await pairedBrowser(local);
  return { browser, ...(await import("../../extension/src/storage.js")) };
}

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

test("an address or a token written from outside takes effect at once", async () => {
  const { browser } = await storage({ serverUrl: "", token: "" });
  expect(browser.server.requests).toEqual([]);
  await browser.store({
    queue: [{ event: { id: "x", kind: "save", paper: "2501.00001", at: "2026-11-20T08:00:00Z" } }],
  });
  await browser.store({ serverUrl: "http://127.0.0.1:8765", token: "token" });
  await settle();
  expect(browser.server.ids()).toEqual(["x"]);
});

test("wiping leaves nothing", async () => {
  const { browser, wipe } = await storage();
  await wipe();
  expect(browser.local).toEqual({});
});
