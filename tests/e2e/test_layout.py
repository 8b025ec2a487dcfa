"""Nothing on the page moves by itself because of us: measured in both browsers, in every state, on every load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Server, eventually, tab_of
from tests.e2e.matrix import STATE
from tests.e2e.stillness import expect_still, watched
from tests.e2e.studio import allowed_on_arxiv
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
               !root?.querySelector('.list:not([hidden]) > .wait')"""


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set()
    shared_server.ingest()
    return shared_server


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def tab(request: pytest.FixtureRequest, pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp(request.param)
    extension = allowed_on_arxiv(folder / "extension")
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


@pytest.mark.parametrize("path", ["list/cs.LG/new", "search/?query=x", "abs/2611.10001"])
def test_nothing_moves_on_arxiv(tab: Tab, server: Server, path: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    preferences = {"sites": {"huggingface": True, "arxiv": True}}
    tab.keep(serverUrl=server.url, token=server.token, pauses={}, preferences=preferences, connection=WELL)
    eventually(lambda: tab.ask("chrome.scripting.getRegisteredContentScripts().then((all) => all.length)"), 1)
    load(tab, f"https://arxiv.org/{path}", "ready", 1366)
    expect_still(tab, path)
