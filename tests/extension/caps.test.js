import { afterEach, expect, test } from "vitest";
import { LOCAL, SESSION, applyCap } from "../../extension/src/caps.js";
import { end, pairedBrowser } from "./browser-kit.js";

afterEach(end);

const ROOM = 10_000_000;
const WIDE = "論";

test("every key that lasts has a cap, and all of them together fit", async () => {
  const { DEFAULTS, SESSION_DEFAULTS } = await import("../../extension/src/storage.js");
  expect(Object.keys(LOCAL).sort()).toEqual(Object.keys(DEFAULTS).sort());
  expect(Object.keys(SESSION).sort()).toEqual(Object.keys(SESSION_DEFAULTS).sort());
  // What waits for other servers is counted together with the queue.
  const { elsewhere: _, ...own } = LOCAL;
  for (const caps of [own, SESSION])
    expect(Object.values(caps).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(0.95 * ROOM);
  // What grows has a number of entries too, and what does not is small.
  for (const { most, bytes } of [...Object.values(own), ...Object.values(SESSION)])
    expect(most ?? bytes).toBeLessThanOrEqual(10_000);
});

test("a key without a cap cannot be written", async () => {
  const { change, session } = await (await pairedBrowser(), import("../../extension/src/storage.js"));
  await expect(change(["more"], (kept) => void (kept.more = 1))).rejects.toThrow("more has no cap");
  expect(() => session.set("more", 1)).toThrow("more has no cap");
});

test("the oldest go first, of a list and of a map, by number and by size", () => {
  const caps = { x: { most: 3, bytes: 100 } };
  expect(applyCap(caps, "x", [1, 2, 3, 4])).toEqual([2, 3, 4]);
  expect(applyCap(caps, "x", { a: 1, b: 2, c: 3, d: 4 })).toEqual({ b: 2, c: 3, d: 4 });
  expect(applyCap(caps, "x", ["a".repeat(90), "b".repeat(40), "c".repeat(40)])).toEqual([
    "b".repeat(40),
    "c".repeat(40),
  ]);
  // Bytes, not characters.
  expect(applyCap(caps, "x", [WIDE.repeat(40), "c"])).toEqual(["c"]);
  const fits = { a: 1 };
  expect(applyCap(caps, "x", fits)).toBe(fits);
});
