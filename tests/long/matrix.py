"""The whole matrix of `tests/e2e/matrix.py` in both browsers: `python -m tests.long.matrix` from the top of the clone.

It writes `tests/long/reports/matrix.md` from what it saw; about half an hour.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

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


def attempts(
    tab: Tab, plain: Tab, pages: PagesServer, server: Server
) -> Iterator[tuple[str, str, Callable[[], float]]]:
    """Yield every case: the report's row, its name, and what runs it."""
    for case in [*matrix.ALL, *matrix.LATEST]:
        yield f"{case.kind}, {case.generation}", str(case), partial(matrix.check, tab, pages, case)
    for kind, generation, shape in matrix.DRIFTS:
        knobs = {"generation": generation, "shape": shape}
        name = f"{kind}-{generation}-{shape}"
        yield "changed beyond what is known", name, partial(matrix.check_drift, tab, pages, server, kind, **knobs)
    for tabs, generation in matrix.CONTROLS:
        name = f"{tabs}-{generation}"
        yield (
            "period tabs, cards reversed and dropped",
            name,
            partial(matrix.check_controls, tab, pages, tabs, generation),
        )
    for ordered in matrix.ORDERED:
        name = "-".join(ordered)
        yield "ordered, every control pressed", name, partial(matrix.check_ordered, tab, plain, pages, ordered)


def run(tab: Tab, plain: Tab, pages: PagesServer, server: Server) -> list[Outcome]:
    """Run every case in one tab of one browser; `plain` is a tab of the same browser without the extension."""
    tab.keep(serverUrl=server.url, token=server.token)
    found = []
    for group, name, attempt in attempts(tab, plain, pages, server):
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
and the popup says so and has the list. Ordered pages: "For you" is on, then each control of the page is pressed, and
its list, all that is ours left out, is what it is in the same browser without us.

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


def run_browser(name: str) -> list[Outcome]:
    """Run every case in one browser, on pages and a server of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="inkling-matrix-", ignore_cleanup_errors=True) as home,
        ExitStack() as stack,
    ):
        folder, pages = Path(home), PagesServer()
        stack.callback(pages.close)
        pages.set(today=matrix.TODAY)
        server = Server(folder / "home", pages)
        stack.callback(server.end)
        server.ingest(today=matrix.TODAY)
        if name == "chromium":
            playwright = stack.enter_context(sync_playwright())
            browsers: list[Any] = [Chromium(playwright, folder / "ours", pages.https_port)]
            browsers.append(Chromium(playwright, folder / "plain", pages.https_port, extension=None))
            tabs: list[Tab] = [ChromiumTab(one) for one in browsers]
        else:
            browsers = [Firefox(folder / "ours" / "profile", pages.https_port)]
            browsers.append(Firefox(folder / "plain" / "profile", pages.https_port, extension=None))
            tabs = [FirefoxTab(one) for one in browsers]
        for one in browsers:
            stack.callback(one.close)
        return run(*tabs, pages, server)


def main() -> int:
    began, load = time.time(), os.getloadavg()[0]
    # Each in a process of its own: pages that wait for their framework leave the machine idle.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        outcomes = [one for found in pool.map(run_browser, ("chromium", "firefox")) for one in found]
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report(outcomes, began, load))
    print(REPORT.read_text())
    return 1 if any(one.error for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
