/** What the loader does in a document, whatever came at its address and whenever the worker's answer comes. */

import { readFileSync } from "node:fs";
import vm from "node:vm";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

// What it imports is put in by hand.
const CODE = readFileSync(new URL("../../extension/src/loader.js", import.meta.url), "utf8").replace(
  "import(",
  "load(",
);
const LATEST = 2500;
const READY = { room: "full", state: "ready", order: "foryou" };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/**
 * Run the loader in a document that came with a status and a type; `isOurs` is what our modules find.
 * @param {(settle: (answer: any) => void, fail: (error: Error) => void) => void} answer the worker's
 * @param {{status?: number | null, type?: string, isOurs?: boolean, hosts?: number}} [page]
 */
function begin(answer, { status = 200, type = "text/html", isOurs = true, hosts = 0 } = {}) {
  const asked = [];
  const html = { dataset: {} };
  const say = (what, reply) => (asked.push(what), reply);
  const world = {
    document: { documentElement: html, contentType: type, querySelector: () => (hosts ? {} : null) },
    chrome: { runtime: { sendMessage: ({ type: kind }) => say(kind, new Promise(answer)), getURL: (path) => path } },
    performance: {
      now: () => Date.now(),
      getEntriesByType: () => (status === null ? [] : [{ type: "navigate", responseStatus: status }]),
    },
    load: async (path) => say(path, { isOurs: Promise.resolve(isOurs) }),
    setTimeout,
    Promise,
    Object,
  };
  world.globalThis = world;
  vm.runInNewContext(CODE, world);
  return { asked, marks: () => ({ ...html.dataset }), decided: () => world.inklingDecided };
}

const after = (ms, answer) => (settle) => setTimeout(() => settle(answer), ms);
const pass = (ms) => vi.advanceTimersByTimeAsync(ms);

test.each([200, 203, 304, 0, undefined, null])("a page with status %s asks for its room and begins", async (status) => {
  const { asked, marks } = begin(after(5, { room: "bar", state: "ready" }), { status });
  expect([asked, marks()]).toEqual([["page/room", "src/content.js"], { inklingRoom: "wait" }]);
  await pass(5);
  expect(marks()).toEqual({ inklingRoom: "bar" });
});

test.each([202, 400, 403, 404, 405, 410, 429, 500, 502, 503])(
  "with status %d nothing of ours runs, asks or stands in the page",
  async (status) => {
    const { asked, marks } = begin(after(5, READY), { status });
    expect([asked, marks()]).toEqual([[], {}]);
  },
);

test.each(["text/plain", "text/markdown", "application/pdf", "application/json", "image/png"])(
  "in a file of type %s nothing of ours runs",
  async (type) => {
    const { asked, marks } = begin(after(5, READY), { type });
    expect([asked, marks()]).toEqual([[], {}]);
  },
);

test.each([0, 300, 4000])(
  "what was kept free for a page that is none of ours is given back, whenever it is known (%d ms)",
  async (ms) => {
    const { marks } = begin(after(ms, READY), { isOurs: false });
    await pass(5000);
    expect(marks()).toEqual({});
  },
);

test.each([0, 300, LATEST - 1])(
  "an answer after %d ms says what room is kept, before anything is drawn",
  async (ms) => {
    const { marks, decided } = begin(after(ms, READY));
    expect(marks()).toEqual({ inklingRoom: "wait" });
    await pass(ms);
    expect(marks()).toEqual({ inklingRoom: "full", inklingOrder: "" });
    expect(await decided()).toMatchObject({ isLate: false });
  },
);

test.each([0, 300, LATEST - 1])("where nothing comes, an answer after %d ms keeps no room", async (ms) => {
  const { marks, decided } = begin(after(ms, { room: null, state: "paused", order: "original" }));
  await pass(ms);
  expect(marks()).toEqual({ inklingState: "paused" });
  expect(await decided()).toMatchObject({ isLate: false });
});

test.each([
  [LATEST, READY],
  [4000, READY],
  [4000, { room: null, state: "paused" }],
  [1e6, READY],
])("after %d ms it is too late for any room", async (ms, answer) => {
  const { marks, decided } = begin(after(ms, answer));
  await pass(LATEST - 1);
  expect(marks()).toEqual({ inklingRoom: "wait" });
  await pass(3000);
  expect(marks()).toEqual({});
  expect(await decided()).toMatchObject({ isLate: true });
});

test("a machine so busy that answer and timer come together goes by the clock", async () => {
  let settle = () => {};
  const { marks, decided } = begin((done) => (settle = done));
  vi.setSystemTime(Date.now() + 9000);
  settle(READY);
  await pass(0);
  expect(marks()).toEqual({});
  expect(await decided()).toMatchObject({ isLate: true });
});

test.each([
  ["a refusal", after(5, { ok: false, error: { code: "unknown_message" } })],
  ["no words", after(5, undefined)],
  ["a worker that cannot be reached", (_, fail) => fail(new Error("gone"))],
])("%s keeps no room, and the page does not wait", async (_, answer) => {
  const { marks } = begin(answer);
  await pass(5);
  expect(marks()).toEqual({});
});

test("a page in which an older copy of ours has been at work is taken over as it is", () => {
  const { asked, marks, decided } = begin(() => {}, { hosts: 1 });
  expect([asked, marks(), decided()]).toEqual([["src/content.js"], {}, undefined]);
});
