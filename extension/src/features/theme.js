/** Keeps all that is ours in the page's own light or dark. */

import { followTheme } from "../ui/host.js";

/** @type {import("../page/lifecycle.js").Feature} */
export const theme = {
  runs: ({ state }) => state === "ready" || state === "offline" || state === "unpaired",
  init(page, signal) {
    // It may start before there is a body to look at.
    page.on("cards", followTheme(signal), signal);
  },
};
