import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const DAILY = "daily/2026-11-20";
const cards = ["2501.00001", "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));
const open = (browser, tab, page) =>
  browser.ask(FROM_PAGE.pageCards, { page, cards }, { ...LISTING, tab: { id: tab } });

/** Two tabs with one page and a third with another, where something sent was then deleted. */
async function browserThatForgot(mood = () => undefined) {
  const browser = await pairedBrowser();
  for (const [tab, page] of [DAILY, DAILY, "trending"].entries()) await open(browser, tab + 1, page);
  const save = event("save", "2501.00009");
  await browser.ask(FROM_PAGE.eventLog, { event: save });
  await browser.pass(300);
  browser.server.requests.length = browser.heard.length = 0;
  browser.server.mood = mood;
  await browser.ask(FROM_OWN.ledgerDelete, { ids: [save.id] }, OWN);
  return browser;
}

test("each list is ranked once, by its papers' ids, and pushed to every tab that shows it", async () => {
  const browser = await browserThatForgot();
  const ids = cards.map(({ id }) => ({ id }));
  expect(browser.server.sent("/v1/rank").map(({ body: { page, papers } }) => [page, papers])).toEqual([
    [DAILY, ids],
    ["trending", ids],
  ]);
  expect(new Set(browser.heard.map(({ tab }) => tab))).toEqual(new Set([1, 2, 3]));
});

test("a list that the server will not rank holds up no other", async () => {
  const refusal = { error: { code: "invalid", message: "Not this page." } };
  const browser = await browserThatForgot(({ path, body }) =>
    path === "/v1/rank" && body.page === DAILY ? reply(422, refusal) : undefined,
  );
  expect(browser.server.sent("/v1/rank").map(({ body }) => body.page)).toEqual([DAILY, "trending"]);
  expect(browser.heard.findLast(({ tab }) => tab === 1).view.message).toBe("Not this page.");
  expect(browser.heard.findLast(({ tab }) => tab === 3).view.message).toBe(undefined);
});
