import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, SERVER, end, event, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const PAPER = "2501.00001";
const own = (browser, type, fields) => browser.ask(type, fields, OWN);
const log = (browser, one) => browser.ask(FROM_PAGE.eventLog, { event: one });
const silent = () => reply(503, "");

async function browserWith(...events) {
  const browser = await pairedBrowser();
  for (const one of events) await log(browser, one);
  await browser.pass(300);
  return browser;
}

test("the ledger shows what was sent, word for word, newest first", async () => {
  const [save, hide] = [event("save", PAPER), event("hide", "2501.00002")];
  const browser = await browserWith(save, hide);
  const { lines } = await own(browser, FROM_OWN.ledgerList);
  expect(lines.map((line) => line.event)).toEqual([hide, save]);
  expect(lines.map((line) => line.event)).toEqual([...browser.server.events].reverse());
});

test("a deleted line is gone here and there, and its mark with it", async () => {
  const [save, hide] = [event("save", PAPER), event("hide", "2501.00002")];
  const browser = await browserWith(save, hide);
  expect(await own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] })).toMatchObject({ deleted: 1, waiting: 0 });
  expect(browser.server.events).toEqual([hide]);
  expect(browser.local.ledger.map((line) => line.event)).toEqual([hide]);
  expect(browser.local.states[PAPER]).toBe(undefined);
  expect(browser.local.states["2501.00002"].hidden).toBe(true);
});

test("with the server silent it is gone here, and there when the server answers, after a restart too", async () => {
  const save = event("save", PAPER);
  const browser = await browserWith(save);
  browser.server.mood = silent;
  expect(await own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] })).toMatchObject({ deleted: 1, waiting: 1 });
  expect(browser.local.ledger).toEqual([]);
  expect(browser.server.ids()).toEqual([save.id]);
  browser.server.mood = () => undefined;
  await browser.start();
  await browser.pass(400_000);
  await browser.alarm();
  expect(browser.server.ids()).toEqual([]);
  expect(browser.local.deletions).toEqual({});
});

test("with one of a paper's events deleted, what the others say of it stays", async () => {
  const [open, save] = [event("open", PAPER), event("save", PAPER)];
  const browser = await browserWith(open, save);
  browser.server.mood = silent;
  await own(browser, FROM_OWN.ledgerDelete, { ids: [open.id] });
  expect(browser.local.states[PAPER]).toEqual({ opened_at: null, saved: true, hidden: false });
});

test("what is unsent is deleted without asking anybody", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = silent;
  const save = event("save", PAPER);
  await log(browser, save);
  expect(await own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] })).toMatchObject({ deleted: 1, waiting: 0 });
  browser.server.mood = () => undefined;
  await browser.pass(1_000);
  expect(browser.server.events).toEqual([]);
});

test("an event deleted while it is on its way does not come back", async () => {
  const browser = await pairedBrowser();
  const save = event("save", PAPER);
  let answer;
  browser.server.mood = (request) =>
    request.path === "/v1/events"
      ? new Promise((go) => (answer = () => go(reply(200, browser.server.log(request.body)))))
      : undefined;
  await log(browser, save);
  await browser.pass(200);
  const deleted = own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] });
  await settle();
  answer();
  expect(await deleted).toMatchObject({ waiting: 0 });
  expect(browser.server.events).toEqual([]);
  expect(browser.local.ledger ?? []).toEqual([]);
});

test("an id that the server does not know holds up no other deletion", async () => {
  const save = event("save", PAPER);
  const browser = await browserWith(save);
  browser.local.deletions = { gone: SERVER, [save.id]: SERVER };
  browser.server.mood = ({ path }) =>
    path.endsWith("/gone") ? reply(404, { error: { code: "not_found", message: "No." } }) : undefined;
  await own(browser, FROM_OWN.flush);
  expect(browser.local.deletions).toEqual({});
  expect(browser.server.events).toEqual([]);
});

test("forgetting a paper deletes what other browsers logged of it too", async () => {
  const [mine, other] = [event("save", PAPER), event("hide", "2501.00002")];
  const browser = await browserWith(mine, other);
  const elsewhere = event("open", PAPER);
  browser.server.events.push(elsewhere);
  const answer = await own(browser, FROM_OWN.forget, { paper: PAPER });
  expect(answer).toMatchObject({ deleted: 2, waiting: 0, silent: false });
  expect(browser.server.events).toEqual([other]);
  // The server looks for them: its whole log may be years long.
  expect(browser.server.sent("/v1/me/events")[0].path).toContain(`paper=${PAPER}`);
});

test("forgetting the last hour leaves what is older", async () => {
  const old = event("save", "2501.00002", { at: "2026-11-20T06:00:00.000Z" });
  const browser = await browserWith(old, event("save", PAPER), event("open", PAPER));
  await own(browser, FROM_OWN.forget, { since: Date.now() - 3_600_000 });
  expect(browser.server.events).toEqual([old]);
});

test("forgetting with a silent server says that the server could not be asked", async () => {
  const save = event("save", PAPER);
  const browser = await browserWith(save);
  browser.server.mood = silent;
  expect(await own(browser, FROM_OWN.forget, { paper: PAPER })).toMatchObject({ deleted: 1, waiting: 1, silent: true });
});

test("what was sent to a server paired with before cannot be deleted there, and that is told", async () => {
  const save = event("save", PAPER);
  const browser = await browserWith(save);
  await browser.store({ serverUrl: "https://papers.example.org" });
  expect(await own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] })).toMatchObject({
    deleted: 1,
    waiting: 0,
    elsewhere: 1,
  });
  expect(browser.server.deleted).toEqual([]);
});
