import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const log = (browser, one, more = {}) => browser.ask(FROM_PAGE.eventLog, { event: one, ...more });

test("the icon over a tab of a paused site is pale, over the others it is not", async () => {
  const browser = await pairedBrowser();
  const arxiv = { id: "us", url: "https://arxiv.org/list/cs.LG/new", tab: { id: 2 } };
  await tellCards(browser);
  await tellCards(browser, { site: "arxiv", page: "list" }, arxiv);
  await own(browser, FROM_OWN.pause, { scope: "site", site: "arxiv", on: true });
  await settle();
  expect(
    [browser.icon[16], browser.tabIcons.get(1)[16], browser.tabIcons.get(2)[16]].map((path) => path.includes("paused")),
  ).toEqual([false, false, true]);
});

test("the badge counts what waits only while the server does not take it", async () => {
  const browser = await pairedBrowser();
  await log(browser, event("save", "2501.00001"));
  await settle();
  expect(browser.badge).toBe("");
  browser.server.mood = () => reply(500, "");
  await browser.pass(300);
  expect(browser.badge).toBe("1");
});
