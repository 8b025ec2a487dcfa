import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { OWN, Server, end, event, example, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const waiting = (browser) => (browser.local.queue ?? []).map((one) => one.event.id);
const log = (browser, one, more = {}) => browser.ask(FROM_PAGE.eventLog, { event: one, ...more });

/** A browser whose queue holds these events already. */
const withQueue = (events, { server = new Server(), ...local } = {}) => {
  const queue = events.map((one) => ({ event: one }));
  server.mood = () => reply(503, "");
  return pairedBrowser({ server, queue, ...local });
};

async function heal(browser) {
  browser.server.mood = () => undefined;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
}

const nothingThere = () => reply(404, { error: { code: "not_found", message: "There is nothing at this address." } });

test("429 waits as long as the server asks, and the page stays as it is", async () => {
  const browser = await withQueue([event("save", "2501.00001")]);
  browser.server.mood = () =>
    reply(429, { error: { code: "rate_limited", message: "Later." } }, { "Retry-After": "120" });
  await browser.ask(FROM_OWN.flush, {}, OWN);
  const asked = browser.server.requests.length;
  browser.server.mood = () => undefined;
  const { view } = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-11-20" });
  expect(view.state).toBe("ready");
  await browser.pass(100_000);
  await browser.alarm();
  expect(browser.server.requests).toHaveLength(asked);
  await browser.pass(21_000);
  await browser.alarm();
  expect(browser.server.events).toHaveLength(1);
});

test("the longer the server is silent, the longer it is left alone: five minutes at most", async () => {
  const browser = await withQueue([event("save", "2501.00001")]);
  const waits = [];
  for (let time = 0; time < 12; time++) {
    await browser.ask(FROM_OWN.flush, {}, OWN);
    for (let more = 0; more < time; more++) await browser.ask(FROM_PAGE.more, { page: "trending" });
    waits.push(browser.local.connection.retry_at - Date.now());
  }
  expect(waits[0]).toBeGreaterThanOrEqual(1_000);
  expect(waits[0]).toBeLessThanOrEqual(2_000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(300_000);
});

test("a time to try again that a wrong clock set is not waited for", async () => {
  const save = event("save", "2501.00001");
  const browser = await pairedBrowser({
    queue: [{ event: save }],
    connection: { health: "offline", failures: 3, at: Date.parse("2026-12-31"), retry_at: Date.parse("2027-01-01") },
  });
  await browser.alarm();
  expect(browser.server.ids()).toEqual([save.id]);
});

test("what an old token meets does not speak of the new one", async () => {
  const browser = await pairedBrowser();
  let late;
  browser.server.mood = ({ path }) =>
    path.startsWith("/v1/recommendations") ? new Promise((go) => (late = go)) : undefined;
  const asked = browser.ask(FROM_OWN.recommend, {}, OWN);
  await settle();
  browser.server.tokens.add("another");
  await browser.store({ token: "another" });
  const { status, response } = example("GET /v1/me", "a revoked");
  late(reply(status, response));
  expect((await asked).ok).toBe(false);
  expect(browser.local.connection?.health ?? "ok").toBe("ok");
});

test("a revoked browser says so, keeps its queue, and sends it once it is paired again", async () => {
  const save = event("save", "2501.00001");
  const browser = await pairedBrowser();
  browser.server.tokens.clear();
  await log(browser, save);
  await browser.pass(200);
  const { view } = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-11-20" });
  expect(view).toMatchObject({
    state: "unpaired",
    message: expect.stringContaining("Kept here until you pair it again: 1."),
  });
  expect(waiting(browser)).toEqual([save.id]);
  expect(browser.badge).toBe("1");
  browser.server.tokens.add("another");
  await browser.store({ token: "another" });
  expect(browser.server.ids()).toEqual([save.id]);
  expect(browser.badge).toBe("");
});

test("an extension too old for the server says so and keeps its queue", async () => {
  const save = event("save", "2501.00001");
  const browser = await pairedBrowser();
  const { status, response } = example("GET /v1/me", "a client that is too old");
  browser.server.mood = () => reply(status, response);
  await log(browser, save);
  await browser.pass(200);
  const { view } = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-11-20" });
  expect(view).toMatchObject({ state: "offline", message: `${response.error.message} Waiting to be sent: 1.` });
  expect(waiting(browser)).toEqual([save.id]);
});

test("a server too old for what this extension sends is told as such, and what waits waits", async () => {
  const save = event("save", "2501.00001");
  const browser = await withQueue([save]);
  const { response } = example("GET /healthz");
  browser.server.mood = ({ path }) => (path === "/healthz" ? reply(200, { ...response, api: 0 }) : nothingThere());
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
  const { status } = await browser.ask(FROM_OWN.status, {}, OWN);
  expect(status).toMatchObject({
    waiting: 1,
    connection: { health: "old_server", message: expect.stringContaining("too old for this extension") },
  });
  expect(browser.badge).toBe("1");
  await heal(browser);
  expect(browser.server.ids()).toEqual([save.id]);
});

test.each([
  [
    "a 403 of ours",
    () => reply(403, { error: { code: "forbidden", message: "Not this browser." } }),
    "Not this browser.",
  ],
  [
    "a call that a server of today does not know",
    (request) => (request.path === "/healthz" ? undefined : nothingThere()),
    "There is nothing at this address.",
  ],
  ["a proxy's 413 to all there is", () => reply(413, ""), "That was too much at once for the server."],
])("%s is told where what waits is told, and asked about ever more rarely", async (_, mood, message) => {
  const browser = await withQueue([event("save", "2501.00001")]);
  browser.server.mood = mood;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
  expect((await browser.ask(FROM_OWN.status, {}, OWN)).status).toMatchObject({
    state: "ready",
    waiting: 1,
    connection: { health: "refused", message },
  });
  expect(browser.badge).toBe("1");
  const asked = browser.server.requests.length;
  await browser.alarm();
  expect(browser.server.requests).toHaveLength(asked);
  await heal(browser);
  expect(browser.badge).toBe("");
});

test("a server that asks for two hours has them, but not for more than a day", async () => {
  const browser = await withQueue([event("save", "2501.00001")]);
  const left = async (seconds) => {
    browser.server.mood = () => reply(503, "", { "Retry-After": String(seconds) });
    await browser.ask(FROM_OWN.flush, {}, OWN);
    return (browser.local.connection.retry_at - Date.now()) / 1000;
  };
  expect(await left(1e9)).toBe(86_400);
  expect(await left(7_200)).toBe(7_200);
  const asked = browser.server.requests.length;
  await browser.pass(60_000);
  await browser.alarm();
  expect(browser.server.requests).toHaveLength(asked);
});
