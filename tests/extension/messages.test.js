import { afterEach, expect, test, vi } from "vitest";
import { FROM_OWN, FROM_PAGE, REPLACED, TO_PAGE, refuse, send } from "../../extension/src/messages.js";

afterEach(() => {
  delete globalThis.chrome;
});

test("every message has a name of its own", () => {
  const names = [FROM_PAGE, FROM_OWN, TO_PAGE].flatMap((list) => Object.values(list));
  expect(new Set(names).size).toBe(names.length);
});

test("a worker that cannot be reached is a refusal in the reader's words, not an exception", async () => {
  const i18n = { getMessage: (key) => `the words of ${key}` };
  globalThis.chrome = { i18n, runtime: { id: "us", sendMessage: () => Promise.reject(new Error("gone")) } };
  expect((await send(FROM_PAGE.more)).error).toEqual({ code: "unreachable", message: "the words of page_unreachable" });
});

test("a worker that says nothing is a refusal", async () => {
  globalThis.chrome = { runtime: { sendMessage: async () => undefined } };
  expect((await send(FROM_PAGE.more)).ok).toBe(false);
});

test("a press on our own pages is one event, also where the worker had to be asked twice", async () => {
  const asked = [];
  const sendMessage = async (message) => {
    asked.push(message);
    if (asked.length === 1) throw new Error("The message channel closed before a response was received.");
    return { ok: true, queued: true };
  };
  globalThis.chrome = { runtime: { id: "us", sendMessage } };
  expect((await send(FROM_OWN.act, { kind: "save", paper: "2501.00001" })).ok).toBe(true);
  expect(asked).toHaveLength(2);
  expect(asked[0].id).toMatch(/^[0-9a-f-]{36}$/);
  expect(asked[1]).toEqual(asked[0]);
});

const dropped = async () => undefined;
const cut = () => Promise.reject(new Error("The message channel closed before a response was received."));

test.each([
  ["2 times", 2, cut],
  ["until seconds later", 5, cut],
  ["2 times before it heard", 2, dropped],
])("a worker that was ended %s while it was asked still gets the press", async (_, ends, end) => {
  vi.useFakeTimers();
  const asked = [];
  const sendMessage = async (message) => {
    asked.push(message);
    return asked.length <= ends ? end() : { ok: true, queued: true };
  };
  globalThis.chrome = { runtime: { id: "us", sendMessage } };
  const event = { id: crypto.randomUUID(), kind: "save", paper: "2501.00001" };
  const sent = send(FROM_PAGE.eventLog, { event });
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  expect((await sent).ok).toBe(true);
  expect(new Set(asked.map((message) => message.event.id))).toEqual(new Set([event.id]));
  expect(asked).toHaveLength(ends + 1);
});

test("the last word of a worker that is being ended is not its answer", async () => {
  const replies = [refuse("ending", "The browser has ended the worker."), { ok: true, queued: true }];
  globalThis.chrome = { runtime: { id: "us", sendMessage: async () => replies.shift() } };
  expect(await send(FROM_PAGE.eventLog)).toEqual({ ok: true, queued: true });
  expect(replies).toEqual([]);
});

test("what was asked when the extension was replaced is refused, though the browser never answers it", async () => {
  const runtime = { id: "us", sendMessage: vi.fn(() => new Promise(() => {})) };
  globalThis.chrome = { runtime };
  const asked = send(FROM_PAGE.eventLog);
  delete runtime.id;
  expect((await asked).error.code).toBe(REPLACED);
  expect(runtime.sendMessage).toHaveBeenCalledTimes(1);
});

test("a copy that was replaced gets no further than asking", async () => {
  const sendMessage = () => {
    throw new Error("Extension context invalidated.");
  };
  globalThis.chrome = { runtime: { sendMessage } };
  expect((await send(FROM_PAGE.eventLog)).error.code).toBe(REPLACED);
});

test("a refusal names its field only when there is one", () => {
  expect(refuse("a", "b").error).toEqual({ code: "a", message: "b" });
  expect(refuse("a", "b", "c").error.field).toBe("c");
});
