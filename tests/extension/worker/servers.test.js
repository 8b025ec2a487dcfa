import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { readAddress } from "../../../extension/src/own-pages/address.js";
import { OWN, SERVER, end, event, example, pairedBrowser, reply } from "../browser-kit.js";

afterEach(end);

const CODE = "9FKM-N0J8-V5EK";
const OLD = "https://old.example.org";
const LINK = `${SERVER}/pair#${CODE}`;
const own = (browser, type, fields) => browser.ask(type, fields, OWN);

const connect = (browser, address, more = {}) =>
  own(browser, FROM_OWN.pairConnect, {
    address,
    code: "",
    name: "Chromium on Linux",
    agreed: readAddress(address)?.address,
    ...more,
  });

const steps = ({ steps: told }) => told.map(({ step, ok }) => `${step} ${ok ? "well" : "failed"}`);
const WAITING = () => [{ event: event("save", "2501.00002") }, { event: event("open", "2501.00003"), tried: true }];
const bodies = (browser) => JSON.stringify(browser.server.requests.map(({ path, body }) => [path, body]));

/** A browser whose server is silent, with things that wait for it. */
async function withWaiting(more = {}) {
  const queue = WAITING();
  const texts = { 2501.00002: { id: "2501.00002", title: "Said to the old server" } };
  const browser = await pairedBrowser({ serverUrl: OLD, token: "unknown", queue, texts, ...more });
  return { browser, queue };
}

/** A browser that deleted what a silent server holds, about to pair. */
async function withDeletion(more = {}) {
  const save = event("save", "2501.00001");
  const ledger = [{ event: save, sent_at: 1, host: OLD }];
  const browser = await pairedBrowser({ serverUrl: OLD, token: "unknown", ledger, ...more });
  browser.server.mood = () => reply(503, "");
  await own(browser, FROM_OWN.ledgerDelete, { ids: [save.id] });
  browser.server.events.push(save);
  browser.server.mood = ({ method, path }) =>
    method === "DELETE" && browser.local.serverUrl === OLD ? reply(404, path) : undefined;
  return { browser, save };
}

test("nothing that waits for one server goes to another, and the reader is told", async () => {
  const { browser, queue } = await withWaiting();
  browser.server.requests.length = 0;
  const { steps: told } = await connect(browser, LINK);
  await own(browser, FROM_OWN.act, { kind: "save", paper: "2501.00002" });
  await browser.pass(3_000);
  expect(browser.server.events.map(({ paper }) => paper)).toEqual(["2501.00002"]);
  for (const {
    event: { id },
  } of queue)
    expect(bodies(browser)).not.toContain(id);
  expect(bodies(browser)).not.toContain("Said to the old server");
  expect(told.at(-1).message).toContain("sent once this browser is paired with it again: 2.");
  // What the reader sees of papers is of this server too.
  expect(browser.local.elsewhere[OLD].queue.map(({ event: { id } }) => id)).toEqual(
    queue.map(({ event: { id } }) => id),
  );
  expect((await own(browser, FROM_OWN.status)).status.waiting).toBe(0);
});

test("what waits for a server is sent once it is paired with again", async () => {
  const { browser, queue } = await withWaiting();
  await connect(browser, LINK);
  await browser.pass(300);
  browser.server.requests.length = 0;
  await chrome.storage.local.set({ serverUrl: OLD, token: "token" });
  await browser.pass(3_000);
  expect(browser.server.ids()).toEqual(queue.map(({ event: { id } }) => id));
  expect(browser.local.elsewhere).toEqual({});
});

test("an address written from outside takes nothing along, not even between a batch and its sending", async () => {
  const silent = {
    health: "offline",
    failures: 3,
    at: Date.parse("2026-11-20T07:59:00Z"),
    retry_at: Date.parse("2026-11-20T09:00:00Z"),
  };
  const { browser, queue } = await withWaiting({ queueOf: OLD, connection: silent });
  const { local } = chrome.storage;
  const set = local.set;
  let isMoved = false;
  local.set = async (items) => {
    await set(items);
    if (isMoved || !items.queue?.every(({ tried }) => tried)) return;
    isMoved = true;
    await set({ serverUrl: SERVER, token: "token" });
  };
  await own(browser, FROM_OWN.flush);
  await browser.pass(10_000);
  await own(browser, FROM_OWN.act, { kind: "save", paper: "2501.00004" });
  await browser.pass(3_000);
  expect(isMoved).toBe(true);
  expect(browser.server.events.map(({ paper }) => paper)).toEqual(["2501.00004"]);
  const there = JSON.stringify(browser.server.requests.filter(({ url }) => url.startsWith(SERVER)));
  for (const {
    event: { id },
  } of queue)
    expect(there).not.toContain(id);
});

test("a server under another address gets what waited for it", async () => {
  const { browser, queue } = await withWaiting({ reader: example("POST /v1/devices").response.reader_id });
  const { steps: told } = await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.server.ids()).toEqual(queue.map(({ event: { id } }) => id));
  expect(told.at(-1).message).toBe("Paired.");
});

test("what one server refused is not tried again on another", async () => {
  const letter = { event: event("save", "2501.00009"), error: { code: "invalid", message: "no" }, at: 1 };
  const { browser } = await withWaiting({ dead: [letter] });
  await connect(browser, LINK);
  expect((await own(browser, FROM_OWN.deadList)).lines).toEqual([]);
  await own(browser, FROM_OWN.deadSettle, { id: letter.event.id, retry: true });
  await browser.pass(300);
  expect(browser.server.ids()).toEqual([]);
});

test("forgetting a paper forgets what waits for another server too; leaving names it", async () => {
  const { browser, queue } = await withWaiting();
  await connect(browser, LINK);
  await browser.pass(300);
  await own(browser, FROM_OWN.forget, { paper: "2501.00003" });
  expect(browser.local.elsewhere[OLD].queue.map(({ event: { paper } }) => paper)).toEqual(["2501.00002"]);
  // It had been tried: that server may hold it.
  expect(browser.local.deletions).toEqual({ [queue[1].event.id]: OLD });
  expect(await own(browser, FROM_OWN.leave, { delete_there: false })).toMatchObject({ waiting: 2 });
});

test("what was deleted on one server is not asked of another, and waits for the one that holds it", async () => {
  const { browser, save } = await withDeletion();
  const { steps: told } = await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.server.deleted).toEqual([]);
  expect(browser.local.deletions).toEqual({ [save.id]: OLD });
  expect(told.at(-1).message).toContain("Not deleted yet on the previous server: 1.");
});

test("a server that comes back under another address hears what was deleted there", async () => {
  const { browser, save } = await withDeletion({ reader: example("POST /v1/devices").response.reader_id });
  const { steps: told } = await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.server.deleted).toEqual([save.id]);
  expect(browser.local.deletions).toEqual({});
  expect(told.at(-1).message).toBe("Paired.");
});

test("an agreement of an older version counts for the server paired with then", async () => {
  const browser = await pairedBrowser({ agreed: true });
  expect((await own(browser, FROM_OWN.status)).status.agreed).toBe(SERVER);
  expect(steps(await connect(browser, `${OLD}/pair#AAAA-BBBB-CCCC`, { agreed: "" }))).toEqual(["agree failed"]);
});

test("an address written from outside was not agreed to", async () => {
  const browser = await pairedBrowser({ agreed: SERVER });
  await chrome.storage.local.set({ serverUrl: OLD });
  expect((await own(browser, FROM_OWN.status)).status.agreed).toBe("");
});
