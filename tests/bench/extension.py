"""The extension's own time in the page beside the page's own script, from Chromium's profiler."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.rows import Row, Scale
from tests.e2e import own_time
from tests.e2e.chromium import Chromium, executable
from tests.e2e.conftest import Server
from tests.e2e.own_time import Spent
from tests.e2e.tabs import ChromiumTab
from tests.pages.server import PagesServer

CARDS = (105, 500)


def rows(scale: Scale) -> Iterator[Row]:
    """Yield the processor's milliseconds of the page's main thread that are ours, and those that are the page's."""
    if executable() is None:
        raise RuntimeError("no Chromium on this machine")
    loads, sizes = (1, CARDS[:1]) if scale.tiny else (scale.repeats, CARDS)
    with tempfile.TemporaryDirectory(prefix="inkling-bench-", ignore_cleanup_errors=True) as name, ExitStack() as stack:
        folder, pages = Path(name), PagesServer()
        stack.callback(pages.close)
        pages.set(today=own_time.TODAY, delay=1)
        server = Server(folder / "home", pages)
        stack.callback(server.end)
        server.ingest(today=own_time.TODAY)
        browser = Chromium(stack.enter_context(sync_playwright()), folder / "chromium", pages.https_port)
        stack.callback(browser.close)
        tab = ChromiumTab(browser)
        tab.keep(serverUrl=server.url, token=server.token)
        for cards in sizes:
            pages.set(today=own_time.TODAY, delay=1, n=cards)
            own_time.load(tab, folder, cards=cards)  # what the first load of a browser takes is not the page's
            yield from card_rows(cards, [own_time.load(tab, folder, cards=cards)[0] for _ in range(loads)])


def card_rows(cards: int, spent: list[Spent]) -> Iterator[Row]:
    """Yield the rows of a page of so many cards."""
    ours, page = [one.own for one in spent], [one.page for one in spent]
    parts = ", ".join(f"{part} {amount:.0f}" for part, amount in spent[-1].parts.most_common(4))
    what = f"the extension's scripts, {cards} cards"
    yield Row(what, ours, "ms", "the page's own scripts", page, reach="stated", note=f"in the last load: {parts}")
    rest = [one.whole - one.own - one.page for one in spent]
    note = "style, layout, paint and what the browser does, also for our marks"
    yield Row("… the rest of the main thread", rest, "ms", note=note)
    yield Row("… ours in the longest task", [one.longest for one in spent], "ms", reach="a long task is 50 ms")
