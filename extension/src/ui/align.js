/** Keeps our hosts as wide as the page's own column. */

const LATEST_MS = 300;

/**
 * Where an element's content starts, in reading direction, and how wide it is, without its padding.
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
 * Keep a host as wide as an element of the page, and in line with it.
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
    // A column that is not centred (arXiv's) keeps its starting edge.
    const isCentred = Math.abs(start - around.start - (around.width - width) / 2) < 2;
    host.style.setProperty("margin-inline", isCentred ? "auto" : `${Math.round(start - around.start)}px auto`);
  };
  // The observer first calls after layout and before paint, in the frame in which the host appears: the reader sees
  // nothing move. Measuring now would force a layout of the whole page inside our task. That call may come a frame
  // late, or never for a column without a size, so the host stays invisible until it is in line, or for 300 ms.
  if (!host.style.getPropertyValue("--grid-width")) host.style.setProperty("visibility", "hidden");
  setTimeout(show, LATEST_MS);
  const observer = new ResizeObserver(follow);
  observer.observe(column);
  return () => observer.disconnect();
}
