/** How the panel looks: one row of papers, as wide as the page's own grid, of a height known beforehand. */

import { BOX_STYLE } from "./box.js";
import { MENU_STYLE } from "./menu.js";
import { SIMILAR_STYLE } from "./similar.js";
import { WHY_STYLE } from "./why.js";

export const PANEL_STYLE = `
:host { container-type: inline-size; width: 100%; max-width: var(--grid-width, 1536px); margin: 20px auto 16px;
  padding: 0 var(--grid-pad, 16px); flex: none; }
.panel { border: 1px solid var(--line); border-radius: 12px; background: var(--tint); overflow: hidden; }
header { display: flex; align-items: center; gap: 8px; height: 42px; padding-inline: 14px 8px; }
h2 { margin: 0; font-size: 14px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  min-width: 0; }
.drop { color: var(--accent); }
.plain { margin: 0; color: var(--soft); font-size: 13px; min-width: 0; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.rest {
  height: 190px; padding: 0 24px 40px; display: flex; flex-direction: column; align-items: center;
  justify-content: center; gap: 12px;
  color: var(--soft); font-size: 13.5px;
}
.rest p { margin: 0; text-align: center; text-wrap: balance; max-width: 60ch; }
.rest svg { width: 26px; height: 26px; color: var(--unlit); }
.tools { margin-inline-start: auto; display: flex; gap: 4px; flex: none; }
.label { align-self: center; padding-inline-end: 4px; font-size: 12.5px; color: var(--faint); white-space: nowrap; }
.switch { display: inline-flex; padding: 2px; border-radius: 8px; background: var(--hover); }
.switch button { height: 24px; padding: 0 9px; color: var(--soft); white-space: nowrap; }
.switch button[aria-pressed="true"] { background: var(--paper); color: var(--ink);
  box-shadow: 0 1px 2px rgb(0 0 0 / .10); }
.fold svg { transition: none; }
.fold[aria-expanded="true"] svg { transform: rotate(180deg); }
.papers {
  list-style: none; margin: 0; padding: 0 12px 12px; display: grid; gap: 10px; overflow-x: auto; overflow-y: hidden;
  grid-auto-flow: column; grid-template-columns: repeat(5, minmax(208px, 1fr)); grid-auto-columns: 64px;
  scroll-snap-type: x proximity;
  scroll-padding: 12px; scrollbar-width: thin; height: 190px; overscroll-behavior-x: contain;
}
.papers[data-more] { grid-template-columns: none; grid-auto-columns: max-content; }
.papers[data-more] .paper { width: 228px; }
.paper, .wait, .next {
  position: relative; display: flex; flex-direction: column; min-width: 0; height: 178px; padding: 10px 12px 6px;
  scroll-snap-align: start;
  border: 1px solid var(--line); border-radius: 10px; background: var(--paper);
}
.body { display: flex; flex-direction: column; min-height: 0; flex: 1; }
.title {
  color: var(--ink); text-decoration: none; font-weight: 600; font-size: 13.5px; line-height: 1.33; border-radius: 4px;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; flex: none;
}
.title:hover { text-decoration: underline; text-underline-offset: 2px; }
.meta { display: flex; align-items: center; gap: 8px; margin: 5px 0 0; font-size: 12px; color: var(--faint);
  white-space: nowrap; flex: none; }
.who { overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.votes { display: inline-flex; align-items: center; gap: 3px; }
.votes svg { width: 11px; height: 11px; }
.reason {
  margin: 5px 0 0; font-size: 12px; line-height: 1.35; color: var(--soft);
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden;
}
.actions { display: flex; gap: 2px; margin: 2px -5px 0; flex: none; }
.gone { margin: 0; flex: 1; display: grid; place-items: center; color: var(--faint); font-size: 13px; }
.next { padding: 0; align-self: start; }
.papers > .next { width: 64px; }
.next button { width: 100%; height: 100%; flex-direction: column; border-radius: 9px; color: var(--soft); }
.wait { background: none; border-style: dashed; }
.wait i { display: block; height: 10px; border-radius: 5px; background: var(--hover); margin: 6px 0; }
.wait i:nth-child(2) { width: 72%; } .wait i:nth-child(3) { width: 45%; }
.foot { min-height: 0; }
.link { height: 26px; padding: 0 9px; color: var(--accent); border: 1px solid var(--line); background: var(--paper); }
@container (max-width: 568px) {
  [data-plain] header { height: 90px; flex-wrap: wrap; align-content: center; gap: 6px 8px; padding-block: 6px; }
  [data-plain] .plain { white-space: normal; order: 9; flex: 1 0 100%; max-height: 2.8em; }
  .switch button[data-order="original"] { display: none; }
  .papers { grid-template-columns: repeat(5, 82%); }
  .papers[data-more] .paper { width: calc(.82 * (100cqw - 24px)); }
  /* No room beside the heading: the note gets its own line, and the papers are lower by as much. */
  [data-note] header { height: 62px; flex-wrap: wrap; align-content: center; gap: 0 8px; }
  [data-note] .plain { order: 9; flex: 1 0 100%; }
  [data-note]:has(.papers:not([hidden])) .papers { height: 170px; }
  [data-note] .paper { height: 158px; }
  [data-note] .reason { -webkit-line-clamp: 2; }
}
@container (max-width: 760px) { .label { display: none; } }
@media (prefers-reduced-motion: no-preference) {
  .papers { scroll-behavior: smooth; }
  .wait i { animation: wait 1.4s ease-in-out infinite alternate; }
}
@keyframes wait { to { opacity: .45; } }
${BOX_STYLE}${WHY_STYLE}${MENU_STYLE}${SIMILAR_STYLE}
`;
