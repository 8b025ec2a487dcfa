import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, SERVER, end, event, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const idOf = (at) => `2501.${String(at).padStart(5, "0")}`;
const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const list = (browser, refresh = true) => own(browser, FROM_OWN.libraryList, { refresh });
const idsOf = ({ entries }) => entries.map(({ id }) => id);
const silence = (browser) => (browser.server.mood = () => reply(503, ""));
const asked = (browser) => browser.server.sent("/v1/library").length;

/** A paired browser whose server knows so many saved papers, the first saved first. */
async function withSaved(count, local = {}) {
  const browser = await pairedBrowser(local);
  browser.server.events = Array.from({ length: count }, (_, at) => event("save", idOf(at)));
  return browser;
}

test("the library is fetched to its end, the newest first, and is there without the server", async () => {
  const browser = await withSaved(450);
  const { entries, more, silent } = await list(browser);
  expect([entries.length, entries[0].id, entries.at(-1).id, more, silent]).toEqual([
    450,
    idOf(449),
    idOf(0),
    false,
    undefined,
  ]);
  expect(asked(browser)).toBe(3);
  silence(browser);
  const later = await list(browser);
  expect(later.entries).toEqual(entries);
  expect([later.fetched_at, later.silent]).toEqual([
    Date.now(),
    "The server has a problem; what you do is kept and sent later.",
  ]);
  // What the popup draws first asks nobody.
  const before = asked(browser);
  expect(idsOf(await list(browser, false))).toHaveLength(450);
  expect(asked(browser)).toBe(before);
});

test("of a library without end the newest thousand are copied, and the server searches in the rest", async () => {
  const browser = await withSaved(1_150);
  const { entries, more } = await list(browser);
  expect([entries.length, entries[0].id, more]).toEqual([1_000, idOf(1_149), true]);
  const found = await own(browser, FROM_OWN.libraryFind, { q: idOf(7) });
  expect(idsOf(found)).toEqual([idOf(7)]);
});

test("a server that tells one page for ever is left after it", async () => {
  const browser = await pairedBrowser();
  const items = [{ paper: { id: idOf(1), title: "One" }, saved_at: "2026-11-19T08:00:00Z", tags: [] }];
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/library") ? reply(200, { items, next: "again" }) : undefined;
  expect(idsOf(await list(browser))).toEqual([idOf(1)]);
  expect(asked(browser)).toBe(2);
});

test("what waits, and what was sent since, is laid over the copy, with the names known here", async () => {
  const browser = await withSaved(2);
  await list(browser);
  silence(browser);
  await browser.ask(FROM_PAGE.eventLog, {
    event: event("save", idOf(9)),
    card: { id: idOf(9), title: "Nine", authors: ["Ada"] },
  });
  await own(browser, FROM_OWN.act, { kind: "unsave", paper: idOf(1) });
  const waiting = await list(browser);
  expect(waiting.entries.map(({ id, title, authors, waiting: isWaiting }) => [id, title, authors, isWaiting])).toEqual([
    [idOf(9), "Nine", ["Ada"], true],
    [idOf(0), `Title of ${idOf(0)}`, expect.any(Array), undefined],
  ]);
  browser.server.mood = ({ path }) => (path.startsWith("/v1/library") ? reply(503, "") : undefined);
  await own(browser, FROM_OWN.flush);
  const sent = await list(browser, false);
  expect(sent.entries.map(({ id, waiting: isWaiting }) => [id, isWaiting])).toEqual([
    [idOf(9), undefined],
    [idOf(0), undefined],
  ]);
});

test("a paper saved again is the newest", async () => {
  const browser = await withSaved(3);
  await list(browser);
  silence(browser);
  await own(browser, FROM_OWN.act, { kind: "save", paper: idOf(0) });
  expect(idsOf(await list(browser))).toEqual([idOf(0), idOf(2), idOf(1)]);
});

