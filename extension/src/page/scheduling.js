/** Work in small slices, so that no task of ours is long enough to be felt. */

const SLICE_MS = 8;
const LATEST_MS = 300;

/**
 * Call back in an idle moment, or soon.
 * @param {() => void} call
 * @param {AbortSignal} [signal] no call once aborted
 */
export function whenIdle(call, signal) {
  const run = () => signal?.aborted || call();
  if ("requestIdleCallback" in globalThis) requestIdleCallback(run, { timeout: LATEST_MS });
  else setTimeout(run, 1);
}

/** Settles in a task of its own, so that what was done until now and what comes after are not one long task. */
export const nextTask = () => new Promise((settle) => setTimeout(settle));

/**
 * Do `work` for each of `things`, a few milliseconds at a time.
 * @template T
 * @param {readonly T[]} things
 * @param {(thing: T, index: number) => void} work
 * @param {AbortSignal} [signal] stops between two things
 * @returns {Promise<void>} settles when all are done, or when stopped
 */
export function inSlices(things, work, signal) {
  return new Promise((settle) => {
    let next = 0;
    const slice = () => {
      const end = performance.now() + SLICE_MS;
      while (next < things.length && performance.now() < end && !signal?.aborted) work(things[next], next++);
      if (next < things.length && !signal?.aborted) whenIdle(slice);
      else settle();
    };
    slice();
  });
}

/**
 * Run `call` once, `wait` milliseconds after the last time it was asked for, and no later than `latest` after the
 * first.
 * @param {() => void} call
 * @param {number} wait
 * @param {number} latest
 * @param {AbortSignal} signal
 */
export function debounce(call, wait, latest, signal) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let first = 0;
  const run = () => {
    first = 0;
    call();
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return () => {
    if (signal.aborted) return;
    const now = performance.now();
    first ||= now;
    clearTimeout(timer);
    timer = setTimeout(run, Math.min(wait, Math.max(0, first + latest - now)));
  };
}
