"""arXiv in both browsers: nothing before it is switched on; then its lists, its search and its abstract pages."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.matrix import STATE, TODAY, UNTOUCHED, expect_silence, ranked, reports
from tests.e2e.tabs import ChromiumTab, Tab
from tests.pages.server import PagesServer
from tests.server.inkling_process import run

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
HOST = "https://arxiv.org"
WWW = "https://www.arxiv.org"
ASKED = {"origins": ["https://arxiv.org/*", "https://www.arxiv.org/*"], "permissions": ["scripting"]}
PAPER = "2611.10021"
LISTS = {
    "/list/cs.LG/new": ("list", 20),
    "/list/cs.LG/recent": ("list", 25),
    "/list/cs.LG/pastweek": ("list", 25),
    "/catchup/cs.LG/2026-11-19?abs=True": ("list", 18),
    "/search/?query=learning&searchtype=all": ("search", 25),
}
OFF = "return document.documentElement.dataset.inklingState === undefined"
LISTED = """return [...document.querySelectorAll('dt > a[title="Abstract"], li.arxiv-result .list-title > a')]
              .map((link) => link.getAttribute('href').replace(/^.*\\/abs\\//, ''))"""
MARKED = """return [...document.querySelectorAll('dt [data-inkling="mark"], li.arxiv-result [data-inkling="mark"]')]
              .map((mark) => mark.dataset.paper)"""
PANEL = """return document.querySelectorAll('[data-inkling="panel"]').length === 1 &&
             document.querySelector('[data-inkling="panel"]').shadowRoot.querySelectorAll('[data-paper]').length >= 5"""
BAR = """const bars = [...document.querySelectorAll('[data-inkling="mark"][data-where="bar"]')];
         return bars.length === 1 && bars[0].dataset.paper === arguments[0]"""
# The entries as the eye meets them, each title line with what stands below it.
SEEN = """const rows = [...document.querySelectorAll('dl > dt, dl > dd')].map((row) => {
            const title = row.matches('dt') ? row : row.previousElementSibling;
            const id = title.querySelector('a[title="Abstract"]').id;
            return {id, kind: row.tagName, top: row.getBoundingClientRect().top};
          }).sort((a, b) => a.top - b.top);
          return rows.map(({id, kind}) => `${kind} ${id}`)"""


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set(today=TODAY)
    shared_server.ingest(today=TODAY)
    return shared_server


@pytest.fixture(scope="module")
def tab(any_tab: Tab, server: Server, pages: PagesServer) -> Iterator[Tab]:
    """A tab with arXiv switched on in the options, as a reader does; before that, the pages are left alone."""
    pages.set(today=TODAY)
    any_tab.keep(serverUrl=server.url, token=server.token)
    assert not any_tab.allowed(**ASKED)
    any_tab.go(f"{HOST}/list/cs.LG/new")
    assert any_tab.run(OFF)
    if isinstance(any_tab, ChromiumTab):
        any_tab.browser.grant(**ASKED)
        any_tab = ChromiumTab(any_tab.browser)
    any_tab.press_in_options("#site-arxiv")
    eventually(lambda: any_tab.kept("preferences")["sites"]["arxiv"], wanted=True)
    assert any_tab.allowed(**ASKED)
    yield any_tab
    any_tab.press_in_options("#site-arxiv")
    eventually(lambda: any_tab.kept("preferences")["sites"]["arxiv"], wanted=False)
    any_tab.go(f"{HOST}/list/cs.LG/new")
    assert any_tab.run(OFF)


def begin(tab: Tab, path: str) -> float:
    began = time.time()
    tab.complaints()
    tab.go(HOST + path)
    return began


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_read_and_shown(tab: Tab, pages: PagesServer, path: str) -> None:
    pages.set(today=TODAY)
    page, count = LISTS[path]
    began = begin(tab, path)
    tab.until(STATE, "ready")
    papers = tab.run(LISTED)
    assert len(papers) == count
    eventually(lambda: tab.run(MARKED), papers, seconds=60)
    tab.until(PANEL)
    eventually(lambda: ranked(tab, page, began), papers)
    # Mathematics is drawn late, over what was read.
    tab.until("return document.querySelector('mjx-container') || !document.body.innerText.includes('ell_2')")
    assert tab.run(MARKED) == papers
    expect_silence(tab)


@pytest.mark.parametrize("path", ["/list/cs.LG/new", "/list/cs.LG/recent"])
def test_for_you_keeps_each_entry_whole_and_gives_back(tab: Tab, pages: PagesServer, path: str) -> None:
    pages.set(today=TODAY)
    begin(tab, path)
    tab.until(PANEL)
    eventually(lambda: tab.run(MARKED), tab.run(LISTED), seconds=60)
    before = tab.run(SEEN)
    tab.press('[data-order="foryou"]', host='[data-inkling="panel"]')
    eventually(lambda: tab.run(SEEN) != before, wanted=True)
    after = tab.run(SEEN)
    assert sorted(after) == sorted(before)
    # A title line and what belongs to it stay together.
    pairs = zip(after[::2], after[1::2], strict=True)
    assert all(title.split() == ["DT", rest.split()[1]] and rest.startswith("DD ") for title, rest in pairs)
    tab.press('[data-order="original"]', host='[data-inkling="panel"]')
    eventually(lambda: tab.run(SEEN), before)
    expect_silence(tab)


def test_an_abstract_page_has_one_bar_and_logs_the_arrival(tab: Tab, pages: PagesServer, server: Server) -> None:
    pages.set(today=TODAY)
    done = len(server.acts())
    began = begin(tab, f"/abs/{PAPER}v2")
    tab.until(BAR, PAPER)
    eventually(lambda: ranked(tab, "abs", began), [PAPER])
    tab.press('[data-action="save"]', host='[data-inkling="mark"]')
    eventually(lambda: server.acts()[done:], [("open", PAPER), ("save", PAPER)])
    tab.press('[data-action="undo"]', host='[data-inkling="mark"]')
    eventually(lambda: PAPER in {one["paper"]["id"] for one in server.ask("/v1/library")["items"]}, wanted=False)
    expect_silence(tab)


def test_the_site_s_other_name_is_the_same_site(tab: Tab, pages: PagesServer, server: Server) -> None:
    pages.set(today=TODAY)
    tab.complaints()
    tab.go(f"{WWW}/list/cs.LG/new")
    tab.until(STATE, "ready")
    eventually(lambda: tab.run(MARKED), tab.run(LISTED), seconds=60)
    tab.until(PANEL)
    done, paper = len(server.acts()), "2611.10022" if tab.name == "chromium" else "2611.10023"
    tab.go(f"{WWW}/abs/{paper}")
    tab.until(BAR, paper)
    eventually(lambda: server.acts()[done:], [("open", paper)])
    expect_silence(tab)


@pytest.mark.parametrize("error", ["", "soft"])
def test_a_paper_that_is_not_there_is_left_alone_and_the_next_one_s_open_is_logged(
    tab: Tab, pages: PagesServer, server: Server, error: str
) -> None:
    pages.set(today=TODAY, error=error)
    done, reported = len(server.acts()), reports(server)
    tab.complaints()
    tab.go(f"{HOST}/abs/2606.99999")
    # Longer than a page may look wrong before it is reported as changed.
    time.sleep(4)
    assert tab.run(UNTOUCHED)
    assert tab.run(OFF)
    pages.set(today=TODAY)
    paper = f"2611.1003{bool(error) + 2 * (tab.name == 'firefox')}"
    tab.go(f"{HOST}/abs/{paper}")
    tab.until(BAR, paper)
    eventually(lambda: server.acts()[done:], [("open", paper)])
    assert reports(server) == reported
    expect_silence(tab)


def test_abstracts_that_a_recent_list_lacks_are_filled_in(tab: Tab, pages: PagesServer, server: Server) -> None:
    first = 20_000 if tab.name == "chromium" else 30_000
    cards = [
        {"id": f"2611.{first + n}", "title": f"Unheard Of {n}", "abstract": f"An abstract of number {n}, long enough."}
        for n in range(25)
    ]
    pages.set(today=TODAY, cards={"/list/cs.LG/recent": cards})
    papers = [card["id"] for card in cards]
    began = begin(tab, "/list/cs.LG/recent")
    eventually(lambda: ranked(tab, "list", began), papers, seconds=60)
    assert tab.run("return document.querySelectorAll('dd p.mathjax').length") == 0
    assert not any(server.ask(f"/v1/papers/{paper}")["abstract"] for paper in papers[:3])
    # What the server does by itself every few minutes.
    filled = run("ingest", "arxiv", home=server.home, **server.environ)
    assert filled.returncode == 0, filled.stderr
    abstracts = [server.ask(f"/v1/papers/{paper}")["abstract"] for paper in papers]
    assert abstracts == [card["abstract"] for card in cards]


def test_a_list_that_has_changed_is_left_alone(tab: Tab, pages: PagesServer, server: Server) -> None:
    pages.set(today=TODAY, shape="headings")
    before = reports(server)
    begin(tab, "/list/cs.LG/new")
    tab.until(STATE, "drift")
    tab.until(UNTOUCHED)
    eventually(lambda: reports(server), before + 1)
    assert "This page has changed: left alone" in tab.popup()
    expect_silence(tab)
