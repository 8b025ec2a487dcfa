/** Keeps our elements in the page's own light or dark theme. */

import { followTheme } from "../ui/host.js";

/** @type {import("../page/lifecycle.js").Feature} */
export const theme = {
  runs: ({ state }) => state === "ready" || state === "offline" || state === "unpaired",
  init(page, signal) {
    // At the start there may be no body to look at yet.
    page.on("cards", followTheme(signal), signal);
  },
};
