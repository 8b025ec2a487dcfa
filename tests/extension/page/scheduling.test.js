import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { debounce, inSlices, whenIdle } from "../../../extension/src/page/scheduling.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a debounced call comes once, after quiet, and never later than the latest", () => {
  const call = vi.fn();
  const soon = debounce(call, 100, 250, new AbortController().signal);
  soon();
  vi.advanceTimersByTime(90);
  soon();
  vi.advanceTimersByTime(90);
  expect(call).toHaveBeenCalledTimes(0);
  vi.advanceTimersByTime(10);
  expect(call).toHaveBeenCalledTimes(1);
  // Asked for again and again: it does not wait for quiet for ever.
  for (let ms = 0; ms < 250; ms += 50) {
    soon();
    vi.advanceTimersByTime(50);
  }
  expect(call).toHaveBeenCalledTimes(2);
});

test("an aborted debounce calls no more", () => {
  const [call, life] = [vi.fn(), new AbortController()];
  const soon = debounce(call, 100, 250, life.signal);
  soon();
  life.abort();
  soon();
  vi.advanceTimersByTime(1000);
  expect(call).not.toHaveBeenCalled();
});

test("slices do every item once, in order, and leave the page time in between", async () => {
  let clock = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clock);
  const [done, life] = [[], new AbortController()];
  const all = inSlices(
    [1, 2, 3, 4, 5],
    (item) => {
      done.push(item);
      clock += 5;
    },
    life.signal,
  );
  expect(done).toEqual([1, 2]);
  vi.advanceTimersByTime(1);
  expect(done).toEqual([1, 2, 3, 4]);
  vi.advanceTimersByTime(1);
  await all;
  expect(done).toEqual([1, 2, 3, 4, 5]);
});

test("a slice has a bounded number of items, even if the clock stands still", async () => {
  vi.spyOn(performance, "now").mockReturnValue(0);
  const items = Array.from({ length: 500 }, (_, at) => at);
  const [done, sizes] = [[], []];
  const all = inSlices(
    items,
    (item) => done.push(item),
    undefined,
    (slice) => setTimeout(() => (slice(), sizes.push(done.length))),
  );
  sizes.push(done.length);
  await vi.runAllTimersAsync();
  await all;
  expect(done).toEqual(items);
  expect(Math.max(...sizes.map((size, at) => size - (sizes[at - 1] ?? 0)))).toBeLessThanOrEqual(60);
});

test("aborted slices settle and stop between two items", async () => {
  const [done, life] = [[], new AbortController()];
  await inSlices([1, 2, 3], (item) => (done.push(item), life.abort()), life.signal);
  expect(done).toEqual([1]);
});

test("nothing is called in an idle moment after an abort", () => {
  const [call, life] = [vi.fn(), new AbortController()];
  whenIdle(call, life.signal);
  life.abort();
  vi.advanceTimersByTime(1000);
  expect(call).not.toHaveBeenCalled();
});
