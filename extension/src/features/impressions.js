/**
 * Impressions: half of a card in view for a second, each paper once a visit: a list that comes anew shows nobody more.
 */

/** @typedef {import("../page/page.js").Page} Page */

const SHARE = 0.5;
const LONG_ENOUGH = 1000;

/**
 * Watches elements for papers, and calls when one has been in view long enough.
 * @param {(element: HTMLElement, paper: string) => void} seen
 * @param {AbortSignal} signal
 */
function watcher(seen, signal) {
  /** @type {Map<Element, string>} */
  const papers = new Map();
  /** @type {Map<Element, ReturnType<typeof setTimeout>>} */
  const timers = new Map();
  /** @param {Element} element */
  const forget = (element) => {
    clearTimeout(timers.get(element));
    timers.delete(element);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting, intersectionRatio, intersectionRect } of entries) {
        const enough = intersectionRatio >= SHARE || intersectionRect.height >= innerHeight * SHARE;
        if (!isIntersecting || !enough) forget(target);
        else if (!timers.has(target))
          timers.set(
            target,
            setTimeout(() => finish(target), LONG_ENOUGH),
          );
      }
    },
    { threshold: [0, 0.25, SHARE, 0.75] },
  );
  /** @param {Element} element */
  const finish = (element) => {
    timers.delete(element);
    const paper = papers.get(element);
    if (!paper || document.visibilityState !== "visible") return;
    observer.unobserve(element);
    seen(/** @type {HTMLElement} */ (element), paper);
  };
  signal.addEventListener("abort", () => {
    observer.disconnect();
    for (const element of [...timers.keys()]) forget(element);
  });
  return {
    /** @param {Element} element @param {string} paper */
    watch(element, paper) {
      papers.set(element, paper);
      observer.observe(element);
    },
    /** Begin again: another list. */
    clear() {
      observer.disconnect();
      for (const element of [...timers.keys()]) forget(element);
      papers.clear();
    },
    has: (/** @type {Element} */ element) => papers.has(element),
  };
}

/** The panel's papers, in its own shadow root. @returns {HTMLElement[]} */
const recommended = () => [
  .../** @type {NodeListOf<HTMLElement>} */ (
    document.querySelector('[data-inkling="panel"]')?.shadowRoot?.querySelectorAll("[data-paper][data-position]") ?? []
  ),
];

/** @type {import("../page/lifecycle.js").Feature} */
export const impressions = {
  runs: ({ state, view, list, place: { kind } }) =>
    (state === "ready" || state === "offline") &&
    view?.capture === "auto" &&
    Boolean(list) &&
    kind !== "paper" &&
    kind !== "abs",
  init(page, signal) {
    let listId = page.list?.list_id;
    const told = new Set();
    /**
     * @param {import("../messages.js").Surface} surface
     * @param {string} paper
     * @param {number | null} position
     * @param {string | undefined} list_id
     */
    const log = (surface, paper, position, list_id) => {
      if (!position || !list_id || told.has(paper)) return;
      told.add(paper);
      page.log("impression", paper, { surface, position, list_id });
    };
    const cards = watcher((_element, paper) => log("card", paper, page.positionOf(paper), page.listId), signal);
    const panel = watcher(({ dataset }, paper) => log("panel", paper, Number(dataset.position), dataset.list), signal);
    const watch = () => {
      if (signal.aborted) return;
      if (listId !== page.list?.list_id) {
        listId = page.list?.list_id;
        cards.clear();
        panel.clear();
      }
      for (const { element, card } of page.cards) if (!cards.has(element)) cards.watch(element, card.id);
      for (const element of recommended()) if (!panel.has(element)) panel.watch(element, element.dataset.paper ?? "");
    };
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState !== "visible") return;
        cards.clear();
        panel.clear();
        watch();
      },
      { signal },
    );
    // Nobody sees a page that is left; one that comes back out of the browser's cache tells its view anew.
    addEventListener(
      "pagehide",
      () => {
        cards.clear();
        panel.clear();
      },
      { signal },
    );
    for (const name of /** @type {const} */ (["cards", "view"])) page.on(name, () => queueMicrotask(watch), signal);
    page.on("place", () => told.clear(), signal);
    // What the panel draws of the same view is there only after it.
    queueMicrotask(watch);
  },
};
