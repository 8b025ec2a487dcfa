import { afterEach, expect, test, vi } from "vitest";
import { FROM_OWN, FROM_PAGE } from "../../../extension/src/messages.js";
import { Browser, LISTING, OWN, Server, end, event, example, pairedBrowser, reply, settle } from "../browser-kit.js";

afterEach(end);

const card = (id) => ({ id, title: `Title of ${id}`, abstract: "An abstract." });
const papers = (count) => Array.from({ length: count }, (_, at) => `2501.${String(at + 1).padStart(5, "0")}`);
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

test("the stand-in server answers a batch as the contract's example does", () => {
  const server = new Server();
  const { request, response } = example("POST /v1/events");
  expect(server.log(request)).toEqual(response);
});

test("an event is in storage before the page hears of it, and on the server soon after", async () => {
  const browser = await pairedBrowser();
  const save = event("save", "2501.00001");
  const answer = await log(browser, save, { card: card("2501.00001") });
  expect(answer).toMatchObject({ ok: true, queued: true, marks: { 2501.00001: { saved: true, pending: true } } });
  expect(waiting(browser)).toEqual([save.id]);
  expect(browser.server.events).toEqual([]);
  await browser.pass(200);
  expect(browser.server.events).toEqual([save]);
  expect(browser.server.papers).toEqual([card("2501.00001")]);
  expect(waiting(browser)).toEqual([]);
  expect(browser.local.texts).toEqual({});
  expect(browser.local.ledger).toMatchObject([{ event: save, host: "http://127.0.0.1:8765" }]);
});

test("that the reader upvoted a paper on the site is never sent", async () => {
  const browser = await pairedBrowser();
  await log(browser, event("save", "2501.00001"), { card: { ...card("2501.00001"), upvoted: true } });
  await browser.pass(200);
  expect(JSON.stringify(browser.server.requests)).not.toContain("upvoted");
});

test("the same event told twice counts once, before and after it was sent", async () => {
  const browser = await pairedBrowser();
  const save = event("save", "2501.00001");
  await log(browser, save);
  await log(browser, save);
  expect(waiting(browser)).toEqual([save.id]);
  await browser.pass(200);
  await log(browser, save);
  await browser.pass(200);
  expect(browser.server.sent("/v1/events")).toHaveLength(1);
  expect(browser.local.ledger).toHaveLength(1);
});

/**
 * Two events logged and sent by workers of which the first lives only so many edges; what the page does, does it again.
 */
async function liveThrough(edges) {
  const browser = new Browser();
  browser.local = { serverUrl: "http://127.0.0.1:8765", token: "token" };
  const told = [event("open", "2501.00001"), event("save", "2501.00002")];
  await browser.start({ edges });
  for (const one of told) {
    for (let tries = 0; tries < 3; tries++) {
      if (browser.life.isOver) await browser.start();
      const answer = await log(browser, one, { card: card(one.paper) }).catch(() => null);
      if (answer) break;
    }
  }
  await browser.pass(250);
  if (browser.life.isOver) await browser.start();
  await browser.alarm();
  await browser.pass(300);
  return { browser, told };
}

test.each(["No SW", "The browser is shutting down."])(
  "a worker that the browser is ending (%s) says so, and complains of nothing",
  async (words) => {
    const browser = await pairedBrowser();
    const complaint = vi.spyOn(console, "error");
    chrome.storage.local.set = () => Promise.reject(new Error(words));
    const reply = await log(browser, event("save", "2501.00001"));
    expect(reply.error.code).toBe("ending");
    expect(complaint).not.toHaveBeenCalled();
  },
);

test("a press on one of our own pages that is told twice counts once", async () => {
  const browser = await pairedBrowser();
  const save = { id: event("save", "2501.00001").id, kind: "save", paper: "2501.00001" };
  for (let time = 0; time < 2; time++) await browser.ask(FROM_OWN.act, save, OWN);
  await browser.pass(200);
  await browser.ask(FROM_OWN.act, save, OWN);
  await browser.pass(200);
  expect(browser.server.ids()).toEqual([save.id]);
});

test("killed between any two lines, the worker loses no event and counts none twice", async () => {
  vi.useFakeTimers({
    now: new Date("2026-11-20T08:00:00Z"),
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
  });
  let edges = 0;
  for (let survived = false; !survived; edges++) {
    const { browser, told } = await liveThrough(edges);
    const kept = `${edges} edges: ${JSON.stringify(browser.local.queue)}`;
    expect(browser.server.ids().sort(), kept).toEqual(told.map(({ id }) => id).sort());
    expect(browser.local.queue, kept).toEqual([]);
    expect(browser.local.dead ?? [], kept).toEqual([]);
    expect(browser.local.ledger.map((line) => line.event.id).sort(), kept).toEqual(told.map(({ id }) => id).sort());
    survived = browser.life.left > 0 && browser.life.left < Infinity;
    browser.life.die();
  }
  expect(edges).toBeGreaterThan(40);
}, 240_000);

