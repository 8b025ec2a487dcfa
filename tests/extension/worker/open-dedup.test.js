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

const newTab = (browser, more = {}) => browser.life.tell("tab", { id: 2, openerTabId: 1, ...more });

/** What was logged in the end. */
async function opens(browser) {
  await browser.pass(2_500);
  return browser.server.events.filter(({ kind }) => kind === "open");
}

test("a click and the arrival behind it are one open, told by the click", async () => {
  const browser = await pairedBrowser();
  expect((await click(browser, PAPER, { position: 4 })).queued).toBe(true);
  await browser.pass(3_000);
  expect((await arrive(browser, 1)).queued).toBe(false);
  expect(await opens(browser)).toMatchObject([{ surface: "card", position: 4 }]);
});

test("an arrival without a click is an open", async () => {
  const browser = await pairedBrowser();
  await arrive(browser, 1);
  expect(await opens(browser)).toMatchObject([{ surface: "paper_page" }]);
});

test("a double click is one open, and its two arrivals add none", async () => {
  const browser = await pairedBrowser();
  await click(browser);
  await browser.pass(300);
  await click(browser);
  await browser.pass(500);
  await arrive(browser, 1);
  expect(await opens(browser)).toHaveLength(1);
});

test("opening a paper again later is another open", async () => {
  const browser = await pairedBrowser();
  await click(browser);
  await browser.pass(2_000);
  await arrive(browser, 1);
  await browser.pass(20_000);
  await click(browser);
  await browser.pass(1_000);
  await arrive(browser, 1);
  expect(await opens(browser)).toHaveLength(2);
});

test("a middle click into a tab read much later, and another paper's arrival, are each their own", async () => {
  const browser = await pairedBrowser();
  await click(browser, PAPER);
  newTab(browser);
  await click(browser, "2501.00002");
  await browser.pass(60_000);
  await arrive(browser, 2, PAPER);
  await arrive(browser, 3, "2501.00002");
  await arrive(browser, 4, "2501.00003");
  expect((await opens(browser)).map(({ paper }) => paper)).toEqual([PAPER, "2501.00002", "2501.00003"]);
});

test("with the clock set back an hour, opens still count", async () => {
  const browser = await pairedBrowser({
    opened: [{ id: "x", paper: PAPER, at: Date.parse("2026-11-20T09:00:00Z"), arrived: true }],
  });
  await click(browser);
  expect(await opens(browser)).toHaveLength(1);
});

const LEFT = { id: "us", url: "https://huggingface.co/papers/date/2026-11-20", tab: { id: 1 } };
const leave = (browser, fields = {}) => browser.ask(FROM_PAGE.pageLeft, fields, LEFT);

const arriveFrom = (browser, tab, referrer, paper = PAPER) =>
  browser.ask(
    FROM_PAGE.eventLog,
    { event: event("open", paper, { surface: "paper_page", page: "paper" }), referrer },
    paperPage(tab, paper),
  );

test("a paper that a page of ours went to by itself is not opened by the reader", async () => {
  const browser = await pairedBrowser();
  await leave(browser, { paper: PAPER });
  await browser.pass(3_000);
  expect((await arrive(browser, 1)).queued).toBe(false);
  expect(await opens(browser)).toEqual([]);
});

test("what was gone to by itself hinders no other paper, no other tab, and not for long", async () => {
  const browser = await pairedBrowser();
  await leave(browser, { paper: PAPER });
  await arrive(browser, 1, "2501.00002");
  await arrive(browser, 2, PAPER);
  await browser.pass(61_000);
  await browser.pass(61_000);
  await arrive(browser, 1, PAPER);
  expect((await opens(browser)).map(({ paper }) => paper)).toEqual(["2501.00002", PAPER, PAPER]);
});

test("a click that was told counts, though the page then goes there by itself", async () => {
  const browser = await pairedBrowser();
  await click(browser);
  await leave(browser, { paper: PAPER });
  await browser.pass(3_000);
  await arrive(browser, 1);
  expect(await opens(browser)).toMatchObject([{ surface: "card" }]);
});

test("where nobody knows where a page went, only one that came from it is held to be its doing", async () => {
  const browser = await pairedBrowser();
  await leave(browser);
  await arriveFrom(browser, 1, LEFT.url);
  // Typed, or a bookmark; or a link on another site.
  await arriveFrom(browser, 1, "", "2501.00002");
  await arriveFrom(browser, 1, "https://news.example.org/papers", "2501.00003");
  expect((await opens(browser)).map(({ paper }) => paper)).toEqual(["2501.00002", "2501.00003"]);
});
