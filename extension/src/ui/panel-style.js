/** How the panel looks: one quiet row of papers, as wide as the page's own grid, its height known beforehand. */

import { WHY_STYLE } from "./why.js";

export const PANEL_STYLE = `
:host { container-type: inline-size; width: 100%; max-width: var(--grid-width, 1536px); margin: 20px auto 16px; padding: 0 var(--grid-pad, 16px); flex: none; }
.panel { border: 1px solid var(--line); border-radius: 12px; background: var(--tint); overflow: hidden; }
header { display: flex; align-items: center; gap: 8px; height: 42px; padding: 0 8px 0 14px; }
h2 { margin: 0; font-size: 14px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; min-width: 0; }
.drop { color: var(--accent); }
.plain { margin: 0; color: var(--soft); font-size: 13px; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.rest { height: 190px; margin: 0; padding: 0 24px 34px; display: grid; place-items: center; text-align: center; text-wrap: balance; color: var(--soft); font-size: 13.5px; }
.tools { margin-left: auto; display: flex; gap: 4px; flex: none; }
.switch { display: inline-flex; padding: 2px; border-radius: 8px; background: var(--hover); }
.switch button { height: 24px; padding: 0 9px; color: var(--soft); white-space: nowrap; }
.switch button[aria-pressed="true"] { background: var(--paper); color: var(--ink); box-shadow: 0 1px 2px rgb(0 0 0 / .10); }
.fold svg { transition: none; }
.fold[aria-expanded="true"] svg { transform: rotate(180deg); }
.list {
  list-style: none; margin: 0; padding: 0 12px 12px; display: grid; gap: 10px; overflow-x: auto; overflow-y: hidden;
  grid-auto-flow: column; grid-auto-columns: minmax(228px, 1fr); scroll-snap-type: x proximity; scroll-padding: 12px;
  scrollbar-width: thin; height: 190px; overscroll-behavior-x: contain;
}
.list[data-more] { grid-auto-columns: 228px; }
.paper, .wait, .next {
  position: relative; display: flex; flex-direction: column; min-width: 0; height: 178px; padding: 10px 12px 6px; scroll-snap-align: start;
  border: 1px solid var(--line); border-radius: 10px; background: var(--paper);
}
.body { display: flex; flex-direction: column; min-height: 0; flex: 1; }
.title {
  color: var(--ink); text-decoration: none; font-weight: 600; font-size: 13.5px; line-height: 1.33; border-radius: 4px;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; flex: none;
}
.title:hover { text-decoration: underline; text-underline-offset: 2px; }
.meta { display: flex; align-items: center; gap: 8px; margin: 5px 0 0; font-size: 12px; color: var(--faint); white-space: nowrap; flex: none; }
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
.list > .next { width: 120px; }
.next button { width: 100%; height: 100%; flex-direction: column; border-radius: 10px; color: var(--soft); }
.wait { background: none; border-style: dashed; }
.wait i { display: block; height: 10px; border-radius: 5px; background: var(--hover); margin: 6px 0; }
.wait i:nth-child(2) { width: 72%; } .wait i:nth-child(3) { width: 45%; }
.foot { min-height: 0; }
.link { height: 26px; padding: 0 9px; color: var(--accent); border: 1px solid var(--line); background: var(--paper); }
@container (max-width: 568px) {
  [data-plain] header { height: 90px; flex-wrap: wrap; align-content: center; gap: 6px 8px; padding-block: 6px; }
  [data-plain] .plain { white-space: normal; order: 9; flex: 1 0 100%; max-height: 2.8em; }
  .switch button[data-order="original"] { display: none; }
  .list { grid-auto-columns: 82%; }
  .list[data-more] { grid-auto-columns: 82%; }
}
@media (prefers-reduced-motion: no-preference) { .list { scroll-behavior: smooth; } .wait i { animation: wait 1.4s ease-in-out infinite alternate; } }
@keyframes wait { to { opacity: .45; } }
${WHY_STYLE}
`;
