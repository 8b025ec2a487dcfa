import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { readAddress } from "../../../extension/src/own/address.js";
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
const fresh = () => pairedBrowser({ serverUrl: "", token: "" });
const steps = ({ steps: told }) => told.map(({ step, ok }) => `${step} ${ok ? "well" : "failed"}`);

test.each([
  [LINK, { address: SERVER, code: CODE, plain: false, isLocal: true }],
  ["  localhost:8765 ", { address: "http://localhost:8765", code: "", plain: false }],
  ["http://[::1]:8765/", { address: "http://[::1]:8765", isLocal: true }],
  [
    "https://lab.example.org/inkling/pair#A%2DB",
    { address: "https://lab.example.org/inkling", code: "A-B", plain: false, isLocal: false },
  ],
  ["https://lab.example.org/pair#%", { code: "%" }],
  ["http://192.168.1.5:8765", { plain: true, isLocal: false }],
  ["http://localhost.example.org", { plain: true, isLocal: false }],
])("%s is read as a person means it", (typed, meant) => {
  expect(readAddress(typed)).toMatchObject(meant);
});

test.each([
  "",
  "ftp://lab.example.org",
  "http://me:secret@lab.example.org",
  "http://",
  "javascript:alert(1)",
  "not an address",
])("%s is no address", (typed) => {
  expect(readAddress(typed)).toBe(null);
});

test("a link pairs: each step is told, and only then anything is kept", async () => {
  const browser = await fresh();
  expect(steps(await connect(browser, LINK))).toEqual([
    "address well",
    "reachable well",
    "code well",
    "token well",
    "kept well",
  ]);
  expect(browser.local).toMatchObject({
    serverUrl: SERVER,
    token: example("POST /v1/devices").response.token,
    agreed: SERVER,
  });
  expect(browser.server.sent("/v1/devices")[0].body).toEqual({ name: "Chromium on Linux", code: CODE });
  expect(browser.server.requests.every(({ headers }) => headers["Inkling-Client"] === "extension/0.1.0")).toBe(true);
});

const nothingKept = (browser) => expect(browser.local).toMatchObject({ serverUrl: "", token: "" });

test("what is no address is refused before anything is asked", async () => {
  const browser = await fresh();
  expect(steps(await connect(browser, "not an address"))).toEqual(["address failed"]);
  expect(browser.server.requests).toEqual([]);
});

test.each([
  [
    "a dead server",
    () => {
      throw new TypeError("Failed to fetch");
    },
    /does not answer/,
  ],
  ["another web server", () => reply(200, "<html>It works!</html>"), /not Inkling/],
  ["another program's JSON", () => reply(200, { status: "ok" }), /not Inkling/],
  ["a server too old", () => reply(200, { ...example("GET /healthz").response, api: 0 }), /too old for this extension/],
  [
    "a server too new",
    () => reply(200, { ...example("GET /healthz").response, min_client: "9.0.0" }),
    /too old for the server/,
  ],
])("%s fails at being reachable, and is told plainly", async (_, mood, words) => {
  const browser = await fresh();
  browser.server.mood = mood;
  const answer = await connect(browser, LINK);
  expect(steps(answer)).toEqual(["address well", "reachable failed"]);
  expect(answer.steps.at(-1).message).toMatch(words);
  nothingKept(browser);
});

test.each([
  ["a wrong code", `${SERVER}/pair#AAAA-BBBB-CCCC`, /wrong, used or expired/],
  ["no code", SERVER, /wants a pairing code/],
])("%s fails at the code, in the server's words", async (_, link, words) => {
  const browser = await fresh();
  const answer = await connect(browser, link);
  expect(steps(answer).at(-1)).toBe("code failed");
  expect(answer.steps.at(-1).message).toMatch(words);
  nothingKept(browser);
});

