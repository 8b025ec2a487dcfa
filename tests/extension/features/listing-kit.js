/** A listing in jsdom with some of our features running on it. */

import { Page } from "../../../extension/src/page/page.js";
import { huggingface } from "../../../extension/src/sites/huggingface.js";
import { attention, listOf, openPage, pass, view } from "../page-kit.js";

const life = { now: new AbortController() };

/** Take the features away again. */
export const stop = () => life.now.abort();

/**
 * A listing with the given features running on it.
 * @param {any[]} features
 * @param
 *   {{answer?: (message: any) => any, open?: boolean, path?: string, url?: string, site?: any, knobs?: object, change?: () =>
 *   void, over?: object, view?: object | null}} [options]
 *   `change` does something to the page before it is read
 */
export function start(
  features,
  {
    answer,
    open = true,
    path = "/papers/date/2026-11-20",
    url = `https://huggingface.co${path}`,
    site = huggingface,
    knobs,
    change,
    over,
    view: first,
  } = {},
) {
  const opened = openPage(url, { knobs: { n: 6, ...knobs }, answer });
  change?.();
  life.now = new AbortController();
  const page = new Page(site, site.placeOf(location, document), attention());
  page.snapshot = site.parse(document, page.place);
  page.isHydrated = open;
  const papers = page.cards.map(({ card }) => card.id);
  page.view = first === undefined ? view({ list: listOf(papers, over) }) : first;
  for (const feature of features) feature.init(page, life.now.signal);
  return { ...opened, page, papers };
}

export const hosts = () => [...document.querySelectorAll("[data-inkling=mark]")];
export const inMark = (at, selector) => hosts()[at].shadowRoot.querySelector(selector);
export const inPanel = (selector) => [
  ...document.querySelector("[data-inkling=panel]").shadowRoot.querySelectorAll(selector),
];
/** Settles once marks are no longer being added: a slow machine needs several slices for six. */
export async function drawn() {
  for (let before = -1; before !== hosts().length; await pass(60)) before = hosts().length;
}
/** A worker that keeps marks. */
export const keeping = (message) =>
  message.type === "event/log" && message.event.kind !== "impression"
    ? {
        ok: true,
        marks: {
          [message.event.paper]: {
            opened_at: null,
            saved: message.event.kind === "save",
            hidden: message.event.kind === "hide",
          },
        },
      }
    : undefined;
