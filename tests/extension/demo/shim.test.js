import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { Server, settle } from "../browser-kit.js";
import { openPage } from "../page-kit.js";

const DEMO = "http://127.0.0.1:8765/demo";
const html = (token) =>
  `<html><head><meta name="inkling-demo-token" content="${token}"></head><body><main></main></body></html>`;

/** Web storage, as far as the shim uses it. */
class Kept {
  getItem(key) {
    return this[key] ?? null;
  }
  setItem(key, value) {
    this[key] = value;
  }
  removeItem(key) {
    delete this[key];
  }
}

let kept;
beforeEach(() => (kept = new Kept()));
afterEach(async () => {
  await settle();
  vi.unstubAllGlobals();
});

/** The demo page with the whole extension running in it. @param {string} token */
async function demo(token = "token") {
  const server = new Server();
  const { window } = openPage(DEMO, { html: html(token) });
  vi.stubGlobal("localStorage", kept);
  vi.stubGlobal("sessionStorage", new Kept());
  vi.stubGlobal("window", window);
  vi.stubGlobal("setInterval", () => 0);
  vi.stubGlobal("fetch", async (url, init) =>
    init ? server.fetch(String(url), init) : new Response(readFileSync(new URL(url))),
  );
  vi.resetModules();
  await import("../../../extension/src/demo/shim.js");
  await settle();
  return server;
}

const ask = (type, fields) => globalThis.chrome.runtime.sendMessage({ type, ...fields });
const cards = [{ id: "2501.00001", title: "One" }];

test("the real worker answers in the page, with the token that the server gave it", async () => {
  const server = await demo();
  const { view } = await ask(FROM_PAGE.pageCards, { site: "demo", page_kind: "daily", page: "daily", cards });
  expect(view).toMatchObject({ state: "ready", list: { cards: [{ id: "2501.00001" }] } });
  expect(server.sent("/v1/rank")[0]).toMatchObject({
    url: "http://127.0.0.1:8765/v1/rank",
    headers: { Authorization: "Bearer token" },
  });
});

test("what was done is kept in the browser, but not for another demo's reader", async () => {
  await demo();
  const event = {
    id: "6f1c2d3e-0000-4000-8000-000000000001",
    kind: "save",
    paper: "2501.00001",
    at: "2026-11-20T08:00:00Z",
    surface: "demo",
  };
  expect((await ask(FROM_PAGE.eventLog, { event })).marks["2501.00001"]).toMatchObject({ saved: true });
  await demo();
  expect((await ask(FROM_PAGE.pageCards, { site: "demo", page_kind: "daily", page: "daily", cards })).ok).toBe(true);
  expect(kept["inkling-demo:ledger"]).toContain("2501.00001");
  await demo("another");
  expect(kept["inkling-demo:ledger"]).toBe(undefined);
});

test("the page finds no way to what only our own pages may ask", async () => {
  await demo();
  expect(await ask("me/export", {})).toMatchObject({ ok: false });
});
