import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const recommend = (browser) => browser.ask(FROM_OWN.recommend, { limit: 5 }, OWN);

test("recommendations bring the marks of the papers that their reasons name", async () => {
  const browser = await pairedBrowser();
  const { items } = await recommend(browser);
  const named = items.flatMap(({ reasons }) => reasons.flatMap(({ paper }) => paper ?? []))[0];
  await browser.ask(FROM_PAGE.eventLog, { event: event("save", named) });
  expect((await recommend(browser)).marks[named]).toMatchObject({ saved: true });
  expect(browser.server.requests.at(-1).path).toBe("/v1/recommendations?limit=5");
});

test("with the server silent the last list stands in, and says from when it is", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = () => reply(503, "");
  expect((await recommend(browser)).ok).toBe(false);
  browser.server.mood = () => undefined;
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: "2501.00001" }] });
  browser.server.mood = () => reply(503, "");
  const { items, fetched_at } = await recommend(browser);
  expect(items.length).toBeGreaterThan(0);
  expect(fetched_at).toBe(Date.now());
});

test("a search is sent as it was typed", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_OWN.search, { q: "kv cache & more" }, OWN);
  expect(browser.server.requests.at(-1).path).toBe("/v1/papers?q=kv%20cache%20%26%20more");
});

test("similar papers come with what was done with them, and one that the server does not know is told", async () => {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.eventLog, { event: event("save", "2401.00002") });
  const found = await browser.ask(FROM_PAGE.similar, { paper: "2401.00001" });
  expect(browser.server.requests.at(-1).path).toBe("/v1/papers/2401.00001/similar?limit=8");
  expect(found.items[0].paper).toMatchObject({ id: "2401.00002", abstract: null });
  expect(found.marks["2401.00002"]).toMatchObject({ saved: true });
  const error = { code: "paper_not_found", message: "No paper hep-th/9901001 is known here.", field: "id" };
  browser.server.mood = () => reply(404, { error });
  const unknown = await browser.ask(FROM_PAGE.similar, { paper: "hep-th/9901001" });
  expect(browser.server.requests.at(-1).path).toBe("/v1/papers/hep-th%2F9901001/similar?limit=8");
  expect(unknown.error.message).toBe("The server does not know this paper yet.");
  expect((await browser.ask(FROM_PAGE.similar, { paper: "../me" })).ok).toBe(false);
});
