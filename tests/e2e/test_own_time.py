"""On a page of 105 cards no long task is ours, while it loads, is scrolled and typed in; in both browsers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import own_time
from tests.e2e.conftest import Server
from tests.e2e.own_time import LONG, Spent
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]


@pytest.fixture(scope="module")
def tab(any_tab: Tab, shared_server: Server, pages: PagesServer) -> Tab:
    pages.set(today=own_time.TODAY, delay=1, pulse=1)
    shared_server.ingest(days=9, today=own_time.TODAY)
    any_tab.keep(serverUrl=shared_server.url, token=shared_server.token)
    return any_tab


def expect_short(tries: list[Spent]) -> None:
    """Of several tries the best counts: what the machine did besides can only make one longer."""
    assert any(one.own > 0 for one in tries), "the profiler did not see the extension"
    assert min(one.longest for one in tries) < LONG, tries


def test_loading_scrolling_and_typing_make_no_long_task_of_ours(tab: Tab, tmp_path: Path) -> None:
    loads = [own_time.load(tab, tmp_path)[0] for _ in range(3)]
    assert all(one.parts["read"] > 0 and one.parts["mark"] > 0 for one in loads), loads
    expect_short(loads)
    expect_short([own_time.scroll(tab, tmp_path) for _ in range(2)])
    expect_short([own_time.typing(tab, tmp_path) for _ in range(2)])