test("a token that does not work is not kept", async () => {
  const browser = await fresh();
  browser.server.mood = ({ path }) => (path === "/v1/me" ? reply(500, "") : undefined);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("token failed");
  nothingKept(browser);
});

test("a code that was spent as the server fell silent pairs with the next try", async () => {
  const browser = await fresh();
  browser.server.mood = ({ path }) => (path === "/v1/me" ? reply(500, "") : undefined);
  await connect(browser, LINK);
  browser.server.mood = () => undefined;
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
  expect(browser.server.sent("/v1/devices")).toHaveLength(1);
  // What it was traded for is not at hand any more.
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("code failed");
});

test("plain http to another machine is refused until the reader confirms it", async () => {
  const browser = await fresh();
  const answer = await connect(browser, `http://192.168.1.5:8765/pair#${CODE}`);
  expect(answer).toMatchObject({ needs_confirmation: true });
  expect(browser.server.requests).toEqual([]);
  expect(steps(await connect(browser, `http://192.168.1.5:8765/pair#${CODE}`, { plain_http_ok: true })).at(-1)).toBe(
    "kept well",
  );
});

test("only our own pages may pair", async () => {
  const browser = await fresh();
  const answer = await browser.ask(FROM_OWN.pairConnect, { address: LINK, code: "", name: "x" });
  expect(answer.ok).toBe(false);
  nothingKept(browser);
});

test("pairing with another server forgets what the first one said", async () => {
  const states = { 2501.00001: { opened_at: null, saved: true, hidden: false } };
  const browser = await pairedBrowser({ serverUrl: OLD, token: "unknown", states });
  await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.local.states["2501.00001"]).toBe(undefined);
});

