"""Saving from anywhere: the menu of links in Chromium, the address bar's word in both browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
OPTIONS = "src/options/options.html"
# What the browser's own menu, and its address bar, tell the worker; no driver reaches either in Chromium.
CLICK = "link => chrome.contextMenus.onClicked.dispatch({menuItemId: 'save-link', linkUrl: link})"
ENTER = "typed => chrome.omnibox.onInputEntered.dispatch(typed, 'currentTab')"
TYPE = """const [typed, done] = arguments;
  gURLBar.focus();
  gURLBar.search(typed);
  setTimeout(() => { gURLBar.handleCommand(new KeyboardEvent("keydown", {key: "Enter"})); done(true); }, 2000);"""


@pytest.fixture
def tab(any_tab: Tab, server: Server, pages: PagesServer) -> Iterator[Tab]:
    pages.set()
    any_tab.wipe()
    any_tab.keep(serverUrl=server.url, token=server.token)
    yield any_tab
    assert any_tab.complaints() == []


def test_a_paper_is_saved_from_the_menu_of_links_once_that_is_switched_on(tab: Tab, server: Server) -> None:
    with tab.own_page(OPTIONS):
        if isinstance(tab, FirefoxTab):
            # It cannot be asked for here, and the page says so.
            tab.until("return document.querySelector('#link-menu-none').getClientRects().length > 0")
            assert tab.run("return document.querySelector('#link-menu').getClientRects().length") == 0
            return
        assert isinstance(tab, ChromiumTab)
        assert not tab.allowed(permissions=["contextMenus"])
        # The browser asks nothing more: the permission shows no warning.
        tab.press("#link-menu")
        eventually(lambda: tab.allowed(permissions=["contextMenus"]), wanted=True)
        tab.browser.worker().evaluate(CLICK, "https://arxiv.org/pdf/2501.00001v2")
        eventually(server.acts, [("save", "2501.00001")])
        tab.stop_worker()
        tab.ask("chrome.runtime.sendMessage({type: 'status/get'})")
        tab.browser.worker().evaluate(CLICK, "https://www.alphaxiv.org/abs/2501.00002")
        eventually(server.acts, [("save", "2501.00001"), ("save", "2501.00002")])
        tab.press("#link-menu")
        eventually(lambda: tab.allowed(permissions=["contextMenus"]), wanted=False)


def test_the_word_in_the_address_bar_saves_what_is_typed_after_it(tab: Tab, server: Server) -> None:
    if isinstance(tab, ChromiumTab):
        tab.browser.worker().evaluate(ENTER, "arXiv:2501.00003v1 hep-th/9901001")
    else:
        assert isinstance(tab, FirefoxTab)
        with tab.driver.using_context("chrome"):
            tab.driver.execute_async_script(TYPE, ["ink arXiv:2501.00003v1 hep-th/9901001"])
    eventually(server.acts, [("save", "2501.00003"), ("save", "hep-th/9901001")])
