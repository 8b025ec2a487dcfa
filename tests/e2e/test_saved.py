"""The popup's saved papers and its links to the reader's pages, in both browsers over a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.studio import AXE
from tests.e2e.tabs import FirefoxTab, Tab
from tests.pages.server import PagesServer
from tests.server.inkling_process import call

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
POPUP = "src/popup/popup.html"
SEARCH = '#pane input[type="search"]'
TITLES = "return [...document.querySelectorAll('#pane li a')].map((one) => one.textContent)"
STATUS = "return document.querySelector('#pane [role=status]')?.textContent ?? ''"


@pytest.fixture
def tab(any_tab: Tab, pages: PagesServer) -> Iterator[Tab]:
    pages.set()
    any_tab.wipe()
    yield any_tab
    assert any_tab.complaints() == []


def save(server: Server, paper: str, title: str, authors: list[str], tags: list[str]) -> None:
    """Save a paper on another browser of the reader's, where it has these texts."""
    made = f"00000000-0000-4000-8000-{paper.replace('.', ''):0>12}"
    event = {"id": made, "kind": "open", "paper": paper, "at": "2026-11-20T08:00:00Z"}
    card = {"id": paper, "title": title, "abstract": "Words of it.", "authors": authors}
    server.ask("/v1/events", {"events": [event], "papers": [card]})
    assert call(server.url, f"/v1/library/{paper}", {"tags": tags}, server.token, method="PUT")[0] == 200


def until_titles(tab: Tab, wanted: list[str]) -> None:
    eventually(lambda: tab.run(TITLES), wanted)


def open_saved(tab: Tab) -> None:
    tab.until("return document.querySelector('#standing').textContent !== ''")
    tab.press("#tab-saved")


def test_what_was_saved_is_listed_searched_and_removed_with_the_server_and_without(tab: Tab, server: Server) -> None:
    save(server, "2611.30001", "Tables of long contexts", ["Ada Lovelace"], ["for Friday"])
    save(server, "2611.30002", "Räume und Träume", ["Paul Erdős"], [])
    tab.keep(serverUrl=server.url, token=server.token)
    both = ["Räume und Träume", "Tables of long contexts"]
    with tab.own_page(POPUP):
        open_saved(tab)
        until_titles(tab, both)
        assert tab.run("return document.querySelector('#pane li a').href") == "https://arxiv.org/abs/2611.30002"
        for words, found in (("erdos", both[:1]), ("FRIDAY", both[1:]), ("ada tables", both[1:]), ("nothing", [])):
            tab.fill(SEARCH, words)
            until_titles(tab, found)

    # The server is gone: the copy is there, and says so; what is removed meanwhile is told to it later.
    server.kill()
    with tab.own_page(POPUP):
        open_saved(tab)
        until_titles(tab, both)
        tab.until(f"return /does not answer.*as of/.test((() => {{ {STATUS} }})())")
        tab.fill(SEARCH, "tables")
        until_titles(tab, both[1:])
        tab.press("#pane li button")
        tab.until("return document.querySelector('#said').textContent === 'No longer saved.'")
    with tab.own_page(POPUP):
        open_saved(tab)
        until_titles(tab, both[:1])
    server.start()
    with tab.own_page(POPUP):
        open_saved(tab)
        eventually(
            lambda: [one["paper"]["id"] for one in server.ask("/v1/library")["items"]], ["2611.30002"], seconds=120
        )
        until_titles(tab, both[:1])


def test_nothing_saved_is_told_and_axe_finds_nothing(tab: Tab, server: Server) -> None:
    tab.keep(serverUrl=server.url, token=server.token)
    with tab.own_page(POPUP):
        open_saved(tab)
        tab.until("return document.querySelector('#pane').textContent.includes('Nothing is saved yet')")
    save(server, "2611.30003", "A paper of its own", ["Ada Lovelace"], ["tables"])
    with tab.own_page(POPUP):
        open_saved(tab)
        until_titles(tab, ["A paper of its own"])
        found = tab.run(
            AXE.read_text()
            + """;return axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
                 .filter(({impact}) => impact === 'serious' || impact === 'critical').map(({id}) => id))"""
        )
        assert found == []


def agree(tab: FirefoxTab, before: set[str]) -> None:
    """Sign in: to Firefox a tab that an extension opens comes from elsewhere, and then the page asks first."""
    eventually(lambda: len(set(tab.driver.window_handles) - before), 1)
    [opened] = set(tab.driver.window_handles) - before
    tab.driver.switch_to_window(opened)
    tab.until("return document.querySelector('#begin')?.hidden === false")
    tab.press("#begin button")
    tab.driver.switch_to_window(tab.page, focus=True)


@pytest.mark.parametrize("page", ["", "library"])
def test_a_link_opens_the_readers_page_signed_in(tab: Tab, server: Server, page: str) -> None:
    tab.keep(serverUrl=server.url, token=server.token)
    with tab.own_page(POPUP):
        tab.until("return !document.querySelector('#pages').hidden")
        before = set(tab.driver.window_handles) if isinstance(tab, FirefoxTab) else set()
        tab.press(f'[data-page="{page}"]')
        if isinstance(tab, FirefoxTab):
            agree(tab, before)
        # The session that the link was exchanged for is listed among the reader's devices.
        eventually(lambda: len(server.ask("/v1/devices")["items"]), 2)


def test_a_silent_server_has_no_pages_and_that_is_told(tab: Tab, server: Server) -> None:
    tab.keep(serverUrl=server.url, token=server.token)
    with tab.own_page(POPUP):
        tab.until("return !document.querySelector('#pages').hidden")
        server.kill()
        tab.press('[data-page="library"]')
        tab.until("return document.querySelector('#said').textContent === 'The server does not answer.'")
