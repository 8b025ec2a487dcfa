import { afterEach, expect, test, vi } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, settle } from "../browser-kit.js";

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

test("paused, nothing is logged or asked, pages are told, and the icon is pale", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await own(browser, FROM_OWN.pause, { scope: "all", on: true });
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("paused");
  expect(browser.icon[16]).toContain("paused");
  const asked = browser.server.requests.length;
  await log(browser, "open");
  await tellCards(browser);
  await browser.pass(3_000);
  expect(browser.server.requests).toHaveLength(asked);
  await own(browser, FROM_OWN.pause, { scope: "all", on: false });
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("ready");
});

test("a pause of an hour ends by itself, and pages and icon hear of it", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await own(browser, FROM_OWN.pause, { scope: "hour", on: true });
  await browser.pass(1_000);
  expect((await view(browser)).state).toBe("paused");
  vi.setSystemTime(Date.now() + 3_600_000);
  await browser.alarm();
  expect(browser.local.pauses).toEqual({});
  expect(browser.heard.at(-1).view.state).toBe("ready");
  expect(browser.icon[16]).not.toContain("paused");
});

test("a pause on one site leaves the other alone", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.preferencesSet, { sites: { arxiv: true } });
  await own(browser, FROM_OWN.pause, { scope: "site", site: "arxiv", on: true });
  const arxiv = { ...LISTING, url: "https://arxiv.org/list/cs.LG/new", tab: { id: 3 } };
  expect((await view(browser, arxiv)).state).toBe("paused");
  expect((await view(browser)).state).toBe("ready");
  expect((await log(browser, "open", PAPER, arxiv)).queued).toBe(false);
  expect((await log(browser, "open", PAPER)).queued).toBe(true);
});