test("a server is agreed to by its own address, and another one anew, whatever the page says in general", async () => {
  const browser = await fresh();
  for (const agreed of [undefined, "", true, OLD, `${SERVER}.example.org`]) {
    expect(steps(await connect(browser, LINK, { agreed }))).toEqual(["agree failed"]);
  }
  expect(browser.server.requests).toEqual([]);
  await connect(browser, LINK);
  expect((await own(browser, FROM_OWN.status)).status.agreed).toBe(SERVER);
  // Pairing with it again is no new question; with another one it is.
  expect(steps(await connect(browser, `${SERVER}/pair#AAAA-BBBB-CCCC`, { agreed: "" })).at(-1)).toBe("code failed");
  expect(steps(await connect(browser, `${OLD}/pair#AAAA-BBBB-CCCC`, { agreed: SERVER }))).toEqual(["agree failed"]);
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

const WAITING = () => [{ event: event("save", "2501.00002") }, { event: event("open", "2501.00003"), tried: true }];
const bodies = (browser) => JSON.stringify(browser.server.requests.map(({ path, body }) => [path, body]));

/** A browser whose server is silent, with things that wait for it. */
async function withWaiting(more = {}) {
  const queue = WAITING();
  const texts = { 2501.00002: { id: "2501.00002", title: "Said to the old server" } };
  const browser = await pairedBrowser({ serverUrl: OLD, token: "unknown", queue, texts, ...more });
  return { browser, queue };
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

test("what was deleted on one server is not asked of another, and waits for the one that holds it", async () => {
  const { browser, save } = await withDeletion();
  const { steps: told } = await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.server.deleted).toEqual([]);
  expect(browser.local.deletions).toEqual({ [save.id]: OLD });
  expect(told.at(-1).message).toContain("not deleted yet: 1.");
});

test("a server that comes back under another address hears what was deleted there", async () => {
  const { browser, save } = await withDeletion({ reader: example("POST /v1/devices").response.reader_id });
  const { steps: told } = await connect(browser, LINK);
  await browser.pass(300);
  expect(browser.server.deleted).toEqual([save.id]);
  expect(browser.local.deletions).toEqual({});
  expect(told.at(-1).message).toBe("Paired.");
});

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

test("an installation opens the welcome page, an update does not", async () => {
  const browser = await fresh();
  browser.life.tell("installed", { reason: "update" });
  await browser.pass(100);
  expect(browser.opened).toEqual([]);
  browser.life.tell("installed", { reason: "install" });
  await browser.pass(100);
  expect(browser.opened).toEqual(["chrome-extension://us/src/welcome/welcome.html"]);
});

test("the token is kept from content scripts where the browser can", async () => {
  const browser = await fresh();
  expect(browser.access).toEqual({ accessLevel: "TRUSTED_CONTEXTS" });
});

test("typed interests join those that are there", async () => {
  const browser = await pairedBrowser();
  await own(browser, FROM_OWN.interestsAdd, { interests: [" kv cache ", "long contexts"] });
  expect(browser.server.requests.at(-1)).toMatchObject({
    method: "PATCH",
    body: { interests: ["long contexts", "kv cache"] },
  });
});

const whose = async (browser, address, more = {}) =>
  (await own(browser, FROM_OWN.pairWhose, { address, code: "", agreed: readAddress(address)?.address, ...more })).whose;
const answering =
  (status, body) =>
  ({ path }) =>
    path === "/v1/pairing-codes/whose" ? reply(status, body) : undefined;

test("whom a link is for is asked of its own server with the code alone, and the code still pairs", async () => {
  const browser = await fresh();
  expect(await whose(browser, LINK)).toEqual({
    reader_id: "6a6f012c6d4606cc",
    operator: true,
    devices: ["Chromium on Linux"],
  });
  expect(
    browser.server.requests.map(({ method, url, body, headers }) => [method, url, body, "Authorization" in headers]),
  ).toEqual([["POST", `${SERVER}/v1/pairing-codes/whose`, { code: CODE }, false]]);
  nothingKept(browser);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
});

test.each([
  ["a server not agreed to", LINK, { agreed: "" }],
  ["a server when another was agreed to", LINK, { agreed: OLD }],
  ["an address without a code", SERVER, {}],
  ["no address", "not an address", { code: CODE, agreed: "" }],
  ["plain http to another machine", `http://192.168.1.5:8765/pair#${CODE}`, {}],
])("%s is asked for nobody", async (_, address, more) => {
  const browser = await fresh();
  expect(await whose(browser, address, more)).toBe(null);
  expect(browser.server.requests).toEqual([]);
});

test("a server paired with before is not sent the code of another", async () => {
  const browser = await pairedBrowser({ serverUrl: OLD, agreed: OLD });
  browser.server.requests.length = 0;
  expect(await whose(browser, LINK)).not.toBe(null);
  expect(browser.server.requests.map(({ url, headers }) => [url, "Authorization" in headers])).toEqual([
    [`${SERVER}/v1/pairing-codes/whose`, false],
  ]);
});

test.each([
  ["an old server", 404, { error: { code: "not_found", message: "No such page." } }],
  ["a proxy", 200, "<html>Sign in</html>"],
  ["a server in trouble", 503, ""],
  ["a list", 200, []],
  ["an answer of another shape", 200, { reader_id: 7, devices: "many" }],
  ["a wrong code", 403, { error: { code: "bad_code", message: "wrong" } }],
])("%s says nothing of whom a link is for, and pairing goes on", async (_, status, body) => {
  const browser = await fresh();
  browser.server.mood = answering(status, body);
  expect(await whose(browser, LINK)).toBe(null);
  expect(steps(await connect(browser, LINK)).at(-1)).toBe("kept well");
});

test("what a server says of whom a link is for is cut to what can be shown", async () => {
  const browser = await fresh();
  browser.server.mood = answering(200, {
    reader_id: null,
    operator: "yes",
    devices: ["a\u202eb\n", 7, "\u200b", "x".repeat(1000)],
  });
  expect(await whose(browser, LINK)).toEqual({ reader_id: "", operator: false, devices: ["ab", "x".repeat(60)] });
});
