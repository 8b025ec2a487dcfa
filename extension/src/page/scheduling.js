/** Work in small slices, so that no task of ours is long enough to be felt. */

const SLICE_MS = 8;
/** However quick the machine says it is: with a slow clock, or none, a slice is still a slice. */
const SLICE_ITEMS = 60;
const IDLE_LATEST_MS = 300;

/**
 * Call back in an idle moment, at the latest after 300 ms.
 * @param {() => void} call
 * @param {AbortSignal} [signal] no call once aborted
 */
export function whenIdle(call, signal) {
  const run = () => signal?.aborted || call();
  if ("requestIdleCallback" in globalThis) requestIdleCallback(run, { timeout: IDLE_LATEST_MS });
  else setTimeout(run, 1);
}

/**
 * Call back in a new task, so that what comes before and after it are not one long task.
 * @param {() => void} call
 */
export function soon(call) {
  try {
    setTimeout(call);
  } catch {
    // Firefox throws here in a page that is already gone, where nothing more is to be done.
  }
}

/** Settles in a new task. */
export const nextTask = () => new Promise((settle) => soon(() => settle(undefined)));

/**
 * Call `work` for each item, a few at a time: as many as take some milliseconds, and never more than a fixed number.
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T, index: number) => void} work
 * @param {AbortSignal} [signal] stops between two items
 * @param {(call: () => void) => void} [later] when the next slice comes
 * @returns {Promise<void>} settles when all are done, or when stopped
 */
export function inSlices(items, work, signal, later = whenIdle) {
  return new Promise((settle) => {
    let next = 0;
    const slice = () => {
      const [end, last] = [performance.now() + SLICE_MS, Math.min(items.length, next + SLICE_ITEMS)];
      while (next < last && performance.now() < end && !signal?.aborted) work(items[next], next++);
      if (next < items.length && !signal?.aborted) later(slice);
      else settle();
    };
    slice();
  });
}

/**
 * Returns a function that runs `call` once: `wait` milliseconds after its last use, `latest` after its first at most.
 * @param {() => void} call
 * @param {number} wait
 * @param {number} latest
 * @param {AbortSignal} signal cancels a call that waits
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
