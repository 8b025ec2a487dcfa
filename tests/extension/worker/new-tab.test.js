import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";

const paperPage = (tab, paper = PAPER) => ({
  id: "us",
  url: `https://huggingface.co/papers/${paper}`,
  tab: { id: tab },
});

const click = (browser, paper = PAPER, more = {}) =>
  browser.ask(FROM_PAGE.eventLog, { event: event("open", paper, more) });

const arrive = (browser, tab, paper = PAPER) =>
  browser.ask(
    FROM_PAGE.eventLog,
    { event: event("open", paper, { surface: "paper_page", page: "paper" }) },
    paperPage(tab, paper),
  );

const menu = (browser, paper = PAPER) =>
  browser.ask(FROM_PAGE.linkContext, { paper, page: "daily/2026-11-20", surface: "card", list_id: "L1", position: 3 });

const newTab = (browser, more = {}) => browser.life.tell("tab", { id: 2, openerTabId: 1, ...more });

/** What was logged in the end. */
async function opens(browser) {
  await browser.pass(2_500);
  return browser.server.events.filter(({ kind }) => kind === "open");
}

test("the link of a context menu, opened in a new tab, is one open from where the menu was", async () => {
  const browser = await pairedBrowser();
  await menu(browser);
  await browser.pass(2_000);
  newTab(browser);
  await browser.pass(700);
  await arrive(browser, 2);
  expect(await opens(browser)).toMatchObject([
    { paper: PAPER, surface: "card", list_id: "L1", position: 3, page: "daily/2026-11-20" },
  ]);
});

test("a page that arrives before we know of its tab makes no second open", async () => {
  const browser = await pairedBrowser();
  await menu(browser);
  newTab(browser);
  await browser.pass(100);
  await arrive(browser, 2);
  expect(await opens(browser)).toHaveLength(1);
});

test("a context menu without a new tab is no open, nor is one long ago", async () => {
  const browser = await pairedBrowser();
  await menu(browser);
  await browser.pass(31_000);
  newTab(browser);
  expect(await opens(browser)).toEqual([]);
});

test("a ctrl-click after a closed context menu opens its own paper only", async () => {
  const browser = await pairedBrowser();
  await menu(browser, PAPER);
  await browser.pass(1_000);
  newTab(browser);
  await click(browser, "2501.00002");
  expect((await opens(browser)).map(({ paper }) => paper)).toEqual(["2501.00002"]);
});

test("a menu that the page says is closed pairs with nothing", async () => {
  const browser = await pairedBrowser();
  await menu(browser);
  await browser.ask(FROM_PAGE.linkContext, {});
  newTab(browser);
  expect(await opens(browser)).toEqual([]);
});

test("a new tab of another opener, or seen to lead elsewhere, is not the menu's", async () => {
  const browser = await pairedBrowser();
  await menu(browser);
  newTab(browser, { openerTabId: 7 });
  newTab(browser, { pendingUrl: "https://huggingface.co/papers/2501.00009" });
  expect(await opens(browser)).toEqual([]);
  await menu(browser);
  newTab(browser, { pendingUrl: `https://huggingface.co/papers/${PAPER}` });
  expect(await opens(browser)).toHaveLength(1);
});
