import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, end, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAPER_PAGE = { ...LISTING, url: "https://huggingface.co/papers/2501.00001" };
const room = async (browser, sender = LISTING) => (await browser.ask(FROM_PAGE.pageRoom, {}, sender)).room;

test("the room kept before a page is drawn is that of what will come", async () => {
  const browser = await pairedBrowser();
  expect([await room(browser), await room(browser, PAPER_PAGE)]).toEqual(["full", "bar"]);
  await browser.store({ preferences: { panel_collapsed: true } });
  expect([await room(browser), await room(browser, PAPER_PAGE)]).toEqual(["folded", "bar"]);
});

test.each([
  ["unpaired", { token: "" }, "sentence"],
  ["paused", { pauses: { all: 0 } }, null],
  ["off", { preferences: { capture: "off" } }, null],
])("%s, a listing keeps room for what is said there, a paper's page none", async (state, items, kept) => {
  const browser = await pairedBrowser();
  await browser.store(items);
  expect(await browser.ask(FROM_PAGE.pageRoom, {})).toMatchObject({ state, room: kept });
  expect(await room(browser, PAPER_PAGE)).toBe(null);
});

test("asking for the room asks nothing of the server", async () => {
  const browser = await pairedBrowser();
  const asked = browser.server.requests.length;
  await room(browser);
  expect(browser.server.requests).toHaveLength(asked);
});

test("cards wait for the order for the reader only where it was chosen, and on a listing", async () => {
  const browser = await pairedBrowser();
  const order = async (sender) => (await browser.ask(FROM_PAGE.pageRoom, {}, sender)).order;
  expect(await order(LISTING)).toBe("original");
  await browser.store({ preferences: { order: "foryou" } });
  expect([await order(LISTING), await order(PAPER_PAGE)]).toEqual(["foryou", "original"]);
});
