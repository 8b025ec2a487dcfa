"""The menu of a paper, in both browsers: similar papers in their place, and less like this with its undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.services.events import KINDS
from tests.e2e.conftest import Server, eventually
from tests.e2e.studio import AXE
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
LISTING = "https://huggingface.co/papers"
CARD = '[data-target="DailyPapers"] article'
MARK = f'{CARD} [data-inkling="mark"]'
INSIDE = f"const root = document.querySelector('{MARK}').shadowRoot;"
FOCUSED = f"{INSIDE} return root.activeElement?.dataset.action ?? root.activeElement?.className"
LOOK = """;return axe.run({include: [document.querySelector(arguments[0])]}, {resultTypes: ['violations']})
  .then(({violations}) => violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, nodes}) => nodes.map(({html}) => `${id} ${html}`)))"""


@pytest.fixture
def tab(any_tab: Tab, server: Server, pages: PagesServer) -> Iterator[Tab]:
    pages.set()
    any_tab.wipe()
    server.ingest(1)
    any_tab.keep(serverUrl=server.url, token=server.token)
    any_tab.go(LISTING)
    any_tab.until("return document.documentElement.dataset.inklingState === 'ready'", seconds=120)
    any_tab.until(f"return document.querySelector('{MARK}')?.shadowRoot.querySelector('[data-action=menu]')")
    yield any_tab
    assert any_tab.complaints() == []


def open_menu(tab: Tab) -> None:
    tab.hover(CARD)
    tab.press('[data-action="menu"]', host=MARK)
    tab.until(f"{INSIDE} return root.querySelector('.menu')?.matches(':popover-open')")


def look_for_similar(tab: Tab, server: Server, paper: str) -> list[str]:
    """Open the similar papers, and return them once they are those that the server has before and after.

    Its list changes while new papers arrive.
    """
    for _ in range(10):
        before = server.similar(paper)
        open_menu(tab)
        assert tab.run(FOCUSED) == "similar"
        assert tab.run(AXE.read_text() + LOOK, MARK) == []
        tab.press('[data-action="similar"]', host=MARK)
        tab.until(f"{INSIDE} return root.querySelector('.similar li')")
        shown = tab.run(f"{INSIDE} return [...root.querySelectorAll('.similar li')].map((one) => one.dataset.paper)")
        if before == server.similar(paper):
            assert shown == before
            return before
        tab.key("Escape")
        tab.until(f"{INSIDE} return !root.querySelector('.similar')")
    raise AssertionError("the server's list never stays")


def test_similar_papers_are_shown_and_saved_in_their_place(tab: Tab, server: Server) -> None:
    paper = tab.run(f"return document.querySelector('{MARK}').dataset.paper")
    # The first training changes the list.
    eventually(lambda: server.ask("/readyz")["checks"]["model"]["status"], "ok", 90)
    similar = look_for_similar(tab, server, paper)
    saved = f"""{INSIDE} return root.querySelector('.similar li[data-paper="{similar[0]}"] [data-action=save]')
      ?.getAttribute('aria-pressed')"""
    assert tab.run(AXE.read_text() + LOOK, MARK) == []
    tab.press('.similar [data-action="save"]', host=MARK)
    eventually(lambda: tab.run(saved), "true")
    eventually(server.acts, [("save", similar[0])])
    # What the server says of it afterwards does not let it go.
    assert tab.run(saved) == "true"
    tab.key("Escape")
    tab.until(f"{INSIDE} return !root.querySelector('.similar')")
    # Opened again, it is known to be saved.
    open_menu(tab)
    tab.press('[data-action="similar"]', host=MARK)
    eventually(lambda: tab.run(saved), "true")


def test_less_like_this_is_kept_and_taken_back(tab: Tab, server: Server) -> None:
    paper = tab.run(f"return document.querySelector('{MARK}').dataset.paper")
    # An older server knows hiding only.
    less, more = ("dislike", "undislike") if "dislike" in KINDS else ("hide", "unhide")
    open_menu(tab)
    tab.press('[data-action="less"]', host=MARK)
    sign = f"return document.querySelector('{MARK}').dataset.sign"
    eventually(lambda: tab.run(sign), "hidden")
    eventually(server.acts, [(less, paper)])
    warned = "return document.querySelector('[data-inkling=notice]')?.shadowRoot.textContent.includes('only hidden')"
    if less == "hide":
        tab.until(warned)
    else:
        assert not tab.run(warned)
    tab.go(LISTING)
    tab.until(f"return document.querySelector('{MARK}')?.dataset.sign === 'hidden'")
    tab.hover(CARD)
    tab.press('[data-action="undo"]', host=MARK)
    eventually(server.acts, [(less, paper), (more, paper)])
    eventually(lambda: tab.run(sign) != "hidden", wanted=True)
