import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, SERVER, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const status = async (browser, tab) => (await browser.ask(FROM_OWN.status, { tab }, OWN)).status;

test("the status of a fresh browser is that of one not paired", async () => {
  const browser = await pairedBrowser({ serverUrl: "", token: "" });
  expect(await status(browser)).toMatchObject({ state: "unpaired", here: null, paired: false, waiting: 0, agreed: "" });
});

test("it counts what waits and what was refused, and names the server agreed to", async () => {
  const dead = [{ event: event("save", "2501.00001"), error: { code: "invalid", message: "" }, at: 1 }];
  const browser = await pairedBrowser({ dead, agreed: SERVER });
  browser.server.mood = () => reply(503, "");
  await browser.ask(FROM_OWN.act, { kind: "save", paper: "2501.00002" }, OWN);
  await browser.pass(300);
  expect(await status(browser)).toMatchObject({ state: "offline", paired: true, waiting: 1, dead: 1, agreed: SERVER });
});

test("it speaks of the tab in front: of its page, and of a pause that holds for its site alone", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: "2501.00001" }] });
  await browser.ask(FROM_OWN.pause, { scope: "site", site: "huggingface", on: true }, OWN);
  const here = { site: "huggingface", page_kind: "daily", page: "daily/2026-11-20", papers: ["2501.00001"] };
  expect(await status(browser, 1)).toMatchObject({ state: "paused", here, pauses: { huggingface: 0 } });
});

test("a pause that is over is not told, even before the alarm has removed it", async () => {
  const browser = await pairedBrowser({ pauses: { all: 1 } });
  expect(await status(browser)).toMatchObject({ state: "ready", pauses: {} });
});
