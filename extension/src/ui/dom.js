/** Builds elements from text alone: nothing from a page or a server is ever parsed as markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes
 *   functions are listeners (`onclick`); true gives an empty attribute; false, null and undefined none
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else set(element, name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * Set one attribute, or remove it with false, null or undefined. Nothing is written if it has that value already.
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value
 */
export function set(element, name, value) {
  const wanted = value === false || value === null || value === undefined ? null : value === true ? "" : String(value);
  if (element.getAttribute(name) === wanted) return;
  if (wanted === null) element.removeAttribute(name);
  else element.setAttribute(name, wanted);
}

/** Paths on a grid of 16 by 16. */
const PATHS = {
  drop: "M8 1.5C5.4 5 3.5 7.4 3.5 10a4.5 4.5 0 0 0 9 0c0-2.6-1.9-5-4.5-8.5Z",
  save: "M4 2.5h8v11.3l-4-3-4 3Z",
  hide: "M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4ZM3 13 13 3",
  why: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.5v3.5M8 5v.2",
  undo: "M5.5 3 2.5 6l3 3M2.5 6H9a4 4 0 0 1 0 8H6",
  seen: "m3 8.5 3.2 3.2L13 5",
  chevron: "m4 6 4 4 4-4",
  up: "M8 3.5 13 11H3Z",
  order: "M3 4h10M3 8h7M3 12h4",
  more: "M8 3v10M3 8h10",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  menu: "M8 3.5v.01M8 8v.01M8 12.5v.01",
};

/** @type {WeakMap<Document, Map<string, Element>>} */
const drawn = new WeakMap();

/**
 * Draw something once and copy it from then on: a page has hundreds of each, and each takes ten calls and more.
 * @template {Element} T
 * @param {string} kind
 * @param {() => T} draw
 * @returns {T}
 */
export function copyOf(kind, draw) {
  const here = drawn.get(document) ?? new Map();
  drawn.set(document, here);
  if (!here.has(kind)) here.set(kind, draw());
  return here.get(kind).cloneNode(true);
}

/**
 * @param {keyof typeof PATHS} name
 * @param {boolean} [filled]
 * @returns {SVGSVGElement}
 */
export const icon = (name, filled = false) => copyOf(`icon ${name} ${filled}`, () => drawIcon(name, filled));

/**
 * Three rising bars, `steps` of them lit.
 * @param {number} steps
 */
export const bars = (steps) => copyOf(`bars ${steps}`, () => drawBars(steps));

/**
 * @param {keyof typeof PATHS} name
 * @param {boolean} filled
 */
function drawIcon(name, filled) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("class", filled ? "filled" : "line");
  svg.append(path);
  return svg;
}

/** @param {number} steps */
function drawBars(steps) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const step of [1, 2, 3]) {
    const bar = document.createElementNS(SVG, "rect");
    const height = step * 3 + 2;
    const shape = { x: step * 4 - 2, y: 13 - height, width: 3, height, rx: 1, class: step <= steps ? "lit" : "unlit" };
    for (const [key, value] of Object.entries(shape)) bar.setAttribute(key, String(value));
    svg.append(bar);
  }
  return svg;
}
