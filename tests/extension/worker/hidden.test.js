import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";
const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const log = (browser, one) => browser.ask(FROM_PAGE.eventLog, { event: one });
const hidden = async (browser) => (await own(browser, FROM_OWN.hiddenList)).papers;

test("hidden papers are listed by name and can be shown again", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, {
    site: "huggingface",
    page_kind: "daily",
    page: "daily",
    cards: [{ id: PAPER, title: "One" }],
  });
  await browser.ask(FROM_PAGE.eventLog, { event: event("hide", PAPER), card: { id: PAPER, title: "One" } });
  // A recommendation has no card on the page; its name is in the list.
  await log(browser, event("hide", "2401.00002", { surface: "panel" }));
  const { papers } = await own(browser, FROM_OWN.hiddenList);
  expect(papers).toEqual([
    { id: "2401.00002", title: "A cache of keys and values that forgets" },
    { id: PAPER, title: "One" },
  ]);
  await own(browser, FROM_OWN.act, { kind: "unhide", paper: PAPER });
  expect((await own(browser, FROM_OWN.hiddenList)).papers).toHaveLength(1);
});

test("what another browser hid is listed by name, the latest first, and what it showed again is not", async () => {
  const states = { 2501.00008: { opened_at: null, saved: false, hidden: true } };
  const browser = await pairedBrowser({ states });
  browser.server.titles = { 2501.00006: "Six", 2501.00007: "Seven" };
  browser.server.events.push(
    event("hide", "2501.00006"),
    event("hide", "2501.00008"),
    event("hide", "2501.00007"),
    event("unhide", "2501.00008"),
  );
  expect(await hidden(browser)).toEqual([
    { id: "2501.00007", title: "Seven" },
    { id: "2501.00006", title: "Six" },
  ]);
  browser.server.requests.length = 0;
  await hidden(browser);
  expect(browser.server.requests.map(({ path }) => path.split("?")[0])).toEqual(["/v1/me/events"]);
});

test("with the server silent, or this browser not paired, what is known here is listed", async () => {
  const states = { [PAPER]: { opened_at: null, saved: false, hidden: true } };
  const browser = await pairedBrowser({ states });
  browser.server.mood = () => reply(503, "");
  expect(await hidden(browser)).toEqual([{ id: PAPER, title: PAPER }]);
  browser.server.requests.length = 0;
  await hidden(browser);
  expect(browser.server.requests).toEqual([]);
  await browser.store({ token: "" });
  expect(await hidden(browser)).toEqual([{ id: PAPER, title: PAPER }]);
});

test("a server that does not answer at all holds the list up for moments only", async () => {
  const browser = await pairedBrowser({ states: { [PAPER]: { opened_at: null, saved: false, hidden: true } } });
  browser.server.mood = () => new Promise(() => {});
  const asked = hidden(browser);
  await browser.pass(3_500);
  expect(await asked).toEqual([{ id: PAPER, title: PAPER }]);
});

test("of a log that takes long to tell, what was told in time counts", async () => {
  const browser = await pairedBrowser({ states: { [PAPER]: { opened_at: null, saved: false, hidden: true } } });
  const page = { items: [event("hide", "2501.00005")], next: "older" };
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/me/events") ? new Promise((go) => setTimeout(() => go(reply(200, page)), 600)) : undefined;
  const asked = hidden(browser);
  await browser.pass(3_500);
  expect((await asked).map(({ id }) => id)).toEqual(["2501.00005", PAPER]);
});

test("of a log told in part, what this browser knows of older papers stays", async () => {
  const states = {
    [PAPER]: { opened_at: null, saved: false, hidden: true },
    2501.00002: { opened_at: null, saved: false, hidden: true },
  };
  const browser = await pairedBrowser({ states });
  const told = event("unhide", "2501.00002");
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/me/events")
      ? path.includes("cursor")
        ? reply(503, "")
        : reply(200, { items: [told], next: "older" })
      : undefined;
  expect(await hidden(browser)).toEqual([{ id: PAPER, title: PAPER }]);
});
