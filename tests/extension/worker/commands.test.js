import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { end, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

/** Press a browser-wide shortcut while this tab is in front. */
async function press(browser, command, id) {
  browser.life.tell("command", command, { id });
  await settle();
}

test("the pause shortcut pauses everything, and pressed again ends the pause", async () => {
  const browser = await pairedBrowser();
  await press(browser, "toggle-pause", 7);
  expect(browser.local.pauses).toEqual({ all: 0 });
  await press(browser, "toggle-pause", 7);
  expect(browser.local.pauses).toEqual({});
});

test("the order shortcut reaches the page in front only if it is a listing", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [] });
  browser.heard.length = 0;
  await press(browser, "toggle-order", 7);
  expect(browser.heard).toEqual([]);
  await press(browser, "toggle-order", 1);
  expect(browser.heard).toEqual([{ tab: 1, type: "command/run", command: "toggle-order" }]);
});
