import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { LISTING, OWN, SERVER, end, event, example, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const own = (browser, type, fields) => browser.ask(type, fields, OWN);

test("leaving deletes there, revokes and wipes here", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = ({ method, path }) => (method === "DELETE" && path === "/v1/me" ? reply(204) : undefined);
  expect(await own(browser, FROM_OWN.leave, { delete_there: true })).toMatchObject({ gone_there: true });
  expect(browser.local.token ?? "").toBe("");
  expect(browser.local.serverUrl ?? "").toBe("");
});

test("leaving with this browser only revokes it", async () => {
  const browser = await pairedBrowser();
  let revoked;
  browser.server.mood = ({ method, path }) => (method === "DELETE" ? ((revoked = path), reply(204)) : undefined);
  await own(browser, FROM_OWN.leave, { delete_there: false });
  expect(revoked).toBe(`/v1/devices/${example("GET /v1/devices").response.items[0].id}`);
});

test("leaving with this browser only sends what waits before it wipes", async () => {
  const save = event("save", "2501.00001");
  const browser = await pairedBrowser({
    queue: [{ event: save }],
    connection: { health: "offline", failures: 3, retry_at: Date.parse("2026-11-20T08:01:00Z") },
  });
  browser.server.mood = ({ method }) => (method === "DELETE" ? reply(204) : undefined);
  expect(await own(browser, FROM_OWN.leave, { delete_there: false })).toMatchObject({ gone_there: true });
  expect(browser.server.ids()).toEqual([save.id]);
});

test("what cannot be sent is discarded by leaving only once the reader has said so", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = () => reply(503, "");
  await own(browser, FROM_OWN.act, { kind: "save", paper: "2501.00001" });
  expect(await own(browser, FROM_OWN.leave, { delete_there: false })).toMatchObject({ ok: true, waiting: 1 });
  expect(browser.local).toMatchObject({ token: "token", queue: [{ event: { paper: "2501.00001" } }] });
  expect(await own(browser, FROM_OWN.leave, { delete_there: false, discard: true })).toMatchObject({
    gone_there: false,
  });
  expect(browser.local.queue).toBe(undefined);
});

test("leaving a silent server wipes here and says what remains there", async () => {
  const browser = await pairedBrowser();
  browser.server.mood = () => reply(503, "");
  const answer = await own(browser, FROM_OWN.leave, { delete_there: true });
  expect(answer).toMatchObject({ gone_there: false, remains: expect.stringContaining(SERVER) });
  expect(browser.local.token ?? "").toBe("");
});

test("typed interests join those that are there", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.interestsAdd, { interests: [" kv cache ", "long contexts"] });
  expect(browser.server.requests.at(-1)).toMatchObject({
    method: "PATCH",
    body: { interests: ["long contexts", "kv cache"] },
  });
});

test("leaving empties both of the browser's areas; an open page hears of it, and of a later pairing", async () => {
  const browser = await pairedBrowser({ preferences: { capture: "auto" } });
  browser.tabs = [{ id: 1, url: LISTING.url }, { id: 2 }];
  browser.server.mood = ({ method }) => (method === "DELETE" ? reply(204) : undefined);
  await browser.ask(FROM_PAGE.pageCards, { page: "daily/2026-11-20", cards: [{ id: "2501.00001", upvoted: true }] });
  await browser.ask(FROM_PAGE.linkContext, { paper: "2501.00001", page: "daily/2026-11-20" });
  await browser.ask(FROM_PAGE.pageLeft, { paper: "2501.00001" });
  expect(Object.keys(browser.session).sort()).toEqual(["left", "managed", "menu", "pages"]);
  await own(browser, FROM_OWN.leave, { delete_there: true });
  await settle();
  // What a lab's policy says is asked of the browser anew; here there is none.
  expect([browser.local, browser.session]).toEqual([{}, { managed: {} }]);
  expect(browser.heard.at(-1)).toMatchObject({ tab: 1, view: { state: "unpaired" } });
  browser.heard.length = 0;
  await browser.store({ serverUrl: SERVER, token: "token" });
  expect(browser.heard).toMatchObject([{ tab: 1, view: { state: "ready", list: null } }]);
});

test("topics are listed, and one is removed from the list it is in; the stored rankings go", async () => {
  const browser = await pairedBrowser({ lists: { daily: {} } });
  const me = {
    ...example("GET /v1/me").response,
    interests: ["a", "author:Ann Example"],
    followed: ["a"],
    muted: undefined,
  };
  browser.server.mood = ({ path, method }) => (path === "/v1/me" && method === "GET" ? reply(200, me) : undefined);
  const listed = await own(browser, FROM_OWN.interestsList);
  // An older server has no list of what is muted.
  expect(listed).toEqual({ ok: true, interests: ["a", "author:Ann Example"], followed: ["a"], muted: [] });
  const left = await own(browser, FROM_OWN.interestsRemove, { list: "interests", topic: "a" });
  expect(left).toEqual({ ok: true, interests: ["author:Ann Example"], followed: ["a"], muted: [] });
  expect(browser.server.requests.at(-1)).toMatchObject({
    method: "PATCH",
    body: { interests: ["author:Ann Example"] },
  });
  expect(Object.keys(browser.server.requests.at(-1).body)).toEqual(["interests"]);
  expect(browser.local.lists).toEqual({});
  expect((await own(browser, FROM_OWN.interestsRemove, { list: "reader_id", topic: "a" })).ok).toBe(false);
});
