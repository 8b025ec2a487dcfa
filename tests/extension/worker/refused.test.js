/** What the server, or something in its place, refuses of what waits. */

import { afterEach, expect, test } from "vitest";
import { FROM_OWN } from "../../../extension/src/messages.js";
import { BAD_PAPER, OWN, Server, end, event, example, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const card = (id) => ({ id, title: `Title of ${id}`, abstract: "An abstract." });
const papers = (count) => Array.from({ length: count }, (_, at) => `2501.${String(at + 1).padStart(5, "0")}`);
const waiting = (browser) => (browser.local.queue ?? []).map((one) => one.event.id);

/** A browser whose queue holds these events already, before a server that does not take them yet. */
const withQueue = (events, { server = new Server(), ...local } = {}) => {
  server.mood = () => reply(503, "");
  return pairedBrowser({ server, queue: events.map((one) => ({ event: one })), ...local });
};

async function heal(browser) {
  browser.server.mood = () => undefined;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
}

test("one bad event is set aside with its reason and blocks nothing", async () => {
  const [first, bad, last] = [event("save", "2501.00001"), event("save", BAD_PAPER), event("hide", "2501.00003")];
  const browser = await withQueue([first, bad, last]);
  await heal(browser);
  expect(browser.server.events).toEqual([first, last]);
  expect(waiting(browser)).toEqual([]);
  expect(browser.local.dead).toMatchObject([{ event: bad, error: { code: "invalid" } }]);
  expect(browser.badge).toBe("!");
  const { lines } = await browser.ask(FROM_OWN.deadList, {}, OWN);
  expect(lines).toHaveLength(1);
  await browser.ask(FROM_OWN.deadSettle, { id: bad.id, retry: false }, OWN);
  expect(browser.local.dead).toEqual([]);
});

test.each([413, 422])(
  "a batch refused as a whole with %i is halved until the event it is about is alone",
  async (status) => {
    const events = papers(30).map((paper) => event("save", paper));
    const browser = await withQueue(events, { texts: { 2501.00017: card("2501.00017") } });
    const error = { error: { code: "invalid", message: "Not this one.", field: "events.0" } };
    browser.server.mood = ({ body }) =>
      body?.events?.some(({ paper }) => paper === "2501.00017") ? reply(status, error) : undefined;
    await browser.ask(FROM_OWN.flush, {}, OWN);
    await settle(300);
    expect(browser.server.ids()).toEqual(events.filter(({ paper }) => paper !== "2501.00017").map(({ id }) => id));
    expect(browser.local.dead.map((one) => one.event.paper)).toEqual(["2501.00017"]);
    expect(browser.server.sent("/v1/events").length).toBeLessThan(25);
  },
);

test("a text too large for the server is left out rather than its event", async () => {
  const save = event("save", "2501.00001");
  const browser = await withQueue([save], { texts: { 2501.00001: card("2501.00001") } });
  browser.server.mood = ({ body }) => (body?.papers?.length ? reply(413, "") : undefined);
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
  expect(browser.server.ids()).toEqual([save.id]);
  expect(browser.local.dead ?? []).toEqual([]);
});

test("seven hundred events in front of a foreign 400 are asked about once, and all wait on", async () => {
  const browser = await withQueue(papers(700).map((paper) => event("open", paper)));
  await browser.pass(100);
  const asked = browser.server.requests.length;
  browser.server.mood = () => reply(400, "<html>plain http was sent to an https port</html>");
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
  expect(browser.server.requests.length - asked).toBe(1);
  expect(waiting(browser)).toHaveLength(700);
});

const nothingThere = () => reply(404, { error: { code: "not_found", message: "There is nothing at this address." } });

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

test("refused events are kept, and of too many of them only those go that were not pressed", async () => {
  const letters = [...papers(499).map((paper) => event("impression", paper)), event("save", "2503.00001")];
  const dead = letters.map((one) => ({ event: one, error: { code: "invalid", message: "" }, at: 1 }));
  const browser = await withQueue([event("save", BAD_PAPER), event("hide", BAD_PAPER)], { dead });
  await heal(browser);
  expect(browser.local.dead).toHaveLength(500);
  expect(browser.local.dead.filter((one) => one.event.kind !== "impression")).toHaveLength(3);
});

test("that refused events were let go for lack of room is told, until all of them are settled", async () => {
  const opens = papers(3).map((paper) => event("open", paper));
  const letters = papers(500).map((paper) => event("save", paper));
  const dead = [...opens, ...letters]
    .map((one) => ({ event: one, error: { code: "invalid", message: "" }, at: 1 }))
    .slice(0, 500);
  const browser = await withQueue([event("save", BAD_PAPER), event("hide", BAD_PAPER)], { dead });
  await heal(browser);
  expect((await browser.ask(FROM_OWN.deadList, {}, OWN)).dropped).toBe(2);
  browser.local.dead = browser.local.dead.slice(0, 1);
  await browser.ask(FROM_OWN.deadSettle, { id: browser.local.dead[0].event.id, retry: false }, OWN);
  expect((await browser.ask(FROM_OWN.deadList, {}, OWN)).dropped).toBe(0);
});
