import { afterEach, expect, test } from "vitest";
import { FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, end, event, example, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const PAGE = "daily/2026-11-20";
const PAPER = "2501.00001";
const cards = [PAPER, "2501.00002"].map((id) => ({ id, title: `Title of ${id}` }));

const tellCards = (browser, more = {}, sender = LISTING) =>
  browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards, ...more }, sender);

const log = (browser, kind, paper = PAPER, sender = LISTING) =>
  browser.ask(FROM_PAGE.eventLog, { event: event(kind, paper) }, sender);

const { response } = example("GET /v1/recommendations");

const brought = ["2503.00001", "2503.00002"].map((id) => ({
  ...response.items[0],
  paper: { ...response.items[0].paper, id },
}));

async function browserWithMore() {
  const browser = await pairedBrowser();
  await browser.ask(FROM_PAGE.pageCards, { site: "huggingface", page_kind: "daily", page: PAGE, cards });
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/recommendations") ? reply(200, { ...response, list_id: "L-more", items: brought }) : undefined;
  return browser;
}

test("an answer that was under way while a save went out does not unmark it", async () => {
  const browser = await pairedBrowser();
  let answer;
  browser.server.mood = ({ path }) => (path === "/v1/rank" ? new Promise((go) => (answer ??= go)) : undefined);
  const told = tellCards(browser);
  await settle();
  const old = browser.server.rank(cards);
  await log(browser, "save");
  await browser.pass(300);
  answer(reply(200, old));
  expect((await told).view.marks[PAPER].saved).toBe(true);
});

test("two searches, or two categories, keep a list each", async () => {
  const browser = await pairedBrowser();
  const tab = (id) => ({ ...LISTING, tab: { id } });
  const tell = (id, papers) =>
    tellCards(browser, { page: "search", page_kind: "search", cards: papers.map((paper) => ({ id: paper })) }, tab(id));
  await tell(1, [PAPER, "2501.00002"]);
  const other = await tell(2, ["2501.00003", "2501.00004"]);
  expect(other.view.list.cards.map(({ id }) => id)).toEqual(["2501.00003", "2501.00004"]);
  browser.heard.length = 0;
  await log(browser, "save", "2501.00003", tab(2));
  await browser.pass(300);
  const pushed = browser.heard.filter(({ tab }) => tab === 1).at(-1).view;
  expect(pushed.list.cards.map(({ id }) => id)).toEqual([PAPER, "2501.00002"]);
});

test("more recommendations join the list, each paper once", async () => {
  const browser = await pairedBrowser();
  const { view: first } = await tellCards(browser);
  const { list } = await browser.ask(FROM_PAGE.more, { page: PAGE });
  expect(list.recommended.map(({ paper }) => paper.id)).toEqual(first.list.recommended.map(({ paper }) => paper.id));
  expect(browser.server.requests.at(-1).path).toContain(`exclude=${first.list.recommended[0].paper.id}`);
});

test("an answer without what the contract promises is no list", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = ({ path }) => (path === "/v1/rank" ? reply(200, { hello: "world" }) : undefined);
  expect((await tellCards(browser)).view).toMatchObject({ state: "offline", list: null });
});

test("more recommendations asked for twice at once join the list once", async () => {
  const browser = await browserWithMore();
  await Promise.all([1, 2].map(() => browser.ask(FROM_PAGE.more, { page: PAGE })));
  const [{ recommended }] = Object.values(browser.local.lists);
  expect(recommended.map(({ paper }) => paper.id).filter((id) => id.startsWith("2503"))).toEqual([
    "2503.00001",
    "2503.00002",
  ]);
});

test("what an answer brought later cites that answer, not the page's own", async () => {
  const browser = await browserWithMore();
  const { list } = await browser.ask(FROM_PAGE.more, { page: PAGE });
  const citing = list.recommended.map(({ list_id = list.list_id }) => list_id);
  expect(new Set(citing)).toEqual(new Set([list.list_id, "L-more"]));
  expect(citing.slice(-2)).toEqual(["L-more", "L-more"]);
});
