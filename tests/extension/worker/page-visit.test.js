import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, reply, settle } from "../browser-kit.js";

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

test("the cards of a page are ranked, and the list is there for the next first paint", async () => {
  const browser = await pairedBrowser();
  const told = await tellCards(browser);
  expect(told.view).toMatchObject({
    state: "ready",
    list: { stale: false, cards: [{ id: PAPER }, { id: "2501.00002" }] },
  });
  expect(browser.server.sent("/v1/rank")[0].body).toMatchObject({ page: PAGE, papers: cards });
  const asked = browser.server.requests.length;
  expect((await view(browser)).list.list_id).toBe(told.view.list.list_id);
  expect(browser.server.requests).toHaveLength(asked);
});

test("a slow server does not hold the page up: the list is pushed when it comes", async () => {
  const browser = await pairedBrowser();
  let answer;
  browser.server.mood = ({ path }) => (path === "/v1/rank" ? new Promise((go) => (answer = go)) : undefined);
  const told = tellCards(browser);
  await browser.pass(2_600);
  expect((await told).view.list).toBe(null);
  browser.server.mood = () => undefined;
  answer(reply(200, browser.server.rank(cards)));
  await settle();
  expect(browser.heard.at(-1)).toMatchObject({ tab: 1, type: "view/changed", view: { list: { stale: false } } });
});

test("a page that lists nothing gets its recommendations from the server too, here and on the next visit", async () => {
  const browser = await pairedBrowser();
  const told = await tellCards(browser, { page: "daily/2026-07-04", cards: [] });
  expect(browser.server.sent("/v1/rank").at(-1).body).toMatchObject({ page: "daily/2026-07-04", papers: [] });
  expect(told.view.list).toMatchObject({ cards: [], stale: false });
  const again = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-07-04" });
  expect(again.view.list.list_id).toBe(told.view.list.list_id);
});

test("the five hundredth paper of a list has its mark, and the server ranks what it ranks", async () => {
  const browser = await pairedBrowser();
  const many = Array.from({ length: 500 }, (_, at) => ({ id: `2503.${String(at + 1).padStart(5, "0")}` }));
  await tellCards(browser, { cards: many });
  expect(browser.server.sent("/v1/rank")[0].body.papers).toHaveLength(250);
  await log(browser, "save", "2503.00500");
  await browser.pass(300);
  expect((await view(browser)).marks["2503.00500"]).toMatchObject({ saved: true });
});

test("a page that was loaded while all was paused hears that it goes on", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.pause, { scope: "all", on: true });
  expect((await view(browser)).state).toBe("paused");
  await own(browser, FROM_OWN.pause, { scope: "all", on: false });
  await settle();
  expect(browser.heard.at(-1)).toMatchObject({ tab: 1, view: { state: "ready" } });
});

test("a page that has changed is left alone from the beginning, until it is read again", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.reportDrift, {
    site: "huggingface",
    page_kind: "daily",
    page: PAGE,
    seen: 3,
    expected: 50,
  });
  await browser.start();
  expect((await view(browser)).state).toBe("drift");
  expect(await browser.ask(FROM_PAGE.pageRoom)).toMatchObject({ state: "drift", room: null });
  expect((await tellCards(browser)).view.state).toBe("ready");
  expect((await view(browser)).state).toBe("ready");
  expect(await browser.ask(FROM_PAGE.pageRoom)).toMatchObject({ state: "ready", room: "full" });
});
