/**
 * Opens: a click of any kind on a paper's link, arriving on a paper's page, and the link a context menu was opened on.
 *
 * The worker keeps one open of what is one (a click on a card and arriving on the page behind it) and leaves out what
 * the
 * reader does not want logged; here every trusted one is told, from the first moment, before the view is known.
 */

import { FROM_PAGE, send } from "../messages.js";

/** @typedef {import("../page/page.js").Page} Page */

/**
 * The link under an event, our own shadow roots included.
 * @param {Event} event
 * @returns {HTMLAnchorElement | null}
 */
function linkOf(event) {
  const found = event.composedPath().find((one) => one instanceof HTMLAnchorElement && one.hasAttribute("href"));
  return /** @type {HTMLAnchorElement | undefined} */ (found) ?? null;
}

/**
 * Where on the page the link is, for the log.
 * @param {Page} page
 * @param {HTMLAnchorElement} link
 * @param {string} paper
 * @returns {{surface: import("../messages.js").Surface, position?: number, list_id?: string}}
 */
function whereOf(page, link, paper) {
  const recommended = /** @type {HTMLElement | null} */ (link.closest("[data-paper][data-position]"));
  if (recommended)
    return { surface: "panel", position: Number(recommended.dataset.position), list_id: recommended.dataset.list };
  const surface = page.place.kind === "paper" || page.place.kind === "abs" ? "paper_page" : "card";
  const position = surface === "card" ? page.positionOf(paper) : null;
  return position ? { surface, position } : { surface };
}

/** @param {Page} page @param {Event} event */
function paperAt(page, event) {
  const link = event.isTrusted ? linkOf(event) : null;
  const paper = link && page.site.paperOf(link.href, page.place);
  return link && paper ? { paper, ...whereOf(page, link, paper) } : null;
}

/**
 * The reader came to a paper's own page, which was read and is that paper's: by a link, not by reloading it or going
 * back to it.
 * @param {Page} page
 */
function arrived(page) {
  const { paper } = page.place;
  if (!paper || paper === page.arrivedAt || page.cards[0]?.card.id !== paper) return;
  page.arrivedAt = paper;
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if ((entry?.type ?? "navigate") === "navigate") page.log("open", paper, { surface: "paper_page" });
}

/** Whether the reader has just pressed something on this page. */
const isActive = () => navigator.userActivation?.isActive ?? true;

/**
 * A page that leads elsewhere by itself, without a press of the reader's: the paper it comes to is then no open of
 * theirs.
 * An address that is typed, or a bookmark, is no navigation of the page's own.
 * @param {Page} page
 * @param {AbortSignal} signal
 */
function tellOfScripts(page, signal) {
  /** @type {any} */
  const { navigation } = globalThis;
  if (!navigation) {
    // Firefox before 147: all that can be told is that nobody pressed anything before it went away.
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

/** @type {import("../page/lifecycle.js").Feature} */
export const opens = {
  runs: ({ state }) => state === null || state === "ready" || state === "offline",
  init(page, signal) {
    /** @param {Event} event */
    const opened = (event) => {
      const at = paperAt(page, event);
      if (!at || at.paper === page.place.paper) return;
      const { paper, ...where } = at;
      page.log("open", paper, where);
    };
    addEventListener("click", opened, { capture: true, signal });
    // A right click fires auxclick too; only the middle button opens.
    addEventListener("auxclick", (event) => event.button === 1 && opened(event), { capture: true, signal });
    tellOfScripts(page, signal);
    let menu = false;
    addEventListener(
      "contextmenu",
      (event) => {
        const at = paperAt(page, event);
        menu = at !== null;
        if (at) send(FROM_PAGE.linkContext, { page: page.place.page, list_id: page.list?.list_id, ...at });
      },
      { capture: true, signal },
    );
    // A press on the page means that the menu is gone, and that what opens now is not its link.
    for (const press of ["pointerdown", "keydown"]) {
      addEventListener(
        press,
        (event) => {
          if (!menu || !event.isTrusted || ("button" in event && event.button === 2)) return;
          menu = false;
          send(FROM_PAGE.linkContext, { page: page.place.page });
        },
        { capture: true, signal },
      );
    }
    // The first reading comes after a page rendered ahead of its visit was really visited; it may have been before
    // this.
    page.on("after-scan", () => arrived(page), signal);
    arrived(page);
  },
};
