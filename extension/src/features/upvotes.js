/**
 * A logged-in reader's upvote counts as a save, if that setting is on; taking it back takes back that save alone.
 *
 * What counts is what the page made of the click: we read its checkbox before the click, and again once the page has
 * settled. A logged-out reader's upvote is a link to the login page and never gets here.
 */

import { FROM_PAGE, send } from "../messages.js";

/** @typedef {import("../page/page.js").Page} Page */

const SETTLED_MS = 300;

/**
 * @param {Page} page
 * @param {Element} target
 */
function paperAround(page, target) {
  return (
    page.place.paper ?? page.cards.find(({ items }) => items.some((item) => item.contains(target)))?.card.id ?? null
  );
}

/**
 * @param {Page} page
 * @param {string} paper
 * @param {boolean} upvoted
 */
async function sendUpvote(page, paper, upvoted) {
  const event = {
    id: crypto.randomUUID(),
    kind: upvoted ? "save" : "unsave",
    paper,
    at: new Date().toISOString(),
    surface: page.place.paper ? "paper_page" : "card",
    page: page.place.page,
  };
  const card = page.cards.find((one) => one.card.id === paper)?.card;
  const reply = await send(FROM_PAGE.upvoteChanged, { upvoted, event, card });
  if (reply.ok) page.updateMarks(reply.marks);
}

/** @type {import("../page/lifecycle.js").Feature} */
export const upvotes = {
  runs: ({ state, view }) => (state === "ready" || state === "offline") && view?.settings.upvote_is_save === true,
  init(page, signal) {
    /** @type {Map<HTMLInputElement, ReturnType<typeof setTimeout>>} */
    const waiting = new Map();
    /** @param {Event} event */
    const onClick = (event) => {
      const target = event.composedPath()[0];
      const box = event.isTrusted && target instanceof Element ? page.site.upvoteOf(target) : null;
      const paper = box && paperAround(page, box);
      if (!box || !paper || waiting.has(box)) return;
      // A click on the box has already changed it when listeners are called; a click on its label has not.
      const before = target === box ? !box.checked : box.checked;
      const compare = () => {
        waiting.delete(box);
        if (box.checked !== before) sendUpvote(page, paper, box.checked);
      };
      waiting.set(box, setTimeout(compare, SETTLED_MS));
    };
    addEventListener("click", onClick, { capture: true, signal });
    signal.addEventListener("abort", () => waiting.forEach((timer) => clearTimeout(timer)));
  },
};
