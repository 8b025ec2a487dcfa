import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);

test("a save in one tab is seen in the others at once", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await tellCards(browser, {}, { ...LISTING, tab: { id: 2 } });
  await settle();
  browser.heard.length = 0;
  await log(browser, "save");
  expect(browser.heard.filter(({ tab }) => tab === 1)).toEqual([]);
  expect(browser.heard.find(({ tab }) => tab === 2).view.marks[PAPER]).toMatchObject({ saved: true });
});

test("two pages that tell their cards at the same moment are both remembered", async () => {
  const browser = await pairedBrowser();
  await Promise.all([1, 2, 3].map((id) => tellCards(browser, {}, { ...LISTING, tab: { id } })));
  expect(Object.keys(browser.session.pages)).toEqual(["1", "2", "3"]);
  browser.life.tell("untab", 2);
  await settle();
  expect(Object.keys(browser.session.pages)).toEqual(["1", "3"]);
});

test("a tab that has gone on to another page is no longer said to be a listing", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.here.page).toBe(PAGE);
  browser.closedTabs.add(1);
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.here).toBe(null);
});
