/** Rank every open page anew, after the reader did something that changes what is recommended. */

import { ServerError } from "../server-api.js";
import { pushViews, readOpenPages } from "./open-pages.js";
import { keyOf, rank } from "./ranked-lists.js";

/** Ids are enough: the server has the texts since the page told its cards. */
export async function rankOpenPages() {
  const pages = Object.values(await readOpenPages()).filter(({ papers }) => papers.length);
  for (const { page, papers } of new Map(pages.map((one) => [keyOf(one.page, one.papers), one])).values()) {
    const cards = papers.map((id) => ({ id }));
    await rank(page, cards).catch((error) => {
      if (!(error instanceof ServerError)) throw error;
    });
    await pushViews({ page });
  }
}
