import { afterEach, expect, test, vi } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { Browser, LISTING, OWN, Server, end, event, pairedBrowser, reply, settle } from "../browser-kit.js";

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
const upvote = (browser, upvoted) =>
  browser.ask(FROM_PAGE.upvoteChanged, { upvoted, event: event(upvoted ? "save" : "unsave", PAPER) });
const kinds = (browser) => browser.server.events.map(({ kind }) => kind);
const silent = () => reply(503, "");

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

test("before pairing nothing is sent and nothing is kept", async () => {
  const browser = await pairedBrowser({ token: "" });
  expect((await tellCards(browser)).view).toMatchObject({ state: "unpaired", list: null });
  expect((await log(browser, "save")).queued).toBe(false);
  await browser.pass(5_000);
  await browser.alarm();
  expect(browser.server.requests).toEqual([]);
  expect(browser.local.queue ?? []).toEqual([]);
});

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

test("unsent words lie over what the server said", async () => {
  const server = new Server();
  const states = { [PAPER]: { opened_at: null, saved: true, hidden: false } };
  const browser = await pairedBrowser({ server, states });
  server.mood = silent;
  await log(browser, "unsave");
  const { marks } = await log(browser, "open");
  expect(marks[PAPER]).toMatchObject({ saved: false, opened_at: expect.any(String), pending: true });
});

test("states of five thousand papers are kept, the longest untouched forgotten first", async () => {
  const states = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, at) => [
      `2401.${String(at).padStart(5, "0")}`,
      { opened_at: null, saved: true, hidden: false },
    ]),
  );
  const browser = await pairedBrowser({ states });
  await log(browser, "save");
  await browser.pass(300);
  expect(Object.keys(browser.local.states)).toHaveLength(5_000);
  expect(browser.local.states["2401.00000"]).toBe(undefined);
  expect(browser.local.states[PAPER].saved).toBe(true);
});

test("a save in one tab is seen in the others at once", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await tellCards(browser, {}, { ...LISTING, tab: { id: 2 } });
  await settle();
  browser.heard.length = 0;
  await log(browser, "save");
  expect(browser.heard.filter(({ tab }) => tab === 1)).toEqual([]);
  expect(browser.heard.find(({ tab }) => tab === 2).view.marks[PAPER]).toMatchObject({ saved: true });
});

test("the first three saves change what is recommended at once, later ones with the next visit", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  for (let save = 1; save <= 5; save++) {
    await log(browser, "save", `2502.0000${save}`);
    await browser.pass(300);
  }
  expect(browser.server.sent("/v1/rank")).toHaveLength(1 + 3);
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

test("the five hundredth paper of a list has its mark, and the server ranks what it ranks", async () => {
  const browser = await pairedBrowser();
  const many = Array.from({ length: 500 }, (_, at) => ({ id: `2503.${String(at + 1).padStart(5, "0")}` }));
  await tellCards(browser, { cards: many });
  expect(browser.server.sent("/v1/rank")[0].body.papers).toHaveLength(250);
  await log(browser, "save", "2503.00500");
  await browser.pass(300);
  expect((await view(browser)).marks["2503.00500"]).toMatchObject({ saved: true });
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

test("a page hears that what waited was taken", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  browser.local.states = Object.fromEntries(
    [1, 2, 3, 4].map((at) => [`2504.0000${at}`, { opened_at: null, saved: true, hidden: false }]),
  );
  expect((await log(browser, "save")).marks[PAPER].pending).toBe(true);
  await browser.pass(300);
  expect(browser.heard.filter(({ tab }) => tab === 1).at(-1)?.view.marks[PAPER]).toEqual({
    opened_at: null,
    saved: true,
    hidden: false,
  });
});

test("a page that lists nothing gets its recommendations from the server too, here and on the next visit", async () => {
  const browser = await pairedBrowser();
  const told = await tellCards(browser, { page: "daily/2026-07-04", cards: [] });
  expect(browser.server.sent("/v1/rank").at(-1).body).toMatchObject({ page: "daily/2026-07-04", papers: [] });
  expect(told.view.list).toMatchObject({ cards: [], stale: false });
  const again = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-07-04" });
  expect(again.view.list.list_id).toBe(told.view.list.list_id);
});

test("two pages that tell their cards at the same moment are both remembered", async () => {
  const browser = await pairedBrowser();
  await Promise.all([1, 2, 3].map((id) => tellCards(browser, {}, { ...LISTING, tab: { id } })));
  expect(Object.keys(browser.session.pages)).toEqual(["1", "2", "3"]);
  browser.life.tell("untab", 2);
  await settle();
  expect(Object.keys(browser.session.pages)).toEqual(["1", "3"]);
});

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

test("upvotes seen on the site are offered once, and imported without what is saved already", async () => {
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

test("paused, nothing is logged or asked, pages are told, and the icon is pale", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await own(browser, FROM_OWN.pause, { scope: "all", on: true });
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("paused");
  expect(browser.icon[16]).toContain("paused");
  const asked = browser.server.requests.length;
  await log(browser, "open");
  await tellCards(browser);
  await browser.pass(3_000);
  expect(browser.server.requests).toHaveLength(asked);
  await own(browser, FROM_OWN.pause, { scope: "all", on: false });
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("ready");
});

test("the icon over a tab of a paused site is pale, over the others it is not", async () => {
  const browser = await pairedBrowser();
  const arxiv = { id: "us", url: "https://arxiv.org/list/cs.LG/new", tab: { id: 2 } };
  await tellCards(browser);
  await tellCards(browser, { site: "arxiv", page: "list" }, arxiv);
  await own(browser, FROM_OWN.pause, { scope: "site", site: "arxiv", on: true });
  await settle();
  expect(
    [browser.icon[16], browser.tabIcons.get(1)[16], browser.tabIcons.get(2)[16]].map((path) => path.includes("paused")),
  ).toEqual([false, false, true]);
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

test("a pause of an hour ends by itself, and pages and icon hear of it", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await own(browser, FROM_OWN.pause, { scope: "hour", on: true });
  await browser.pass(1_000);
  expect((await view(browser)).state).toBe("paused");
  vi.setSystemTime(Date.now() + 3_600_000);
  await browser.alarm();
  expect(browser.local.pauses).toEqual({});
  expect(browser.heard.at(-1).view.state).toBe("ready");
  expect(browser.icon[16]).not.toContain("paused");
});

test("a pause on one site leaves the other alone", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.preferencesSet, { sites: { arxiv: true } });
  await own(browser, FROM_OWN.pause, { scope: "site", site: "arxiv", on: true });
  const arxiv = { ...LISTING, url: "https://arxiv.org/list/cs.LG/new", tab: { id: 3 } };
  expect((await view(browser, arxiv)).state).toBe("paused");
  expect((await view(browser)).state).toBe("ready");
  expect((await log(browser, "open", PAPER, arxiv)).queued).toBe(false);
  expect((await log(browser, "open", PAPER)).queued).toBe(true);
});

test("logging only what is pressed leaves opens and impressions out; off shows nothing", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.preferencesSet, { capture: "manual" });
  expect((await log(browser, "open")).queued).toBe(false);
  expect((await log(browser, "save")).queued).toBe(true);
  await own(browser, FROM_OWN.preferencesSet, { capture: "off" });
  expect((await view(browser)).state).toBe("off");
  expect((await log(browser, "save", "2501.00002")).queued).toBe(false);
});

