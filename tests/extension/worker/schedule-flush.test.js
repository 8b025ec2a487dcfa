import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

test("the first three saves change what is recommended at once, later ones with the next visit", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  for (let save = 1; save <= 5; save++) {
    await log(browser, "save", `2502.0000${save}`);
    await browser.pass(300);
  }
  expect(browser.server.sent("/v1/rank")).toHaveLength(1 + 3);
});

test("wanting less like a paper changes what is recommended at once, and so does taking it back", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  for (const kind of ["dislike", "undislike", "hide"]) {
    await log(browser, kind);
    await browser.pass(300);
  }
  expect(browser.server.sent("/v1/rank")).toHaveLength(1 + 2);
});
