/** What fills the storage crowds nothing out: pages, servers and readers that send as much as they can. */

import { afterEach, expect, test } from "vitest";
import { LOCAL, SESSION, sizeOf } from "../../extension/src/caps.js";
import { FROM_OWN, FROM_PAGE } from "../../extension/src/messages.js";
import { LISTING, OWN, SERVER, Server, end, event, pairedBrowser, reply } from "./browser-kit.js";

afterEach(end);

const ROOM = 10_000_000;
const WIDE = "論";

/** Whether everything that is kept is within its cap, which it has. */
function expectWithin(kept, caps) {
  for (const [key, value] of Object.entries(kept)) {
    expect(caps[key], `${key} has no cap`).toBeDefined();
    expect(sizeOf(value), key).toBeLessThanOrEqual(caps[key].bytes);
    const entries =
      value && typeof value === "object" ? Object.keys(caps[key].inside ? value[caps[key].inside] : value).length : 0;
    if (caps[key].most) expect(entries, key).toBeLessThanOrEqual(caps[key].most);
  }
  expect(sizeOf(kept)).toBeLessThan(0.95 * ROOM);
}

/** A server that takes nothing. */
const silent = () => Object.assign(new Server(), { mood: () => reply(503, "") });
const idOf = (at) => `2501.${String(at).padStart(5, "0")}`;

test("a page's claims of upvotes, texts and papers crowd nothing out", async () => {
  const browser = await pairedBrowser({ server: silent(), queue: [{ event: event("save", idOf(99_999)) }] });
  for (let visit = 0; visit < 5; visit++) {
    const cards = Array.from({ length: 2_000 }, (_, at) => ({
      id: idOf(2_000 * visit + at),
      title: WIDE.repeat(1_000),
      authors: [WIDE.repeat(200)],
      upvoted: true,
    }));
    await browser.ask(
      FROM_PAGE.pageCards,
      { page: `daily/2026-11-2${visit}`, cards },
      { ...LISTING, tab: { id: visit + 1 } },
    );
    for (const card of cards.slice(0, 40)) {
      await browser.ask(FROM_PAGE.eventLog, {
        event: event("open", card.id, { at: new Date(1.7e12 + 1e7 * visit).toISOString() }),
        card: { ...card, abstract: WIDE.repeat(20_000) },
      });
    }
  }
  await browser.pass(3_000);
  expectWithin(browser.local, LOCAL);
  expectWithin(browser.session, SESSION);
  expect(browser.local.queue[0].event.paper).toBe(idOf(99_999));
}, 60_000);

/** What a hostile server makes of an answer: everything it can be, as large as it likes. */
const long = (characters) => WIDE.repeat(characters);

const REASONS = Array.from({ length: 45 }, () => ({
  kind: "paper",
  share: 0.1,
  paper: "2501.00001",
  title: long(400),
  words: Array(15).fill(long(70)),
}));

const paper = (at, more = {}) => ({
  id: idOf(at),
  title: long(5_000),
  abstract: long(50_000),
  authors: Array(500).fill(long(300)),
  categories: Array(500).fill(long(100)),
  published_at: long(500),
  upvotes: at,
  url: "https://evil.example/",
  ...more,
});

const HOSTILE = {
  list_id: "L".repeat(150),
  model: long(10_000),
  more: long(100_000),
  cards: Array.from({ length: 100 }, (_, at) => ({
    id: idOf(at),
    input_id: long(1_000),
    rank: at,
    score: 1,
    basis: long(1_000),
    state: { opened_at: long(1_000), saved: true, hidden: false, more: long(1_000) },
    reasons: REASONS,
  })),
  recommended: Array.from({ length: 100 }, (_, at) => ({
    paper: paper(at),
    score: 1,
    rank: at,
    reasons: REASONS,
    more: long(1_000),
  })),
};

/** A page of a library without end. @param {number} from */
const saved = (from) =>
  Array.from({ length: 200 }, (_, at) => ({
    paper: { id: idOf(from + at), title: long(1_000), authors: Array(50).fill(long(100)), url: long(500) },
    saved_at: long(500),
    tags: Array(50).fill(long(100)),
    note: long(1_000),
  }));

test("a server's answers crowd nothing out", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = ({ path, method }) => {
    if (path === "/v1/rank") return reply(200, HOSTILE);
    if (path.startsWith("/v1/library")) {
      const from = Number(new URLSearchParams(path.split("?")[1]).get("cursor"));
      return reply(200, { items: saved(from), next: String(from + 200) });
    }
    if (path.startsWith("/v1/recommendations")) return reply(200, { list_id: "L", items: HOSTILE.recommended });
    if (path === "/v1/events" && method === "POST")
      return reply(400, { error: { code: long(1_000), message: long(100_000) } });
    return reply(503, { error: { code: long(1_000), message: long(100_000) } });
  };
  for (let visit = 0; visit < 3; visit++) {
    await browser.ask(FROM_PAGE.pageCards, { page: `daily/2026-11-2${visit}`, cards: [{ id: idOf(1), title: "x" }] });
    await browser.ask(FROM_PAGE.more, { page: `daily/2026-11-2${visit}` });
    await browser.ask(FROM_PAGE.eventLog, { event: event("hide", idOf(visit)), card: { id: idOf(visit), title: "x" } });
    await browser.pass(3_000);
  }
  await browser.ask(FROM_OWN.hiddenList, {}, OWN);
  const { entries } = await browser.ask(FROM_OWN.libraryList, { refresh: true }, OWN);
  expect(entries[0].id).toBe(idOf(0));
  await browser.ask(FROM_OWN.flush, {}, OWN);
  expectWithin(browser.local, LOCAL);
  expectWithin(browser.session, SESSION);
}, 60_000);

test("at the very last what is pressed does not fit either, and that is told", async () => {
  const queue = Array.from({ length: 6_999 }, (_, at) => ({
    event: event("save", idOf(at), {
      list_id: "L".repeat(199),
      page: "daily/2026-11-20",
      position: 250,
      surface: "card",
    }),
  }));
  const elsewhere = { "https://old.example.org": { queue: [queue.pop()], dead: [] } };
  const browser = await pairedBrowser({ server: silent(), queue, queueOf: SERVER, elsewhere });
  await browser.ask(FROM_OWN.act, { kind: "save", paper: "2502.00001" }, OWN);
  await browser.ask(FROM_OWN.act, { kind: "save", paper: "2502.00002" }, OWN);
  expect(browser.local.queue.at(-1).event.paper).toBe("2502.00001");
  expect(browser.local.queueFull).toBe(true);
  expectWithin(browser.local, LOCAL);
});

test("deletions that wait are never dropped: what does not fit is told as not done", async () => {
  const deletions = Object.fromEntries(Array.from({ length: 5_999 }, (_, at) => [event("open", idOf(at)).id, SERVER]));
  const browser = await pairedBrowser({ server: silent(), deletions });
  browser.server.events.push(event("open", "2501.00001"), event("open", "2501.00001"));
  browser.server.mood = ({ method }) => (method === "DELETE" ? reply(503, "") : undefined);
  const told = await browser.ask(FROM_OWN.forget, { paper: "2501.00001" }, OWN);
  expect(told).toMatchObject({ ok: true, partial: true });
  expect(Object.keys(browser.local.deletions)).toHaveLength(6_000);
  expectWithin(browser.local, LOCAL);
});
