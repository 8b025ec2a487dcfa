import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";
import { expect, test } from "vitest";

// What it imports is put in by hand.
const LOADER = readFileSync(new URL("../../extension/src/loader.js", import.meta.url), "utf8").replace("import(", "load(");

/**
 * Run the loader in a document that came with a status and a type; `isOurs` is what our modules find.
 * @param {{status?: number | null, type?: string, isOurs?: boolean, room?: object}} [page]
 */
async function begin({ status = 200, type = "text/html", isOurs = true, room = { room: "bar", state: "ready" } } = {}) {
  const { window } = new JSDOM("<!doctype html><html><body></body></html>", { contentType: "text/html" });
  Object.defineProperty(window.document, "contentType", { value: type });
  const asked = [];
  const performance = { getEntriesByType: () => (status === null ? [] : [{ type: "navigate", responseStatus: status }]) };
  const sendMessage = async (message) => {
    asked.push(message.type);
    return room;
  };
  const load = async (path) => {
    asked.push(path);
    return { isOurs: Promise.resolve(isOurs) };
  };
  const chrome = { runtime: { sendMessage, getURL: (path) => path } };
  new Function("document", "performance", "chrome", "load", LOADER)(window.document, performance, chrome, load);
  await new Promise((go) => setTimeout(go, 50));
  return { asked, html: { ...window.document.documentElement.dataset } };
}

test.each([200, 304, 0, undefined, null])("a page with status %s asks for its room and begins", async (status) => {
  const { asked, html } = await begin({ status });
  expect(asked).toEqual(["page/room", "src/content.js"]);
  expect(html).toEqual({ inklingRoom: "bar" });
});

test.each([202, 204, 400, 403, 404, 405, 410, 429, 500, 502, 503])("with status %d nothing of ours runs, asks or stands in the page", async (status) => {
  expect(await begin({ status })).toEqual({ asked: [], html: {} });
});

test.each(["text/plain", "text/markdown", "application/pdf", "application/json", "image/png"])("in a file of type %s nothing of ours runs", async (type) => {
  expect(await begin({ type })).toEqual({ asked: [], html: {} });
});

test("what was kept free for a page that is none of ours is given back", async () => {
  expect((await begin({ isOurs: false, room: { room: "full", state: "ready", order: "foryou" } })).html).toEqual({});
});
