import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const view = async (browser, sender = LISTING) => (await browser.ask(FROM_PAGE.pageView, { page: PAGE }, sender)).view;

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);

test("before pairing nothing is sent and nothing is kept", async () => {
  const browser = await pairedBrowser({ token: "" });
  expect((await tellCards(browser)).view).toMatchObject({ state: "unpaired", list: null });
  expect((await log(browser, "save")).queued).toBe(false);
  await browser.pass(5_000);
  await browser.alarm();
  expect(browser.server.requests).toEqual([]);
  expect(browser.local.queue ?? []).toEqual([]);
});

test("logging only what is pressed leaves opens and impressions out; off shows nothing", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.preferencesSet, { capture: "manual" });
  expect((await log(browser, "open")).queued).toBe(false);
  expect((await log(browser, "save")).queued).toBe(true);
  await own(browser, FROM_OWN.preferencesSet, { capture: "off" });
  expect((await view(browser)).state).toBe("off");
  expect((await log(browser, "save", "2501.00002")).queued).toBe(false);
});
