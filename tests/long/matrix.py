"""The whole matrix of `tests/e2e/matrix.py` in both browsers: `python -m tests.long.matrix` from the top of the clone.

It writes `tests/long/reports/matrix.md` from what it saw; about a quarter of an hour a browser.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.e2e import matrix
from tests.e2e.chromium import Chromium
from tests.e2e.conftest import Server
from tests.e2e.firefox import Firefox
from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab
from tests.long.machine import described, revision
from tests.pages.server import PagesServer

REPORT = Path(__file__).parent / "reports" / "matrix.md"


@dataclass
class Outcome:
    """What became of one case."""

    browser: str
    group: str  # the row of the report it counts in
    name: str
    seconds: float
    error: str = ""


@contextmanager
def chromium_tab(pages: PagesServer, folder: Path) -> Iterator[Tab]:
    with sync_playwright() as playwright:
        browser = Chromium(playwright, folder / "profile", pages.https_port)
        yield ChromiumTab(browser)
        browser.close()


@contextmanager
def firefox_tab(pages: PagesServer, folder: Path) -> Iterator[Tab]:
    browser = Firefox(folder / "profile", pages.https_port)
    yield FirefoxTab(browser)
    browser.close()


def attempts(tab: Tab, pages: PagesServer, server: Server) -> Iterator[tuple[str, str, Callable[[], float]]]:
    """Yield every case: the report's row, its name, and what runs it."""
    for case in [*matrix.ALL, *matrix.LATEST]:
        yield f"{case.kind}, {case.generation}", str(case), lambda case=case: matrix.check(tab, pages, case)
    for kind, generation, shape in matrix.DRIFTS:
        knobs = {"generation": generation, "shape": shape}
        yield (
            "changed beyond what is known",
            f"{kind}-{generation}-{shape}",
            lambda kind=kind, knobs=knobs: matrix.check_drift(tab, pages, server, kind, **knobs),
        )
    for tabs, generation in matrix.CONTROLS:
        yield (
            "period tabs, cards reversed and dropped",
            f"{tabs}-{generation}",
            lambda tabs=tabs, made=generation: matrix.check_controls(tab, pages, tabs, made),
        )


def run(tab: Tab, pages: PagesServer, server: Server) -> list[Outcome]:
    """Run every case in one tab of one browser."""
    tab.keep(serverUrl=server.url, token=server.token)
    found = []
    for group, name, attempt in attempts(tab, pages, server):
        began, error = time.time(), ""
        try:
            attempt()
        except Exception as failure:  # a case may fail in any way, and the others are still to be seen
            error = f"{type(failure).__name__}: {failure}".splitlines()[0][:300]
        found.append(Outcome(tab.name, group, name, time.time() - began, error))
        print(f"{tab.name} {name} {found[-1].seconds:.1f} s {error or 'ok'}", flush=True)
    return found


def table(outcomes: list[Outcome]) -> Iterator[str]:
    yield "| browser | pages | cases | as they should be | seconds a case: median | longest |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for browser, group in dict.fromkeys((one.browser, one.group) for one in outcomes):
        rows = [one for one in outcomes if (one.browser, one.group) == (browser, group)]
        good = sum(not one.error for one in rows)
        seconds = [one.seconds for one in rows]
        yield (
            f"| {browser} | {group} | {len(rows)} | {good} | {statistics.median(seconds):.1f} | {max(seconds):.1f} |"
        )


HEAD = """# Every kind of page, in both browsers

Written by `python -m tests.long.matrix` on {date}, revision {revision}, in {minutes:.0f} minutes;
{machine}.

Cases: kinds of page × framework of 2024 and 2026 × data of the island ok, missing, invalid, renamed × logged out and in
× hydration after 1, 300 and 2,500 ms, and two with 12,000 ms. In each, the cards read and ranked are those of the page,
in its order; each card has its own mark and the page one panel with five papers (the paper page: one bar); nothing of
ours was in an island before its framework; the console is empty. Pages that have changed are left alone and reported,
and the popup says so and has the list.

**{good} of {all} as they should be.**
"""


def report(outcomes: list[Outcome], began: float, load: float) -> str:
    wrong = [one for one in outcomes if one.error]
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        revision=revision(),
        minutes=(time.time() - began) / 60,
        machine=described(load),
        good=len(outcomes) - len(wrong),
        all=len(outcomes),
    )
    failures = [f"- {one.browser} {one.name}: {one.error}" for one in wrong]
    return "\n".join([head, *table(outcomes), *(["", "## Not as they should be", "", *failures] if wrong else []), ""])


def main() -> int:
    began, load = time.time(), os.getloadavg()[0]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="inkling-matrix-", ignore_cleanup_errors=True) as folder:
        pages = PagesServer()
        pages.set(today=matrix.TODAY)
        server = Server(Path(folder) / "home", pages)
        server.ingest()
        for browser in (chromium_tab, firefox_tab):
            with browser(pages, Path(folder) / browser.__name__) as tab:
                outcomes += run(tab, pages, server)
        server.end()
        pages.close()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(outcomes, began, load))
    print(REPORT.read_text())
    return 1 if any(one.error for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
