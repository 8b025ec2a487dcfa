/** Our own boxes, as wide as the page's own column. */

const LATEST_MS = 300;

/** Where an element's content is, its padding left out. @param {Element} element */
function contentOf(element) {
  const { left, width } = element.getBoundingClientRect();
  const { paddingLeft, paddingRight } = getComputedStyle(element);
  return { left: left + parseFloat(paddingLeft || "0"), width: width - parseFloat(paddingLeft || "0") - parseFloat(paddingRight || "0") };
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
    const { width, left } = contentOf(column);
    const around = host.parentElement?.getBoundingClientRect();
    show();
    if (width < 200 || !around) return;
    host.style.setProperty("--grid-width", `${Math.round(width)}px`);
    host.style.setProperty("--grid-pad", "0px");
    // A column that is not in the middle (arXiv's) keeps its left edge.
    const isCentred = Math.abs(left - around.left - (around.width - width) / 2) < 2;
    host.style.setProperty("margin-inline", isCentred ? "auto" : `${Math.round(left - around.left)}px auto`);
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
