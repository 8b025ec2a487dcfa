/** Boxes beside a button, in the browser's top layer, where no card can clip them: why, similar papers, a menu. */

export const BOX_STYLE = `
.box {
  position: fixed; inset: auto; margin: 0; padding: 14px 16px; width: min(340px, calc(100vw - 24px));
  max-height: 70vh; overflow: auto;
  border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink);
  box-shadow: 0 8px 28px rgb(0 0 0 / .16); font-size: 13px; line-height: 1.45;
}
.box:focus { outline: none; }
`;

/**
 * Below the button, or above it if there is no room below.
 * @param {HTMLElement} box
 * @param {Element} button
 */
function placeBy(box, button) {
  const around = button.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  // Counted from the side where lines begin.
  const across = document.documentElement.clientWidth;
  const edge = getComputedStyle(box).direction === "rtl" ? across - around.right : around.left;
  const start = Math.max(12, Math.min(edge, across - width - 12));
  const fitsBelow = around.bottom + 6 + height < innerHeight;
  const top = fitsBelow ? around.bottom + 6 : Math.max(12, around.top - 6 - height);
  Object.assign(box.style, { insetInlineStart: `${start}px`, insetBlockStart: `${top}px` });
}

/**
 * Open a box beside a button. Escape or a click elsewhere closes it, and the focus goes back.
 * @param {HTMLElement} button
 * @param {HTMLElement} box a popover
 * @param {HTMLElement} [first] gets the focus; otherwise the box itself
 * @returns {() => void} places the box anew, once more is in it
 */
export function openBox(button, box, first = box) {
  const root = /** @type {ShadowRoot} */ (button.getRootNode());
  root.querySelector(".box")?.remove();
  root.append(box);
  let hadFocus = false;
  box.addEventListener("beforetoggle", () => (hadFocus = box.contains(root.activeElement)));
  box.addEventListener("toggle", (event) => {
    if (/** @type {any} */ (event).newState !== "closed") return;
    box.remove();
    if (!root.querySelector(".box")) button.setAttribute("aria-expanded", "false");
    // If a key opened the box, the browser has no button to give the focus back to.
    if (hadFocus && !root.activeElement) button.focus({ preventScroll: true });
  });
  box.showPopover();
  placeBy(box, button);
  button.setAttribute("aria-expanded", "true");
  first.focus({ preventScroll: true });
  return () => placeBy(box, button);
}
