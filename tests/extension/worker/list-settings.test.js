import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const SETTINGS = { personal: true, learn_for_others: false, freshness: 1, variety: 0, exploration: 2 };
const told = (browser, me) =>
  (browser.server.mood = ({ path, method }) => (path === "/v1/me" && method === "GET" ? reply(200, me) : undefined));

test("the settings of the lists are told, without the rest of what the server knows", async () => {
  const browser = await pairedBrowser();
  told(browser, { ...SETTINGS, feed_secret: "s", interests: [] });
  expect(await own(browser, FROM_OWN.listSettingsGet)).toEqual({ ok: true, settings: SETTINGS });
});

test.each([
  ["an older server", { interests: [] }],
  ["a weight that is none", { ...SETTINGS, variety: 7 }],
  ["a switch that is none", { ...SETTINGS, personal: "yes" }],
])("of %s nothing is shown", async (_, me) => {
  const browser = await pairedBrowser();
  told(browser, me);
  expect(await own(browser, FROM_OWN.listSettingsGet)).toEqual({ ok: true, settings: null });
});

test("a change is sent alone, and what is open is ranked anew", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: "2501.00001", title: "One" }] });
  browser.server.requests.length = 0;
  expect(await own(browser, FROM_OWN.listSettingsSet, { change: { variety: 1.5 } })).toEqual({ ok: true });
  expect(browser.server.requests.map(({ method, path, body }) => [method, path, body?.variety])).toEqual([
    ["PATCH", "/v1/me", 1.5],
    ["POST", "/v1/rank", undefined],
  ]);
});

test.each([{}, undefined, { operator: true }, { variety: 3 }, { variety: "1" }, { personal: 1 }, { variety: NaN }])(
  "the change %j is not sent",
  async (wanted) => {
    const browser = await pairedBrowser();
    expect((await own(browser, FROM_OWN.listSettingsSet, { change: wanted })).ok).toBe(false);
    expect(browser.server.sent("/v1/me")).toEqual([]);
  },
);
