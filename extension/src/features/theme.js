/** Keeps all that is ours in the page's own light or dark. */

import { followTheme } from "../ui/host.js";

/** @type {import("../page/run.js").Feature} */
export const theme = {
  runs: ({ state }) => state === "ready" || state === "offline" || state === "unpaired",
  init: (_page, signal) => followTheme(signal),
};
