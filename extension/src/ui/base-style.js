/**
 * What all our hosts share: the colours of the light and the dark theme, buttons, focus. `--inkling-block` and the like
 * come from reserve.css; without it no host is drawn.
 */

export const BASE = `
:host {
  all: initial;
  display: var(--inkling-block, none);
  box-sizing: border-box;
  font-family: inherit;
  font-size: 14px;
  line-height: 1.4;
  --ink: #111827;
  --soft: #4b5563;
  --faint: #6b7280;
  --line: #e5e7eb;
  --paper: #ffffff;
  --tint: #f9fafb;
  --hover: #f3f4f6;
  --accent: #4338ca;
  --accent-tint: #eef2ff;
  --unlit: #c7cbd4;
  --focus: #4f46e5;
  color: var(--ink);
}
:host([data-theme="dark"]) {
  --ink: #e5e7eb;
  --soft: #b3bac6;
  --faint: #9ca3af;
  --line: #232b3a;
  --paper: #0f1521;
  --tint: #121927;
  --hover: #1d2636;
  --accent: #a5b4fc;
  --accent-tint: #1e2547;
  --unlit: #4b5565;
  --focus: #a5b4fc;
  color-scheme: dark;
}
:host([hidden]) { display: none; }
/* Too late for a place in the page: over it. */
:host([data-over]:is([data-inkling="panel"], [data-where="bar"])) {
  position: fixed; z-index: 2147483000; inset-block: auto 8px; inset-inline: 0; margin: 0 auto;
  width: min(760px, 100% - 24px); max-width: none; height: auto; padding: 0;
  border-radius: 12px; background: var(--paper); box-shadow: 0 4px 20px rgb(0 0 0 / .18);
}
:host([data-over][data-where="bar"]) { width: max-content; max-width: min(760px, 100% - 24px); padding-block: 5px;
  padding-inline: 6px 12px; border: 1px solid var(--line); }
* { box-sizing: border-box; }
/* The layout follows the page's direction; each text follows its own words. */
p, h2, h3, a, span { unicode-bidi: plaintext; text-align: -webkit-match-parent; text-align: match-parent; }
:host(:dir(rtl)) [data-action="undo"] svg { scale: -1 1; }
[hidden] { display: none !important; }
svg { width: 16px; height: 16px; display: block; flex: none; }
.line { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.filled { fill: currentColor; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round; }
.lit { fill: var(--accent); }
.unlit { fill: var(--unlit); }
button {
  all: unset;
  box-sizing: border-box;
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 5px;
  cursor: pointer;
  color: var(--soft);
  border-radius: 6px;
  font-size: 12.5px;
  -webkit-tap-highlight-color: transparent;
}
button.icon { min-width: 26px; height: 26px; }
button.icon:has(span) { padding-inline: 5px 7px; }
button:hover { background: var(--hover); color: var(--ink); }
button[aria-pressed="true"] { color: var(--accent); }
button:focus-visible, a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--focus);
  outline-offset: 1px; }
button[aria-disabled="true"] { opacity: .5; cursor: default; }
.heard { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
@media (pointer: coarse) { button.icon { min-width: 36px; height: 36px; } }
@media (forced-colors: active) { button[aria-pressed="true"] { outline: 1px solid; } }
@media (prefers-reduced-motion: no-preference) { button, a { transition: background-color .12s, color .12s; } }
`;
