"""What comes at a paper's address and is no paper's page, in both browsers: left alone, and the next page unharmed."""

from __future__ import annotations

import json
import time
import urllib.error

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.matrix import BAR, HOST, STATE, TODAY, expect_silence, reports
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
GONE = "2609.01234"
# An error or challenge, told by its status; one whose status says that all is well; a plain text.
PAGES = {
    "404": (f"/papers/{GONE}", {"error": "404"}),
    "429": (f"/papers/{GONE}", {"error": "429"}),
    "challenge": (f"/papers/{GONE}", {"error": "challenge"}),
    "soft": (f"/papers/{GONE}", {"error": "soft"}),
    "text": (f"/papers/{GONE}.md", {}),
    "listing": (f"/papers/date/{TODAY}", {"error": "500"}),
}
OURS = "return Object.keys(document.documentElement.dataset).filter((name) => name.startsWith('inkling'))"
STORED = "Promise.all([chrome.storage.local.get(null), chrome.storage.session.get(null)])"


@pytest.fixture(scope="module")
def tab(any_tab: Tab, shared_server: Server) -> Tab:
    any_tab.keep(serverUrl=shared_server.url, token=shared_server.token)
    return any_tab


def is_known(server: Server, paper: str) -> bool:
    try:
        server.ask(f"/v1/papers/{paper}")
    except (AssertionError, urllib.error.HTTPError):
        return False
    return True


@pytest.mark.parametrize("name", PAGES)
def test_what_is_no_paper_s_page_is_left_alone_and_the_next_paper_s_open_is_logged(
    tab: Tab, pages: PagesServer, shared_server: Server, name: str
) -> None:
    path, knobs = PAGES[name]
    done, reported = len(shared_server.acts()), reports(shared_server)
    pages.set(today=TODAY, **knobs)
    tab.complaints()
    tab.go(HOST + path)
    # Longer than a page may look wrong before it is reported as changed.
    time.sleep(4)
    assert tab.run("return document.querySelectorAll('[data-inkling]').length") == 0
    assert tab.run(OURS) == []
    assert GONE not in json.dumps(tab.ask(STORED))

    paper = f"2611.100{21 + list(PAGES).index(name) + 10 * (tab.name == 'firefox')}"
    pages.set(today=TODAY)
    tab.go(f"{HOST}/papers/{paper}")
    tab.until(BAR, paper)
    assert tab.run(STATE, "ready")
    eventually(lambda: shared_server.acts()[done:], [("open", paper)])
    assert not is_known(shared_server, GONE)
    assert reports(shared_server) == reported
    expect_silence(tab)


def test_after_a_page_that_has_changed_another_paper_s_page_begins_as_it_should(
    tab: Tab, pages: PagesServer, shared_server: Server
) -> None:
    done = len(shared_server.acts())
    pages.set(today=TODAY, shape="headings")
    tab.go(f"{HOST}/papers/2611.10041")
    tab.until(STATE, "drift")
    time.sleep(2)
    pages.set(today=TODAY)
    paper = "2611.10042" if tab.name == "chromium" else "2611.10043"
    tab.go(f"{HOST}/papers/{paper}")
    tab.until(BAR, paper)
    eventually(lambda: shared_server.acts()[done:], [("open", paper)])
    # The same address, right again, is taken up too, and its arrival told.
    tab.go(f"{HOST}/papers/2611.10041")
    tab.until(BAR, "2611.10041")
    eventually(lambda: shared_server.acts()[done:], [("open", paper), ("open", "2611.10041")])
