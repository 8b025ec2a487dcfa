/** Our own boxes, as wide as the page's own column. */

const LATEST_MS = 300;

/**
 * Where an element's content begins, counted along the line as the page reads, and how wide it is; its padding left
 * out.
 * @param {Element} element
 * @param {boolean} isRtl the page reads from right to left
 */
function contentOf(element, isRtl) {
  const { left, right, width } = element.getBoundingClientRect();
  const { paddingLeft, paddingRight } = getComputedStyle(element);
  const [onLeft, onRight] = [paddingLeft, paddingRight].map((padding) => parseFloat(padding || "0"));
  return { start: isRtl ? onRight - right : left + onLeft, width: width - onLeft - onRight };
}

/**
 * Keep a host as wide as an element of the page and in line with it, until stopped.
 * @param {HTMLElement} host
 * @param {Element} column
 * @returns {() => void} stops
 */
export function alignWith(host, column) {
  const show = () => host.style.removeProperty("visibility");
  const follow = () => {
    const isRtl = getComputedStyle(host.parentElement ?? column).direction === "rtl";
    const { width, start } = contentOf(column, isRtl);
    const around = host.parentElement && contentOf(host.parentElement, isRtl);
    show();
    if (width < 200 || !around) return;
    host.style.setProperty("--grid-width", `${Math.round(width)}px`);
    host.style.setProperty("--grid-pad", "0px");
    // A column that is not in the middle (arXiv's) keeps the edge where its lines begin.
    const isCentred = Math.abs(start - around.start - (around.width - width) / 2) < 2;
    host.style.setProperty("margin-inline", isCentred ? "auto" : `${Math.round(start - around.start)}px auto`);
  };
  // It first calls in the very frame in which the host appears, after its layout and before it is painted: nothing is
  // seen to move. Measured at once, the layout of the whole page would have to be made here, in a task of ours.
  // Not drawn before it is in line: the first measure may come a frame late. A column without a size has none.
  if (!host.style.getPropertyValue("--grid-width")) host.style.setProperty("visibility", "hidden");
  setTimeout(show, LATEST_MS);
  const observer = new ResizeObserver(follow);
  observer.observe(column);
  return () => observer.disconnect();
}
