/** How a mark looks: a small chip in the card's corner. */

import { BOX_STYLE } from "./box.js";
import { MENU_STYLE } from "./menu.js";
import { SIMILAR_STYLE } from "./similar.js";
import { WHY_STYLE } from "./why.js";

export const MARK_STYLE = `
:host { position: absolute; z-index: 10; width: max-content; height: 0; line-height: 0; }
:host([data-where="corner"]) { top: 8px; inset-inline-start: 8px; }
:host([data-where="side"]) { top: 8px; inset-inline-end: 8px; }
:host([data-where="line"]) { top: 50%; inset-inline-end: 8px; }
/* On a narrow card the title reaches the edge; the last line, with small facts, does not. */
@media (max-width: 640px) {
  :host([data-where="side"]) { top: auto; bottom: 38px; }
}
:host([data-where="line"]) .row { transform: translateY(-50%); }
:host([data-where="bar"]) {
  position: static; display: var(--inkling-flex, none); align-items: center; gap: 12px; width: auto; height: 56px;
  line-height: 1.4; flex: none;
  max-width: var(--grid-width, 1536px); margin: 0 auto; padding: 10px var(--grid-pad, 16px) 0;
}
.reason { margin: 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: var(--faint); font-size: 13px; }
:host(:not([data-where="bar"])) .reason { display: none; }
.row {
  display: inline-flex; align-items: center; gap: 2px; padding: 1px; border-radius: 8px;
  border: 1px solid transparent; line-height: 1.4;
}
.row > .icon { opacity: 0; pointer-events: none; }
:host([data-open]) .row, :host([data-where="bar"]) .row {
  background: var(--paper); border-color: var(--line); box-shadow: 0 1px 4px rgb(0 0 0 / .12);
}
:host([data-open]) .row > .icon, :host([data-where="bar"]) .row > .icon { opacity: 1; pointer-events: auto; }
:host([data-where="bar"]) .row { box-shadow: none; }
:host(:not([data-open])) .row { pointer-events: none; }
.sign {
  width: 24px; height: 24px; color: var(--soft); background: var(--paper); border: 1px solid var(--line);
  pointer-events: auto;
}
:host([data-open]) .sign, :host([data-where="bar"]) .sign { border-color: transparent; background: none;
  cursor: default; }
:host([data-sign="saved"]) .sign { color: var(--accent); }
:host([data-sign="seen"]) .sign { color: var(--faint); }
:host([data-sign="none"]) .sign,
:host([data-where="bar"]:is([data-sign="saved"], [data-sign="hidden"])) .sign { display: none; }
@media (hover: hover) { :host([data-open]:is([data-sign="saved"], [data-sign="hidden"])) .sign { display: none; } }
/* Touch: the sign stays where it was, so that the tap that opens the row does not land on a button. */
@media (hover: none) {
  :host([data-sign="none"]:not([data-where="bar"])) .sign { display: inline-flex; opacity: .8; }
  .sign { width: 32px; height: 32px; }
}
/* Unsent after a second: paler until the server has it. */
:host([data-pending]) :is(.sign, [aria-pressed="true"]) svg { opacity: .5; transition: opacity 0s 1s; }
@media (prefers-reduced-motion: no-preference) {
  .sign svg, .icon svg { transition: opacity .2s; }
  :host([data-pending]) :is(.sign, [aria-pressed="true"]) svg { transition: opacity .2s 1s; }
}
.rank {
  font-size: 11px; color: var(--soft); padding: 3px 6px; background: var(--paper); border: 1px solid var(--line);
  border-radius: 6px; font-variant-numeric: tabular-nums; white-space: nowrap;
}
:host([data-open]) .rank { border-color: transparent; }
/* On a dimmed card the rank is too pale to read. */
:host([data-sign="hidden"]:not([data-open])) .rank { visibility: hidden; }
:host(:is([data-where="side"], [data-where="line"])) .sign { order: 9; }
:host(:is([data-where="side"], [data-where="line"])) .rank { order: 8; }
${BOX_STYLE}${WHY_STYLE}${MENU_STYLE}${SIMILAR_STYLE}
`;
