import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { OWN, end, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const lateSources = (browser) => browser.ask(FROM_OWN.lateSources, {}, OWN);

/** @param {unknown} states what the server says of its sources */
const saying = (states) => () => reply(200, { status: "ok", checks: { sources: { status: "ok", states } } });

test("a source that brings nothing new is named, with the time since when", async () => {
  const { sources } = await lateSources(await pairedBrowser());
  expect(sources).toEqual([{ name: "Hugging Face", since: Date.parse("2026-11-23T00:00:00Z") }]);
});

test("a quiet day, a first fill and an older server are no news", async () => {
  const browser = await pairedBrowser();
  const fine = { hf: { state: "quiet", since: null }, arxiv: { state: "filling", since: null } };
  for (const states of [fine, undefined, {}]) {
    browser.server.mood = saying(states);
    expect((await lateSources(browser)).sources).toEqual([]);
  }
});

test("of what a server may say only what can be shown is kept", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = saying({
    hf: { state: "stopped", since: "soon" },
    "arxiv-days": { state: "stale", since: null },
    "<b>bold</b>": { state: "silent", since: null },
    arxiv: null,
    openreview: 7,
  });
  expect((await lateSources(browser)).sources).toEqual([
    { name: "Hugging Face", since: null },
    { name: "arxiv-days", since: null },
  ]);
});
