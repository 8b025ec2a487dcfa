"""The content script's own time beside the page's, in both browsers: `python -m tests.long.own_time` from the top.

It writes `tests/long/reports/own-time.md` from what it measured, in about two minutes.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e import own_time
from tests.e2e.chromium import Chromium
from tests.e2e.conftest import Server
from tests.e2e.firefox import Firefox
from tests.e2e.own_time import Spent
from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab
from tests.long.machine import described, revision
from tests.pages.server import PagesServer

REPORT = Path(__file__).parent / "reports" / "own-time.md"
LOADS = 9


@dataclass
class Measured:
    """One browser, with the extension and without."""

    plain: list[tuple[Spent, float]] = field(default_factory=list)
    ours: list[tuple[Spent, float]] = field(default_factory=list)
    scrolls: list[Spent] = field(default_factory=list)
    typings: list[Spent] = field(default_factory=list)


def measure(ours: Tab, plain: Tab, folder: Path) -> Measured:
    """Load the page in turn with the extension and without, so that whatever else the machine does meets both."""
    found = Measured()
    for tab in (ours, plain):  # what the first load of a browser takes is not the page's
        own_time.load(tab, folder, extension=tab is ours)
    for _ in range(LOADS):
        found.plain.append(own_time.load(plain, folder, extension=False))
        found.ours.append(own_time.load(ours, folder))
    found.scrolls = [own_time.scroll(ours, folder) for _ in range(3)]
    found.typings = [own_time.typing(ours, folder) for _ in range(3)]
    return found


def in_chromium(folder: Path, pages: PagesServer, server: Server) -> Measured:
    with sync_playwright() as playwright:
        browsers = [
            Chromium(playwright, folder / "chromium", pages.https_port),
            Chromium(playwright, folder / "chromium-plain", pages.https_port, extension=None),
        ]
        ours, plain = (ChromiumTab(one) for one in browsers)
        ours.keep(serverUrl=server.url, token=server.token)
        found = measure(ours, plain, folder)
        for one in browsers:
            one.close()
    return found


def in_firefox(folder: Path, pages: PagesServer, server: Server) -> Measured:
    browsers = [
        Firefox(folder / "firefox" / "profile", pages.https_port),
        Firefox(folder / "firefox-plain" / "profile", pages.https_port, extension=None),
    ]
    ours, plain = (FirefoxTab(one) for one in browsers)
    ours.keep(serverUrl=server.url, token=server.token)
    found = measure(ours, plain, folder)
    for one in browsers:
        one.close()
    return found


def span(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def rows(name: str, measured: Measured) -> Iterator[str]:
    ours = [spent for spent, _ in measured.ours]
    own = statistics.median(one.own for one in ours)
    loaded = statistics.median(loaded for _, loaded in measured.plain)
    whole = "its main thread, all of it"
    yield f"| {name} | **the page without us**: load event, by the clock | {span([at for _, at in measured.plain])} |"
    yield f"| | {whole} | {span([spent.whole for spent, _ in measured.plain])} |"
    yield f"| | **with us**: load event, by the clock | {span([at for _, at in measured.ours])} |"
    yield f"| | {whole} | {span([one.whole for one in ours])} |"
    share = f"{100 * own / loaded:.0f} % of the page's own load event"
    yield f"| | **ours** in it ({share}) | {span([one.own for one in ours])} |"
    for part in ("read", "mark", "panel", "other features", "await hydration", "start, messages, the rest"):
        yield f"| | {part} | {span([one.parts[part] for one in ours])} |"
    yield f"| | longest in one task | {span([one.longest for one in ours])} |"
    for what, many in (("scrolling", measured.scrolls), ("typing", measured.typings)):
        yield f"| | **while {what}**: all of it ours | {span([one.own for one in many])} |"
        yield f"| | longest in one task | {span([one.longest for one in many])} |"


HEAD = """# The content script's own time

Written by `python -m tests.long.own_time` on {date}, revision {revision};
{machine}.

The month's listing with {cards} cards, hydrated at once, loaded {loads} times with us and without, in turn, in browsers
that have seen it before; watched until every card has its mark and the panel its papers, and a second more. Then it is
scrolled to its end and back, and a line is typed into its search field, three times each. Milliseconds of the processor
as the browser's own profiler counts them (the load event: of the clock), median (least to most); the profiler's cost is
in them, and so is what the rest of a shared machine does to its caches. With us the page's main thread also does what
follows from our nodes: style, layout and paint of a panel, and of a mark a card.

"Read" is the site's parser, "mark" the making of {cards} marks in slices of 8 ms. A long task is one of more than
{long:.0f} ms. In Chromium a task is one of the trace; Firefox's profiler does not tell tasks apart, so there it is the
time between two marks which the page makes every 4 ms: never less than the longest task in it.

| browser | | ms |
| --- | --- | ---: |
"""


def main() -> None:
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="inkling-own-time-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        pages = PagesServer()
        pages.set(today=own_time.TODAY, delay=1, pulse=1)
        server = Server(folder / "home", pages)
        server.ingest(days=9, today=own_time.TODAY)
        found = {
            "Chromium": in_chromium(folder, pages, server),
            "Firefox": in_firefox(folder, pages, server),
        }
        server.end()
        pages.close()
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        revision=revision(),
        machine=described(before),
        cards=own_time.CARDS,
        loads=LOADS,
        long=own_time.LONG,
    )
    lines = [line for browser, measured in found.items() for line in rows(browser, measured)]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(head + "\n".join(lines) + "\n")
    print(REPORT.read_text())


if __name__ == "__main__":
    main()
