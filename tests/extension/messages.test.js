import { afterEach, expect, test } from "vitest";
import { FROM_OWN, FROM_PAGE, TO_PAGE, refuse, send } from "../../extension/src/messages.js";

afterEach(() => {
  delete globalThis.chrome;
});

test("every message has a name of its own", () => {
  const names = [FROM_PAGE, FROM_OWN, TO_PAGE].flatMap((list) => Object.values(list));
  expect(new Set(names).size).toBe(names.length);
});

test("a worker that cannot be reached is a refusal, not an exception", async () => {
  globalThis.chrome = { runtime: { sendMessage: () => Promise.reject(new Error("gone")) } };
  expect((await send(FROM_PAGE.more)).error.code).toBe("unreachable");
});

test("a worker that says nothing is a refusal", async () => {
  globalThis.chrome = { runtime: { sendMessage: async () => undefined } };
  expect((await send(FROM_PAGE.more)).ok).toBe(false);
});

test("a refusal names its field only when there is one", () => {
  expect(refuse("a", "b").error).toEqual({ code: "a", message: "b" });
  expect(refuse("a", "b", "c").error.field).toBe("c");
});
