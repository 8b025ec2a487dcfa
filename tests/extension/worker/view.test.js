import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, end, event, pairedBrowser, reply } from "../browser-kit.js";

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
const silent = () => reply(503, "");

test("with the server dead the marks stay and the last list is shown as old", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await log(browser, "save");
  await browser.pass(300);
  browser.server.mood = silent;
  const { view: now } = await tellCards(browser);
  expect(now).toMatchObject({ state: "offline", list: { stale: true }, marks: { [PAPER]: { saved: true } } });
});

test("a page never ranked shows the last list of another one while the server is silent, without what it lists itself", async () => {
  const browser = await pairedBrowser();
  const { view: before } = await tellCards(browser);
  browser.server.mood = silent;
  const [first, ...others] = before.list.recommended.map(({ paper }) => paper.id);
  const told = await tellCards(browser, {
    page: "daily/2026-11-21",
    cards: [...cards, { id: first, title: "Listed now" }],
  });
  expect(told.view).toMatchObject({ state: "offline", list: { stale: true, cards: [] } });
  expect(told.view.list.recommended.map(({ paper }) => paper.id)).toEqual(others);
  browser.server.mood = () => undefined;
});

test("a paper that a reason names brings its mark, wherever it was saved", async () => {
  const browser = await pairedBrowser();
  const named = (await tellCards(browser)).view.list.recommended.flatMap(({ reasons }) =>
    reasons.flatMap(({ paper }) => paper ?? []),
  );
  const elsewhere = named.find((paper) => !cards.some(({ id }) => id === paper));
  await log(browser, "save", elsewhere);
  expect((await view(browser)).marks[elsewhere]).toMatchObject({ saved: true });
});

test("what was hidden or saved since is not recommended from the last list, but stays where it is shown", async () => {
  const browser = await pairedBrowser();
  const { list } = (await tellCards(browser)).view;
  const [first, ...others] = list.recommended.map(({ paper }) => paper.id);
  await log(browser, "hide", first, { ...LISTING, tab: { id: 2 } });
  expect(
    browser.heard
      .filter(({ tab }) => tab === 1)
      .at(-1)
      .view.list.recommended.map(({ paper }) => paper.id),
  ).toEqual([first, ...others]);
  browser.server.mood = silent;
  expect((await tellCards(browser)).view.list.recommended.map(({ paper }) => paper.id)).toEqual(others);
  expect((await own(browser, FROM_OWN.recommend)).items.map(({ paper }) => paper.id)).toEqual(others);
});