const troubles = {
  "a dead server": () => {
    throw new TypeError("Failed to fetch");
  },
  "a 500 with a page": () => reply(500, "<html>oops</html>"),
  "a 200 with a sign-in page": () => reply(200, "<html>please sign in</html>"),
  "a 401 of a proxy": () => reply(401, "<html>who are you?</html>"),
  "a 404 of another program": () => reply(404, { error: "not found" }),
  "a 403 of ours": () => reply(403, { error: { code: "forbidden", message: "No." } }),
  "an answer cut short": ({ body }) => (body?.events ? reply(200, { results: [], paper_results: [] }) : undefined),
  "verdicts of other events": ({ body }) =>
    body?.events ? reply(200, { results: body.events.map(() => ({ id: "x", status: "accepted" })) }) : undefined,
  "verdicts unknown to us": ({ body }) =>
    body?.events ? reply(200, { results: body.events.map(({ id }) => ({ id, status: "perhaps" })) }) : undefined,
  null: () => reply(200, "null"),
  "a proxy's 400 with a page": () => reply(400, "<html>plain http was sent to an https port</html>"),
  "another program's 422": () => reply(422, { detail: "Unprocessable" }),
  "a proxy's 413 to all there is": () => reply(413, "<html>too large</html>"),
};

test.each(Object.entries(troubles))("%s loses nothing", async (_, mood) => {
  const events = papers(3).map((paper) => event("save", paper));
  const browser = await withQueue(events);
  browser.server.mood = mood;
  await browser.ask(FROM_OWN.flush, {}, OWN);
  await settle();
  expect(waiting(browser)).toEqual(events.map(({ id }) => id));
  expect(browser.local.dead ?? []).toEqual([]);
  await heal(browser);
  expect(browser.server.ids()).toEqual(events.map(({ id }) => id));
});

test("a page that the server answers before the back-off is over takes what waits along", async () => {
  const browser = await withQueue([event("save", "2501.00001")], {
    connection: { health: "offline", failures: 8, retry_at: Date.now() + 290_000 },
  });
  browser.server.mood = () => undefined;
  const { view } = await browser.ask(FROM_PAGE.pageCards, {
    site: "huggingface",
    page_kind: "daily",
    page: "daily/2026-11-20",
    cards: [card("2501.00002")],
  });
  expect(view.state).toBe("ready");
  expect(waiting(browser)).toEqual([]);
  expect(browser.server.events).toHaveLength(1);
});

test("a full queue leaves out what was only seen, then opens, never what was pressed, and says so", async () => {
  const browser = await withQueue(
    papers(4_000).map((paper) => event("impression", paper, { list_id: "L", position: 1 })),
  );
  const seen = await log(browser, event("impression", "2502.00001", { list_id: "L", position: 1 }));
  expect(seen.queued).toBe(false);
  expect((await log(browser, event("open", "2502.00002"))).queued).toBe(true);
  expect((await log(browser, event("save", "2502.00003"))).queued).toBe(true);
  const { view } = await browser.ask(FROM_PAGE.pageView, { page: "daily/2026-11-20" });
  expect(view.message).toContain("no more fit");
  await heal(browser);
  await browser.alarm();
  await settle(400);
  expect(waiting(browser)).toEqual([]);
  expect(browser.local.queueFull).toBe(false);
});

test("of five thousand waiting events even opens are left out, a save is not", async () => {
  const browser = await withQueue(papers(5_000).map((paper) => event("open", paper)));
  expect((await log(browser, event("open", "2502.00001"))).queued).toBe(false);
  expect((await log(browser, event("save", "2502.00002"))).queued).toBe(true);
});

test("with the clock set back, the later word is still the later one", async () => {
  const browser = await pairedBrowser();
  await log(browser, event("save", "2501.00001", { at: "2026-11-20T10:00:00.000Z" }));
  await browser.pass(200);
  await log(browser, event("unsave", "2501.00001", { at: "2026-11-20T08:00:00.000Z" }));
  await browser.pass(200);
  expect(browser.server.events.at(-1)).toMatchObject({ kind: "unsave", at: "2026-11-20T10:00:00.001Z" });
});

test("events of several tabs at once are all kept", async () => {
  const browser = await pairedBrowser();
  const events = papers(40).map((paper) => event("save", paper));
  await Promise.all(
    events.map((one, at) => browser.ask(FROM_PAGE.eventLog, { event: one }, { ...LISTING, tab: { id: at % 4 } })),
  );
  await browser.pass(400);
  expect(browser.server.ids().sort()).toEqual(events.map(({ id }) => id).sort());
});

test.each([
  ["an id that is none", { id: "1" }],
  ["a kind unknown to us", { kind: "wish" }],
  ["a paper that is none", { paper: "x" }],
  ["no time", { at: "noon" }],
])("an event with %s is not taken from a page", async (_, wrong) => {
  const browser = await pairedBrowser();
  const answer = await log(browser, { ...event("save", "2501.00001"), ...wrong });
  expect(answer.ok).toBe(false);
  expect(waiting(browser)).toEqual([]);
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