test("a site that a lab left out is off and stays off", async () => {
  const browser = await pairedBrowser();
  await browser.rule({ serverUrl: "https://papers.example.org", sites: ["arxiv"] });
  await own(browser, FROM_OWN.preferencesSet, { sites: { huggingface: true } });
  expect((await view(browser)).state).toBe("off");
  expect((await own(browser, FROM_OWN.status)).status.managed.serverUrl).toBe("https://papers.example.org");
});

test("no page waits for a browser that does not know its policies yet; what comes late is pushed", async () => {
  const browser = new Browser();
  browser.local = { serverUrl: "http://127.0.0.1:8765", token: "token" };
  let know;
  browser.policies = new Promise((go) => (know = go));
  browser.managed = { sites: ["arxiv"] };
  await browser.start();
  const told = tellCards(browser);
  await new Promise((go) => setTimeout(go, 1_500));
  expect((await told).view.state).toBe("ready");
  know();
  await settle();
  expect(browser.heard.at(-1).view.state).toBe("off");
});

test("until the browser knows its policies, those of its last run count", async () => {
  const browser = new Browser();
  browser.local = { serverUrl: "http://127.0.0.1:8765", token: "token" };
  await browser.start();
  await browser.rule({ sites: ["arxiv"] });
  browser.session = {};
  browser.policies = new Promise(() => {});
  await browser.start();
  expect((await view(browser)).state).toBe("off");
  expect((await log(browser, "save")).queued).toBe(false);
});

test("a page that has changed is reported once and shown as left alone", async () => {
  const browser = await pairedBrowser();
  const answer = await browser.ask(FROM_PAGE.reportDrift, {
    site: "huggingface",
    page_kind: "daily",
    page: PAGE,
    seen: 3,
    expected: 40,
  });
  expect(answer.view.state).toBe("drift");
  expect(browser.server.sent("/v1/client-reports")[0].body).toEqual({
    kind: "drift",
    site: "huggingface",
    page_kind: "daily",
    seen: 3,
    expected: 40,
    version: "0.1.0",
  });
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.state).toBe("drift");
});

test("a tab that has gone on to another page is no longer said to be a listing", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.here.page).toBe(PAGE);
  browser.closedTabs.add(1);
  expect((await own(browser, FROM_OWN.status, { tab: 1 })).status.here).toBe(null);
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

test("another server's states and lists are not this one's, whoever wrote the address", async () => {
  const browser = await pairedBrowser();
  await tellCards(browser);
  await browser.store({ serverUrl: "https://papers.example.org" });
  expect(browser.local.lists).toEqual({});
});
