"""Topics where they are typed, in both browsers over a real server: seen in words, and removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
SEEN = "return [...document.querySelectorAll('#topics li')].map((one) => one.firstElementChild.textContent)"
LOOK = """;return axe.run(document.querySelector('#topics').closest('section'), {resultTypes: ['violations']})
  .then(({violations}) => violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, nodes}) => nodes.map(({html}) => `${id} ${html}`)))"""


@pytest.fixture
def tab(any_tab: Tab, server: Server, pages: PagesServer) -> Iterator[Tab]:
    pages.set()
    any_tab.wipe()
    any_tab.keep(serverUrl=server.url, token=server.token)
    yield any_tab
    assert any_tab.complaints() == []


@pytest.mark.parametrize("page", ["options", "welcome"])
def test_a_topic_is_seen_in_words_and_removed_where_it_was_typed(tab: Tab, server: Server, page: str) -> None:
    with tab.own_page(f"src/{page}/{page}.html"):
        tab.until("return document.querySelector('#interest').getClientRects().length > 0")
        for topic in ("long contexts", "author:Ada Lovelace"):
            tab.fill("#interest", topic)
            tab.press("#topic button")
            tab.until("return document.querySelector('#interest').value === ''")
        words = ["long contexts", "Author: Ada Lovelace"]
        eventually(lambda: tab.run(SEEN), words)
        assert server.ask("/v1/me")["interests"] == ["long contexts", "author:Ada Lovelace"]
        assert tab.run(AXE.read_text() + LOOK) == []
        tab.press("#topics li button")
        eventually(lambda: tab.run(SEEN), words[1:])
        assert server.ask("/v1/me")["interests"] == ["author:Ada Lovelace"]
    # There again with the page.
    with tab.own_page(f"src/{page}/{page}.html"):
        eventually(lambda: tab.run(SEEN), words[1:])


def test_how_lists_are_made_is_set_in_words(tab: Tab, server: Server) -> None:
    with tab.own_page("src/options/options.html"):
        tab.until("return document.querySelector('#lists').getClientRects().length > 0")
        assert tab.run("return document.querySelector('#variety-words').textContent") == "as built"
        tab.press("#personal")
        eventually(lambda: server.ask("/v1/me")["personal"], wanted=False)
        tab.run("document.querySelector('#variety').focus()")
        tab.key("\ue014" if tab.name == "firefox" else "ArrowRight")
        eventually(lambda: server.ask("/v1/me")["variety"], 1.5)
        assert tab.run("return document.querySelector('#variety').getAttribute('aria-valuetext')") == "more"
        tab.until("return document.querySelector('#lists-said').textContent !== ''")
        assert tab.run(AXE.read_text() + LOOK.replace("#topics", "#personal")) == []
