"""What is ours follows the direction of the page, and its words the direction of their language, in both browsers."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Server
from tests.e2e.matrix import STATE, TODAY
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
# How far a box is from the beginning of another's lines, from their end, and from its top.
AWAY = """const isRtl = document.documentElement.dir === 'rtl';
          const away = (box, from) => {
            const [a, b] = [box.getBoundingClientRect(), from.getBoundingClientRect()];
            const [left, right] = [a.left - b.left, b.right - a.right];
            return [isRtl ? right : left, isRtl ? left : right, a.top - b.top].map(Math.round);
          };"""
MARKED = "return document.querySelectorAll('article [data-inkling=mark]').length > 5"
# The first card's mark, as that of a paper which was opened before.
FIRST = f"""{AWAY} const card = document.querySelector('article'), mark = card.querySelector('[data-inkling=mark]');
            mark.dataset.sign = 'seen';"""
SIGN = f"""{FIRST} return away(mark.shadowRoot.querySelector('.sign'), card)"""
# The reader's hand is on it: all its buttons are seen.
ROW = f"""{FIRST} mark.dataset.open = '';
          return away(mark.shadowRoot.querySelector('.row'), card)"""
IN_PANEL = f"""{AWAY} const root = document.querySelector('[data-inkling=panel]').shadowRoot;
               return away(root.querySelector(arguments[0]), root.querySelector('.panel'))"""
PANEL = "return document.querySelector('[data-inkling=panel]')?.shadowRoot.querySelectorAll('[data-paper]').length >= 5"
# Where the first and the last letter of each age stand, as "2 days ago".
AGES = """const root = document.querySelector('[data-inkling=panel]').shadowRoot;
          const at = (text, n) => {
            const range = document.createRange();
            range.setStart(text, n);
            range.setEnd(text, n + 1);
            return range.getBoundingClientRect().left;
          };
          return [...root.querySelectorAll('.meta > span:not(.who, .votes)')].map(({firstChild}) =>
            [firstChild.data, at(firstChild, 0), at(firstChild, firstChild.length - 1)])"""
WHY = f"""{AWAY} const root = document.querySelector('[data-inkling=panel]').shadowRoot;
          const box = root.querySelector('.why-box'), button = root.querySelector('[data-action=why]');
          const {{left, right}} = box.getBoundingClientRect();
          return [away(box, button)[0], left >= 0 && right <= innerWidth]"""


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set(today=TODAY)
    shared_server.ingest(today=TODAY)
    return shared_server


@pytest.fixture(scope="module")
def tab(any_tab: Tab, server: Server) -> Tab:
    any_tab.keep(serverUrl=server.url, token=server.token)
    return any_tab


def load(tab: Tab, pages: PagesServer, direction: str, path: str, width: int = 1366) -> None:
    pages.set(today=TODAY, dir=direction)
    tab.widen(width)
    tab.go(LISTING + path)
    tab.until(STATE, "ready")
    tab.until(PANEL)
    tab.until(MARKED)


@pytest.mark.parametrize("width", [1366, 360])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_mark_is_in_the_corner_of_its_card(tab: Tab, pages: PagesServer, direction: str, width: int) -> None:
    load(tab, pages, direction, "", width)
    start, _end, top = tab.run(SIGN)
    assert 0 < start < 14
    assert 0 < top < 14
    start, end, _top = tab.run(ROW)
    assert 0 < start < 14
    assert end > 0
    # Without a picture the corner is the title's: the mark stands at the far edge.
    load(tab, pages, direction, "?q=attention", width)
    _start, end, _top = tab.run(SIGN)
    assert 0 < end < 14


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_panel_runs_as_the_page_does(tab: Tab, pages: PagesServer, direction: str) -> None:
    load(tab, pages, direction, "")
    assert tab.run(IN_PANEL, ".drop")[0] < 20
    assert tab.run(IN_PANEL, ".fold")[1] < 14
    first, last = tab.run(IN_PANEL, "[data-paper]")[0], tab.run(IN_PANEL, ".next")[1]
    assert 0 < first < 20
    assert 0 < last < 20
    ages = tab.run(AGES)
    assert len([age for age, _, _ in ages if age[0].isdigit()]) >= 3, ages
    assert all(first < last for _, first, last in ages), ages


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_reason_opens_below_its_button_and_in_view(tab: Tab, pages: PagesServer, direction: str) -> None:
    load(tab, pages, direction, "")
    tab.press("[data-action=why]", host='[data-inkling="panel"]')
    tab.until("return document.querySelector('[data-inkling=panel]').shadowRoot.querySelector('.why-box') !== null")
    away, is_in_view = tab.run(WHY)
    assert is_in_view
    assert abs(away) <= 1
    tab.key("Escape")
