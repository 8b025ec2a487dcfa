"""How far things on a page move by themselves after they were first seen: the same measure in both browsers.

A script in the pages, there before anything else, looks where things stand as soon as each frame is drawn. What was in
view and is elsewhere later has moved, by so many pixels of the document; how far the reader scrolled does not count.
Beside it stands the measure that Chromium has of its own (`layout-shift`) and Firefox has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# The vitals of the web call .1 good; a panel that comes unannounced makes .17 on the listing.
MOST_SHIFT = 0.02
MOST_PIXELS = 4

# A card is known by its paper, whatever node it is now; all else by its words.
WATCH = """
globalThis.still = {shifts: [], moves: [], frames: 0, seen: 0};
{
  const WATCHED = '[data-inkling="panel"], header, footer, h1, h2, h3, form, article, dt, dd, blockquote' +
    ', li.arxiv-result';
  const DRAWN = {visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true};
  const names = new WeakMap();
  const nameOf = (node) => {
    if (names.has(node)) return names.get(node);
    const words = node.querySelector('h3 a')?.getAttribute('href') ?? node.textContent.trim().slice(0, 60);
    names.set(node, [node.dataset.inkling, node.nodeName, words].join(' '));
    return names.get(node);
  };
  const look = () => {
    const places = new Map(), times = new Map();
    // A page that lays its cards out as they come near (`content-visibility`) moves the rows below the first by itself.
    const [first] = document.getElementsByTagName('article'), firstRow = first?.getBoundingClientRect().top;
    for (const node of document.querySelectorAll(WATCHED)) {
      const {left, top, right, bottom} = node.getBoundingClientRect();
      if (first && node.closest('article') && top > firstRow + 1) continue;
      if (!(right > left && bottom > top && node.checkVisibility(DRAWN))) continue;
      const name = nameOf(node), time = (times.get(name) ?? 0) + 1;
      times.set(name, time);
      places.set(`${name} ${time}`, [left + scrollX, top + scrollY, bottom > 0 && top < innerHeight]);
    }
    return places;
  };
  let last = new Map(), lastAt = 0;
  const compare = () => {
    const now = look(), at = performance.now();
    for (const [name, [left, top, inView]] of now) {
      const before = last.get(name);
      if (!before || !(inView || before[2])) continue;
      const far = Math.max(Math.abs(left - before[0]), Math.abs(top - before[1]));
      if (far >= 1) still.moves.push({far, since: lastAt, at, what: name, from: before.slice(0, 2), to: [left, top]});
    }
    [last, lastAt] = [now, at];
    still.seen = Math.max(still.seen, [...now.values()].filter(([, , inView]) => inView).length);
    still.frames += 1;
    requestAnimationFrame(drawn);
  };
  // A message comes as soon as the frame that was asked for is drawn.
  const {port1, port2} = new MessageChannel();
  port1.onmessage = compare;
  const drawn = () => port2.postMessage(0);
  requestAnimationFrame(drawn);
  if (PerformanceObserver.supportedEntryTypes.includes('layout-shift')) new PerformanceObserver((list) => {
    for (const {value, hadRecentInput, startTime, sources} of list.getEntries()) {
      const what = sources.map(({node, previousRect, currentRect}) =>
        [node?.nodeName, node?.className, ...[previousRect, currentRect].map(({x, y, width, height}) =>
          [x, y, width, height].map(Math.round).join())].join(' '));
      // As the browser counts: not what follows within half a second of the reader's own press.
      if (!hadRecentInput) still.shifts.push({value, at: Math.round(startTime), what});
    }
  }).observe({type: 'layout-shift', buffered: true});
}
"""
# Nothing was seen before the browser drew anything of the page.
TOLD = """const [drawn] = performance.getEntriesByName('first-contentful-paint');
          const {shifts, moves, frames, seen} = document.defaultView.wrappedJSObject?.still ?? still;
          return {shifts, moves: moves.filter(({since}) => drawn && since >= drawn.startTime), frames, seen,
                  drawn: drawn?.startTime ?? null}"""


@contextmanager
def watched(pages: PagesServer) -> Iterator[None]:
    """Have every page watch itself."""
    pages.script = WATCH
    try:
        yield
    finally:
        pages.script = ""


def expect_still(tab: Tab, where: str = "") -> None:
    """Fail where anything on the page in a tab has moved by itself since it was first seen."""
    told = tab.run(TOLD)
    assert told["drawn"] is not None, told
    assert told["frames"] >= 3, told
    assert told["seen"] >= 3, told
    far = max((one["far"] for one in told["moves"]), default=0)
    assert far < MOST_PIXELS, f"{where}: {told['moves'][:10]}"
    if tab.name == "chromium":
        shift = sum(one["value"] for one in told["shifts"])
        assert shift < MOST_SHIFT, f"{where}: {told['shifts']}"
