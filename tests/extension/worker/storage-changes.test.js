import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, end, event, pairedBrowser, settle } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

test("a page hears that what waited was taken", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  browser.local.states = Object.fromEntries(
    [1, 2, 3, 4].map((at) => [`2504.0000${at}`, { opened_at: null, saved: true, hidden: false }]),
  );
  expect((await log(browser, "save")).marks[PAPER].pending).toBe(true);
  await browser.pass(300);
  expect(browser.heard.filter(({ tab }) => tab === 1).at(-1)?.view.marks[PAPER]).toEqual({
    opened_at: null,
    saved: true,
    hidden: false,
  });
});

test("another server's states and lists are not this one's, whoever wrote the address", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await browser.store({ serverUrl: "https://papers.example.org" });
  expect(browser.local.lists).toEqual({});
});

test("an address or a token written from outside takes effect at once", async () => {
  const browser = await pairedBrowser({ serverUrl: "", token: "" });
  expect(browser.server.requests).toEqual([]);
  await browser.store({
    queue: [{ event: { id: "x", kind: "save", paper: "2501.00001", at: "2026-11-20T08:00:00Z" } }],
  });
  await browser.store({ serverUrl: "http://127.0.0.1:8765", token: "token" });
  await settle();
  expect(browser.server.ids()).toEqual(["x"]);
});