test("the copy is kept fresh by itself: once an hour, and some minutes after a save", async () => {
  const browser = await withSaved(1);
  await browser.alarm();
  expect(asked(browser)).toBe(1);
  expect(browser.local.library.entries).toHaveLength(1);
  await browser.alarm();
  expect(asked(browser)).toBe(1);
  await browser.ask(FROM_PAGE.eventLog, { event: event("save", idOf(5)) });
  await browser.pass(200);
  await browser.alarm();
  expect(asked(browser)).toBe(1);
  await browser.pass(300_000);
  await browser.alarm();
  expect(asked(browser)).toBe(2);
  await browser.pass(300_000);
  await browser.alarm();
  expect(asked(browser)).toBe(2);
  await browser.pass(3_600_000);
  await browser.alarm();
  expect(asked(browser)).toBe(3);
});

test("while the server is silent, or there is none, it is not asked again and again", async () => {
  const browser = await withSaved(1);
  silence(browser);
  await browser.alarm();
  const before = browser.server.requests.length;
  await browser.alarm();
  expect(browser.server.requests.length).toBe(before);
  await browser.store({ serverUrl: "", token: "" });
  browser.server.requests.length = 0;
  await browser.pass(3_600_000);
  await browser.alarm();
  expect(await list(browser)).toMatchObject({ entries: [], fetched_at: 0 });
  expect(asked(browser)).toBe(0);
});

test("paused, it is not fetched", async () => {
  const browser = await withSaved(1);
  await own(browser, FROM_OWN.pause, { scope: "all", on: true });
  await browser.alarm();
  expect(asked(browser)).toBe(0);
  await own(browser, FROM_OWN.pause, { scope: "all", on: false });
  await browser.alarm();
  expect(asked(browser)).toBe(1);
});

test("another token sees nothing of the copy, and an answer that comes late for the old one is not kept", async () => {
  const browser = await withSaved(2);
  await list(browser);
  browser.server.tokens.add("other");
  let settle;
  browser.server.mood = ({ path, headers }) =>
    path.startsWith("/v1/library") && headers.Authorization === "Bearer token"
      ? new Promise((go) => (settle = () => go(reply(200, { items: [], next: null }))))
      : undefined;
  const late = list(browser);
  await browser.pass(10);
  await browser.store({ token: "other" });
  expect(browser.local.library.entries).toEqual([]);
  await browser.store({ library: { entries: [{ id: idOf(3), title: "Theirs" }], fetched_at: 1, more: false } });
  settle();
  await late;
  expect(browser.local.library.entries).toEqual([{ id: idOf(3), title: "Theirs" }]);
});

test("what is forgotten of a paper is forgotten in the copy too", async () => {
  const browser = await withSaved(2);
  await list(browser);
  await own(browser, FROM_OWN.forget, { paper: idOf(0) });
  expect(idsOf(await list(browser, false))).toEqual([idOf(1)]);
  // One line deleted: whether the paper is still saved, the server knows.
  await browser.ask(FROM_PAGE.eventLog, { event: event("save", idOf(1)) });
  await browser.pass(200);
  silence(browser);
  await own(browser, FROM_OWN.ledgerDelete, { ids: [browser.local.ledger.at(-1).event.id] });
  expect(idsOf(await list(browser))).toEqual([]);
  browser.server.mood = () => undefined;
  expect(idsOf(await list(browser))).toEqual([idOf(1)]);
});

test("leaving wipes the copy", async () => {
  const browser = await withSaved(2);
  await list(browser);
  browser.server.mood = ({ method }) => (method === "DELETE" ? reply(204) : undefined);
  await own(browser, FROM_OWN.leave, { delete_there: true });
  expect(browser.local.library).toBe(undefined);
  expect(idsOf(await list(browser))).toEqual([]);
});

test("what was sent to another server is not laid over this one's copy", async () => {
  const lines = [SERVER, "https://before.example"].map((host, at) => ({
    event: event("save", idOf(at)),
    sent_at: Date.parse("2026-11-20T08:00:00Z"),
    host,
  }));
  const browser = await pairedBrowser({ ledger: lines });
  expect(idsOf(await list(browser, false))).toEqual([idOf(0)]);
});
