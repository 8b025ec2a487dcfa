"""Nothing on the page moves by itself because of us: measured in both browsers, in every state, on every load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Server, eventually, tab_of
from tests.e2e.matrix import STATE, UNTOUCHED
from tests.e2e.stillness import expect_still, watched
from tests.e2e.studio import allowed_on_arxiv, with_delays
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
PAPER = f"{LISTING}/2611.10001"
WELL = {"health": "ok", "failures": 0, "retry_at": 0}
# The panel shows what it will show, and the page's framework is done.
SETTLED = """const root = document.querySelector('[data-inkling="panel"]')?.shadowRoot;
             return (document.body.dataset.hydrated !== undefined || !location.host.includes('huggingface')) &&
               !root?.querySelector('.papers:not([hidden]) > .wait')"""


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set()
    shared_server.ingest()
    return shared_server


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def tab(request: pytest.FixtureRequest, pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp(request.param)
    extension = with_delays(allowed_on_arxiv(folder / "extension"))
    with watched(pages), tab_of(request.param, request, folder / "profile", pages, extension=extension) as tab:
        yield tab


def load(tab: Tab, address: str, state: str, width: int) -> None:
    """Open a page and wait until all of it and of ours is there."""
    tab.go("about:blank")
    tab.widen(width)
    tab.go(address)
    tab.until(STATE, state)
    tab.until(SETTLED)
    time.sleep(0.5)


STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "unpaired": ("unpaired", {"token": ""}),
    "first load": ("ready", {"lists": {}}),
    "loaded before": ("ready", {}),
    "folded": ("ready", {"preferences": {"panel_collapsed": True}}),
    "folded, first load": ("ready", {"preferences": {"panel_collapsed": True}, "lists": {}}),
    "For you": ("ready", {"preferences": {"order": "foryou"}}),
    "For you, first load": ("ready", {"preferences": {"order": "foryou"}, "lists": {}}),
    "paused": ("paused", {"pauses": {"all": 0}}),
    "off": ("off", {"preferences": {"capture": "off"}}),
    "revoked": ("unpaired", {"connection": {"health": "revoked", "failures": 1, "retry_at": 0}}),
    "silent server": ("offline", {}),
    "silent server, first load": ("offline", {"lists": {}}),
}
LOADS = ((False, LISTING, 1366), (True, LISTING, 360))
ALSO_A_PAPER = {"unpaired", "loaded before", "paused"}


@pytest.mark.parametrize("name", STATES)
def test_nothing_moves_when_a_page_loads(tab: Tab, server: Server, name: str) -> None:
    state, items = STATES[name]
    is_up = server.up.process.poll() is None
    if state == "offline" and is_up:
        server.kill()
    elif state != "offline" and not is_up:
        server.start()
    tab.go("about:blank")
    paired = {"serverUrl": server.url, "token": server.token, "connection": WELL}
    tab.keep(**{**paired, "pauses": {}, "preferences": {}, **items})
    loads = (*LOADS, (True, PAPER, 1366)) if name in ALSO_A_PAPER else LOADS
    if "For you" in name:
        loads = LOADS[:1]
    for asleep, address, width in loads:
        if asleep:
            tab.stop_worker()
        load(tab, address, state, width)
        expect_still(tab, f"{name}, worker {'asleep' if asleep else 'awake'}, {address} at {width}")


NEVER = -1
# What the reader keeps, where, and what of ours is to come there.
WAITED_FOR = {
    "paused": ("paused", {"pauses": {"all": 0}}, PAPER, None),
    "a paper's page": ("ready", {}, PAPER, "mark"),
    "a listing": ("ready", {}, LISTING, "panel"),
    "unpaired": ("unpaired", {"token": ""}, LISTING, "panel"),
    "For you": ("ready", {"preferences": {"order": "foryou"}}, LISTING, "panel"),
}
# In the room kept before the list, or over the page where it was drawn by then; nothing where nothing is to come.
STANDS = """const host = document.querySelector(`[data-inkling="${arguments[0]}"]:not(article *)`);
            if (!host) return null;
            return host.dataset.over === undefined ? host.nextElementSibling?.dataset.target ?? '' : 'over'"""
KEPT = """const island = document.querySelector('[data-target="DailyPapers"], [data-target="PaperContent"]');
          return parseFloat(getComputedStyle(island, '::before').height) || 0"""
ROOMS = ["page/room", "page/view"]


def wait_for(tab: Tab, state: str, kind: str | None) -> None:
    """Wait until a page that the worker answers at last has what is to come."""
    tab.until(STATE, state)
    if kind:
        tab.until(STANDS, kind)


@pytest.mark.parametrize("name", WAITED_FOR)
@pytest.mark.parametrize("delay", [0, 300, 2000, 4000, NEVER])
def test_nothing_moves_however_late_the_worker_answers(tab: Tab, server: Server, delay: int, name: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    state, items, address, kind = WAITED_FOR[name]
    tab.go("about:blank")
    tab.widen(1366)
    paired = {"serverUrl": server.url, "token": server.token, "connection": WELL, "pauses": {}, "preferences": {}}
    tab.keep(**{**paired, **items, "delays": dict.fromkeys(ROOMS, delay)})
    try:
        tab.go(address)
        if delay == NEVER:
            time.sleep(6)
        else:
            wait_for(tab, state, kind)
            time.sleep(0.5)
        expect_still(tab, f"{name} after {delay} ms")
        assert tab.run(KEPT) == 0
        if kind is None:
            assert tab.run(UNTOUCHED)
        elif delay == NEVER:
            # What the worker says unasked, of a change in its storage, may still come; then over the page.
            assert tab.run(STANDS, kind) in {None, "over"}
        else:
            before = "PaperContent" if kind == "mark" else "DailyPapers"
            assert tab.run(STANDS, kind) == ("over" if delay == 4000 else before)
    finally:
        tab.keep(delays={})


@pytest.mark.parametrize("late", [2000, NEVER])
def test_room_once_given_is_used_though_the_worker_says_no_more(tab: Tab, server: Server, late: int) -> None:
    tab.go("about:blank")
    tab.keep(serverUrl=server.url, token=server.token, connection=WELL, pauses={}, preferences={})
    tab.keep(delays={"page/view": late, "page/cards": late})
    try:
        tab.go(LISTING)
        tab.until("return Boolean(document.querySelector('[data-inkling=panel]'))")
        time.sleep(1)
        expect_still(tab, f"room at once, a view after {late} ms")
        assert tab.run(STANDS, "panel") == "DailyPapers"
        sentence = "return document.querySelector('[data-inkling=panel]').shadowRoot.querySelector('.rest p').innerText"
        assert ("does not answer; try again" in tab.run(sentence)) == (late == NEVER)
    finally:
        tab.keep(delays={})


EMPTY = {
    "https://huggingface.co/papers/date/2026-07-04?empty=1": '[data-target="DailyPapers"] section',
    "https://huggingface.co/papers?q=nothing&empty=1": '[data-target="DailyPapers"] section',
    "https://huggingface.co/papers/trending?empty=1": '[data-target="DailyPapers"] section',
    "https://arxiv.org/list/cs.LG/new?empty=1": "#dlpage",
    "https://arxiv.org/list/cs.LG/recent?empty=1": "#dlpage",
    "https://arxiv.org/search/?query=x&empty=1": "main > .content",
}
# Where the panel and the column's content begin, how wide they are, and whether the panel is in the page's main part.
BOXES = """const panel = document.querySelector('[data-inkling="panel"]');
           const [ours, theirs] = [panel, document.querySelector(arguments[0])].map((one) => {
             const {left, width} = one.getBoundingClientRect(), {paddingLeft, paddingRight} = getComputedStyle(one);
             return [left + parseFloat(paddingLeft), width - parseFloat(paddingLeft) - parseFloat(paddingRight)];
           });
           return [ours.map(Math.round), theirs.map(Math.round), Boolean(panel.closest('main'))];"""
FILLED = """const root = document.querySelector('[data-inkling="panel"]')?.shadowRoot;
            return root?.querySelectorAll('[data-paper]').length >= 5 && !root.querySelector('.wait')"""


@pytest.mark.parametrize("address", EMPTY)
def test_a_page_that_lists_nothing_has_the_panel_at_its_usual_place(tab: Tab, server: Server, address: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    tab.go("about:blank")
    preferences = {"sites": {"huggingface": True, "arxiv": True}}
    tab.keep(serverUrl=server.url, token=server.token, pauses={}, preferences=preferences, connection=WELL, lists={})
    eventually(lambda: tab.ask("chrome.scripting.getRegisteredContentScripts().then((all) => all.length)"), 1)
    for width in (1366, 360):
        tab.widen(width)
        tab.go(address)
        tab.until(STATE, "ready")
        tab.until(FILLED)
        time.sleep(0.5)
        ours, theirs, is_in_main = tab.run(BOXES, EMPTY[address])
        assert is_in_main
        assert ours == pytest.approx(theirs, abs=2), width
        expect_still(tab, f"{address} at {width}")
    tab.widen(1366)


@pytest.mark.parametrize(
    "address", [f"{LISTING}?dir=rtl", f"{PAPER}?dir=rtl", "https://arxiv.org/list/cs.LG/new?dir=rtl"]
)
def test_nothing_moves_from_right_to_left(tab: Tab, server: Server, address: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    preferences = {"sites": {"huggingface": True, "arxiv": True}}
    tab.keep(serverUrl=server.url, token=server.token, pauses={}, preferences=preferences, connection=WELL)
    for width in (1366, 360):
        load(tab, address, "ready", width)
        expect_still(tab, f"{address} at {width}")
    tab.widen(1366)


@pytest.mark.parametrize("path", ["list/cs.LG/new", "search/?query=x", "abs/2611.10001"])
def test_nothing_moves_on_arxiv(tab: Tab, server: Server, path: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    preferences = {"sites": {"huggingface": True, "arxiv": True}}
    tab.keep(serverUrl=server.url, token=server.token, pauses={}, preferences=preferences, connection=WELL)
    eventually(lambda: tab.ask("chrome.scripting.getRegisteredContentScripts().then((all) => all.length)"), 1)
    load(tab, f"https://arxiv.org/{path}", "ready", 1366)
    expect_still(tab, path)
