import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, example, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const cards = ["2501.00001", "2501.00002"].map((id) => ({ id, title: `Title of ${id}`, abstract: "An abstract." }));
const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);
const view = async (browser) => (await browser.ask(FROM_PAGE.pageView, { page: PAGE })).view;
/** A copy of the library that is not due to be fetched again. */
const library = { entries: [], fetched_at: Date.parse("2026-11-20T08:00:00Z"), more: false };
const limited = () => reply(429, { error: { code: "rate_limited", message: "Later." } });
const silent = () => reply(503, "");
const heal = (browser) => void (browser.server.mood = () => undefined);

/** The minutes go by, with the browser's alarm at the end of each. */
async function minutes(browser, count) {
  for (let minute = 0; minute < count; minute++) {
    await browser.pass(60_000);
    await browser.alarm();
  }
}

test("a page that says the server does not answer hears by itself that it does again", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  browser.server.mood = silent;
  await browser.ask(FROM_OWN.search, { q: "caches" }, OWN);
  expect((await view(browser)).state).toBe("offline");
  heal(browser);
  await minutes(browser, 1);
  expect(browser.heard.at(-1).view.state).toBe("ready");
});

test("what was not ranked for a silent server is ranked once it answers, with its texts", async () => {
  const browser = await pairedBrowser({ library });
  browser.server.mood = silent;
  expect((await tellCards(browser)).view).toMatchObject({ state: "offline", list: null });
  heal(browser);
  browser.server.requests.length = 0;
  await minutes(browser, 1);
  expect(browser.server.requests.map(({ path }) => path)).toEqual(["/v1/rank"]);
  expect(browser.server.requests[0].body.papers).toEqual(cards);
  expect(browser.heard.at(-1).view).toMatchObject({ state: "ready", list: { stale: false } });
});

test("with no page open, paused, or no longer paired, nobody asks whether the server is back", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = silent;
  await browser.ask(FROM_OWN.search, { q: "caches" }, OWN);
  browser.server.requests.length = 0;
  await minutes(browser, 3);
  await tellCards(browser);
  await browser.ask(FROM_OWN.pause, { scope: "all", on: true }, OWN);
  browser.server.requests.length = 0;
  await minutes(browser, 3);
  await browser.store({ pauses: {}, connection: { health: "revoked", failures: 1, retry_at: 0 } });
  browser.server.requests.length = 0;
  await minutes(browser, 3);
  expect(browser.server.requests).toEqual([]);
});

test("with all well nothing is asked, however long a page is open", async () => {
  const browser = await pairedBrowser({ library });
  await tellCards(browser);
  browser.server.requests.length = 0;
  await minutes(browser, 3);
  expect(browser.server.requests).toEqual([]);
});

test("a server that stays silent is asked ever more rarely, once a time", async () => {
  const browser = await pairedBrowser({ connection: { health: "offline", failures: 12, retry_at: 0 } });
  browser.server.mood = silent;
  await tellCards(browser);
  browser.server.requests.length = 0;
  await minutes(browser, 10);
  expect(browser.server.requests.length).toBeGreaterThanOrEqual(2);
  expect(browser.server.requests.length).toBeLessThanOrEqual(5);
});

test("a page that the server was too busy to rank says so, and is ranked later by itself", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser, { page: "trending" }, { ...LISTING, tab: { id: 2 } });
  browser.server.mood = limited;
  expect((await tellCards(browser)).view).toMatchObject({ state: "ready", list: null, message: "Later." });
  // The list of another page is as good as it was.
  expect(
    (await browser.ask(FROM_PAGE.pageView, { page: "trending" }, { ...LISTING, tab: { id: 2 } })).view.list.stale,
  ).toBe(false);
  heal(browser);
  await minutes(browser, 1);
  const pushed = browser.heard.filter(({ tab }) => tab === 1).at(-1).view;
  expect(pushed).toMatchObject({ state: "ready", list: { stale: false } });
  expect(pushed.message).toBe(undefined);
});

test.each([
  ["a sign-in page in between", () => reply(200, "<html>please sign in</html>"), /perhaps a sign-in page/],
  ["a server with a problem of its own", silent, /The server has a problem/],
])("%s is told as such, in the page and on our own pages", async (_, mood, words) => {
  const browser = await pairedBrowser();
  browser.server.mood = mood;
  expect((await tellCards(browser)).view).toMatchObject({ state: "offline", message: expect.stringMatching(words) });
  expect((await browser.ask(FROM_OWN.status, {}, OWN)).status.connection.message).toMatch(words);
});

test("a page that a server too old cannot rank says so, and is ranked once it is updated", async () => {
  const browser = await pairedBrowser();
  const { response } = example("GET /healthz");
  const old = {
    "/healthz": reply(200, { ...response, api: 0 }),
    "/v1/rank": reply(404, { error: { code: "not_found", message: "Nothing there." } }),
  };
  browser.server.mood = ({ path }) => old[path]?.clone();
  expect((await tellCards(browser)).view).toMatchObject({
    state: "offline",
    message: expect.stringContaining("update the server"),
  });
  await minutes(browser, 2);
  expect(browser.heard.every(({ view: { state } }) => state === "offline")).toBe(true);
  heal(browser);
  await minutes(browser, 2);
  expect(browser.heard.at(-1).view).toMatchObject({ state: "ready", list: { stale: false } });
});

test("that nothing answers has no sentence of its own but what is kept for later", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = () => {
    throw new TypeError("Failed to fetch");
  };
  expect((await tellCards(browser)).view.message).toBe(undefined);
  expect((await browser.ask(FROM_OWN.status, {}, OWN)).status.connection.message).toBe(undefined);
});

test("a page that the server refuses to rank says why, and is not asked about again and again", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = ({ path }) =>
    path === "/v1/rank" ? reply(422, { error: { code: "invalid", message: "Not these." } }) : undefined;
  expect((await tellCards(browser)).view).toMatchObject({ state: "ready", list: null, message: "Not these." });
  await minutes(browser, 3);
  expect(browser.server.sent("/v1/rank")).toHaveLength(1);
  await browser.ask(FROM_PAGE.eventLog, { event: event("save", "2501.00001") });
  expect((await view(browser)).message).toBe("Not these.");
});
