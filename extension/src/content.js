/** The sites and features of the content script, each in its own file. */

import { run } from "./page/lifecycle.js";
import { arxiv } from "./sites/arxiv.js";
import { huggingface } from "./sites/huggingface.js";
import { impressions } from "./features/impressions.js";
import { marks } from "./features/marks.js";
import { notice } from "./features/notice.js";
import { opens } from "./features/opens.js";
import { order } from "./features/order.js";
import { panel } from "./features/panel.js";
import { paperMark } from "./features/paper-mark.js";
import { shortcuts } from "./features/shortcuts.js";
import { theme } from "./features/theme.js";
import { upvotes } from "./features/upvotes.js";

/** Settles after the first scan: false if the page is none of ours. */
export const isOurs = run(
  [huggingface, arxiv],
  [opens, theme, panel, paperMark, marks, order, upvotes, impressions, shortcuts, notice],
);
