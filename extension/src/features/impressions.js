/** Impressions: half of a card in view for a second, each paper once a visit; a renewed list shows nothing new. */

/** @typedef {import("../page/page.js").Page} Page */

const VISIBLE_SHARE = 0.5;
const DWELL_MS = 1000;

/** Calls `onSeen` once for each watched element that has been in view long enough. */
class DwellWatcher {
  /** @type {Map<Element, string>} */
  #papers = new Map();
  /** @type {Map<Element, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  #observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#follow(entry)), {
    threshold: [0, 0.25, VISIBLE_SHARE, 0.75],
  });
  #onSeen;

  /**
   * @param {(element: HTMLElement, paper: string) => void} onSeen
   * @param {AbortSignal} signal
   */
  constructor(onSeen, signal) {
    this.#onSeen = onSeen;
    signal.addEventListener("abort", () => this.clear());
  }

  /**
   * @param {Element} element
   * @param {string} paper
   */
  watch(element, paper) {
    if (this.#papers.get(element) === paper) return;
    // A page may draw another paper in the same element.
    this.#forget(element);
    this.#papers.set(element, paper);
    this.#observer.observe(element);
  }

  /**
   * Forget all elements but these: a page that draws its cards anew would else be kept whole, copy by copy.
   * @param {Set<Element>} current
   */
  keepOnly(current) {
    for (const element of this.#papers.keys()) if (!current.has(element)) this.#forget(element);
  }

  /** Forget all elements. */
  clear() {
    this.#observer.disconnect();
    this.stopTimers();
    this.#papers.clear();
  }

  /** What is in view now has not been seen, for all that it was in view until now. */
  stopTimers() {
    for (const element of [...this.#timers.keys()]) this.#stopTimer(element);
  }

  /** @param {IntersectionObserverEntry} entry */
  #follow({ target, isIntersecting, intersectionRatio, intersectionRect }) {
    const isEnough = intersectionRatio >= VISIBLE_SHARE || intersectionRect.height >= innerHeight * VISIBLE_SHARE;
    if (!isIntersecting || !isEnough) this.#stopTimer(target);
    else if (!this.#timers.has(target))
      this.#timers.set(
        target,
        setTimeout(() => this.#finish(target), DWELL_MS),
      );
  }

  /** @param {Element} element */
  #forget(element) {
    this.#observer.unobserve(element);
    this.#stopTimer(element);
    this.#papers.delete(element);
  }

  /** @param {Element} element */
  #stopTimer(element) {
    clearTimeout(this.#timers.get(element));
    this.#timers.delete(element);
  }

  /** @param {Element} element */
  #finish(element) {
    this.#timers.delete(element);
    const paper = this.#papers.get(element);
    if (!paper || document.visibilityState !== "visible") return;
    this.#observer.unobserve(element);
    this.#onSeen(/** @type {HTMLElement} */ (element), paper);
  }
}

/**
 * The panel's papers, inside its shadow root.
 * @returns {HTMLElement[]}
 */
const panelPapers = () => [
  .../** @type {NodeListOf<HTMLElement>} */ (
    document.querySelector('[data-inkling="panel"]')?.shadowRoot?.querySelectorAll("[data-paper][data-position]") ?? []
  ),
];

/**
 * Logs impressions: one for each paper until `clear` is called.
 * @param {Page} page
 */
function impressionLog(page) {
  const logged = new Set();
  return {
    /**
     * @param {import("../messages.js").Surface} surface
     * @param {string} paper
     * @param {number | null} position
     * @param {string | undefined} list_id
     */
    add(surface, paper, position, list_id) {
      if (!position || !list_id || logged.has(paper)) return;
      logged.add(paper);
      page.log("impression", paper, { surface, position, list_id });
    },
    clear: () => logged.clear(),
  };
}

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
    const log = impressionLog(page);
    const cards = new DwellWatcher(
      (_element, paper) => log.add("card", paper, page.positionOf(paper), page.listId),
      signal,
    );
    const panel = new DwellWatcher(
      ({ dataset }, paper) => log.add("panel", paper, Number(dataset.position), dataset.list),
      signal,
    );
    const clear = () => [cards, panel].forEach((watcher) => watcher.clear());
    const watch = () => {
      if (signal.aborted) return;
      if (listId !== page.list?.list_id) clear();
      listId = page.list?.list_id;
      cards.keepOnly(new Set(page.cards.map(({ element }) => element)));
      for (const { element, card } of page.cards) cards.watch(element, card.id);
      const papers = panelPapers();
      panel.keepOnly(new Set(papers));
      for (const element of papers) panel.watch(element, element.dataset.paper ?? "");
    };
    const onVisibility = () => {
      if (document.visibilityState !== "visible") return;
      clear();
      watch();
    };
    document.addEventListener("visibilitychange", onVisibility, { signal });
    // Nobody sees a page that has been left; one from the browser's back cache sends its view anew.
    addEventListener("pagehide", clear, { signal });
    // The panel draws a view only after this call.
    for (const name of /** @type {const} */ (["cards", "view"])) page.on(name, () => queueMicrotask(watch), signal);
    // What is still in view belongs to the page that is being left.
    const leave = () => {
      log.clear();
      for (const watcher of [cards, panel]) watcher.stopTimers();
    };
    page.on("place", leave, signal);
    queueMicrotask(watch);
  },
};
