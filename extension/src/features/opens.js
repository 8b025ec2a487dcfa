/**
 * Opens: any click on a paper's link, an arrival on a paper's page, and the link a context menu was opened on.
 *
 * Every trusted open is sent from the first moment on, before there is a view. The worker counts a click and the
 * arrival that follows it once, and leaves out what the reader does not want logged.
 */

import { FROM_PAGE, send } from "../messages.js";

/** @typedef {import("../page/page.js").Page} Page */
/** @typedef {import("../page/page.js").Where} Where */

/**
 * The link an event happened on; our own shadow roots count too.
 * @param {Event} event
 * @returns {HTMLAnchorElement | null}
 */
function linkOf(event) {
  const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement && one.hasAttribute("href"));
  return /** @type {HTMLAnchorElement | undefined} */ (link) ?? null;
}

/**
 * Where on the page a link is, for the log.
 * @param {Page} page
 * @param {HTMLAnchorElement} link
 * @param {string} paper
 * @returns {Where}
 */
function whereOf(page, link, paper) {
  const inPanel = /** @type {HTMLElement | null} */ (link.closest("[data-paper][data-position]"));
  if (inPanel) return { surface: "panel", position: Number(inPanel.dataset.position), list_id: inPanel.dataset.list };
  const surface = page.place.kind === "paper" || page.place.kind === "abs" ? "paper_page" : "card";
  const position = surface === "card" ? page.positionOf(paper) : null;
  return position ? { surface, position } : { surface };
}

/**
 * @param {Page} page
 * @param {Event} event
 */
function paperAt(page, event) {
  const link = event.isTrusted ? linkOf(event) : null;
  const paper = link && page.site.paperOf(link.href, page.place);
  return link && paper ? { paper, ...whereOf(page, link, paper) } : null;
}

/**
 * Log an arrival on a paper's page, once the scan has confirmed that it is that paper's. Reloading the page or going
 * back to it is no arrival.
 * @param {Page} page
 */
function logArrival(page) {
  const { paper } = page.place;
  if (!paper || paper === page.arrivedAt || page.cards[0]?.card.id !== paper) return;
  page.arrivedAt = paper;
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if ((entry?.type ?? "navigate") === "navigate") page.log("open", paper, { surface: "paper_page" });
}

/** Whether the reader has just pressed something on this page. */
const isActive = () => navigator.userActivation?.isActive ?? true;

/**
 * Tell the worker when the page itself goes to a paper, without a press of the reader's: the arrival there is then no
 * open. A typed address or a bookmark is not the page's own navigation.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function reportScriptedNavigation(page, signal) {
  /** @type {any} */
  const { navigation } = globalThis;
  if (!navigation) {
    // Firefox before 147: we only know that nobody pressed anything before the page went away.
    return addEventListener("pagehide", () => isActive() || send(FROM_PAGE.pageLeft, {}), { signal });
  }
  navigation.addEventListener(
    "navigate",
    (/** @type {any} */ event) => {
      const paper =
        event.isTrusted && !event.userInitiated && !isActive()
          ? page.site.paperOf(event.destination.url, page.place)
          : null;
      if (paper && paper !== page.place.paper) send(FROM_PAGE.pageLeft, { paper });
    },
    { signal },
  );
}

/**
 * Tell the worker which paper's link a context menu was opened on, and when the menu is gone.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function followContextMenu(page, signal) {
  let isMenuOpen = false;
  /** @param {Event} event */
  const onMenu = (event) => {
    const at = paperAt(page, event);
    isMenuOpen = at !== null;
    if (at) send(FROM_PAGE.linkContext, { page: page.place.page, list_id: page.list?.list_id, ...at });
  };
  /**
   * A press on the page closes the menu: what opens now is not its link.
   * @param {Event} event
   */
  const onPress = (event) => {
    if (!isMenuOpen || !event.isTrusted || ("button" in event && event.button === 2)) return;
    isMenuOpen = false;
    send(FROM_PAGE.linkContext, { page: page.place.page });
  };
  addEventListener("contextmenu", onMenu, { capture: true, signal });
  for (const press of ["pointerdown", "keydown"]) addEventListener(press, onPress, { capture: true, signal });
}

/** @type {import("../page/lifecycle.js").Feature} */
export const opens = {
  runs: ({ state }) => state === null || state === "ready" || state === "offline",
  init(page, signal) {
    /** @param {Event} event */
    const onClick = (event) => {
      const at = paperAt(page, event);
      if (!at || at.paper === page.place.paper) return;
      const { paper, ...where } = at;
      page.log("open", paper, where);
    };
    addEventListener("click", onClick, { capture: true, signal });
    // A right click fires auxclick too; only the middle button opens.
    addEventListener("auxclick", (event) => event.button === 1 && onClick(event), { capture: true, signal });
    reportScriptedNavigation(page, signal);
    followContextMenu(page, signal);
    // A page rendered ahead of its visit is first scanned when it is visited; that scan may be over already.
    page.on("after-scan", () => logArrival(page), signal);
    logArrival(page);
  },
};
