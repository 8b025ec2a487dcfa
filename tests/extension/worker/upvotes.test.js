import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);

const upvote = (browser, upvoted) =>
  browser.ask(FROM_PAGE.upvoteChanged, { upvoted, event: event(upvoted ? "save" : "unsave", PAPER) });

const kinds = (browser) => browser.server.events.map(({ kind }) => kind);

test("an upvote saves, and taking it back takes back only that save", async () => {
  const browser = await pairedBrowser();
  expect((await upvote(browser, true)).marks[PAPER].saved).toBe(true);
  await browser.pass(2_000);
  expect((await upvote(browser, false)).marks[PAPER].saved).toBe(false);
  await browser.pass(2_000);
  expect(kinds(browser)).toEqual(["save", "unsave"]);
});

test("an upvote of a saved paper is no second save, and taking it back leaves the reader's own", async () => {
  const browser = await pairedBrowser();
  await log(browser, "save");
  await browser.pass(300);
  await upvote(browser, true);
  await upvote(browser, false);
  await browser.pass(2_000);
  expect(kinds(browser)).toEqual(["save"]);
});

test("a save pressed after an upvote's was taken back is the reader's own", async () => {
  const browser = await pairedBrowser();
  await upvote(browser, true);
  await log(browser, "unsave");
  await log(browser, "save");
  await upvote(browser, false);
  await browser.pass(2_000);
  expect(kinds(browser)).toEqual(["save", "unsave", "save"]);
});

test("with that setting off an upvote is no save", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.preferencesSet, { upvote_is_save: false });
  await upvote(browser, true);
  await browser.pass(2_000);
  expect(kinds(browser)).toEqual([]);
});

test("each upvote seen on the site is offered once, and imported without what is saved already", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser, { cards: cards.map((card) => ({ ...card, upvoted: true })) });
  await log(browser, "save");
  expect((await own(browser, FROM_OWN.status)).status.upvotes).toBe(2);
  expect((await own(browser, FROM_OWN.upvotesImport, { accept: true })).saved).toBe(1);
  await browser.pass(300);
  expect(browser.server.events.map(({ paper }) => paper).sort()).toEqual(cards.map(({ id }) => id));
  await tellCards(browser, { cards: cards.map((card) => ({ ...card, upvoted: true })) });
  expect((await own(browser, FROM_OWN.status)).status.upvotes).toBe(0);
});

const upvotedCards = (...ids) => ids.map((id) => ({ id: `2501.0000${id}`, title: `Title of ${id}`, upvoted: true }));
const offered = async (browser) => (await own(browser, FROM_OWN.status)).status.upvotes;

test.each([true, false])(
  "when there are more, those are offered, whatever the answer was before (%s)",
  async (accept) => {
    const browser = await pairedBrowser();
    await tellCards(browser, { cards: upvotedCards(1, 2) });
    await own(browser, FROM_OWN.upvotesImport, { accept });
    await tellCards(browser, { cards: upvotedCards(1, 2, 3) });
    expect(await offered(browser)).toBe(1);
    expect((await own(browser, FROM_OWN.upvotesImport, { accept: true })).saved).toBe(1);
    await tellCards(browser, { cards: upvotedCards(1, 2, 3) });
    expect(await offered(browser)).toBe(0);
  },
);

test("an upvote that was a save at once is not offered later", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser, { cards: upvotedCards(4) });
  await own(browser, FROM_OWN.upvotesImport, { accept: false });
  await upvote(browser, true);
  await tellCards(browser, { cards: upvotedCards(1, 4) });
  expect(await offered(browser)).toBe(0);
});
