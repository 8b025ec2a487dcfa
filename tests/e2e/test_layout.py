"""Nothing on the page moves by itself because of us: the browser's own measure of it, in every state, on every load."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.chromium import Chromium, until_state
from tests.e2e.conftest import Server, eventually
from tests.e2e.studio import allowed_on_arxiv
from tests.pages.server import PagesServer

pytestmark = pytest.mark.browser
LISTING = "https://huggingface.co/papers"
PAPER = f"{LISTING}/2611.10001"
# The vitals of the web call .1 good; a panel that comes unannounced makes .17 on this page.
MOST = 0.02
WELL = {"health": "ok", "failures": 0, "retry_at": 0}
# As the browser counts: not what follows within half a second of the reader's own press.
MEASURE = """
    globalThis.moved = [];
    new PerformanceObserver((list) => {
      for (const {value, hadRecentInput, startTime, sources} of list.getEntries()) {
        const what = sources.map(({node, previousRect, currentRect}) =>
          [node?.nodeName, node?.className, ...[previousRect, currentRect].map(({x, y, width, height}) =>
            [x, y, width, height].map(Math.round).join())].join(' '));
        if (!hadRecentInput) moved.push({value, at: Math.round(startTime), what});
      }
    }).observe({type: 'layout-shift', buffered: true});
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Server]:
    pages.set()
    running = Server(tmp_path_factory.mktemp("layout") / "home", pages)
    running.ingest()
    yield running
    running.end()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    folder = tmp_path_factory.mktemp("layout")
    extension = allowed_on_arxiv(folder / "extension")
    running = Chromium(playwright, folder / "profile", pages.https_port, extension=extension)
    running.context.add_init_script(MEASURE)
    yield running
    running.close()


def fall_asleep(browser: Chromium) -> None:
    """End the worker, as the browser does after half a minute without work."""
    page = browser.own("src/welcome/try.html")
    session = browser.context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    page.close()


def settled(page: Page) -> None:
    """Wait until the panel shows what it will show, and the page's framework is done."""
    if "huggingface" in page.url:
        page.wait_for_selector("body[data-hydrated]", state="attached", timeout=30_000)
    page.wait_for_function(
        """() => {
             const root = document.querySelector('[data-inkling="panel"]')?.shadowRoot;
             return !root?.querySelector('.list:not([hidden]) > .wait');
           }"""
    )
    page.wait_for_timeout(500)


def moved_on(browser: Chromium, address: str, state: str, width: int) -> tuple[float, Any]:
    """Open a page and return how far things moved on it, with what moved."""
    page = browser.context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    until_state(page, state)
    settled(page)
    moved = page.evaluate("moved")
    page.close()
    return sum(one["value"] for one in moved), moved


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
def test_nothing_moves_when_a_page_loads(browser: Chromium, server: Server, name: str) -> None:
    state, items = STATES[name]
    if state == "offline" and server.up.process.poll() is None:
        server.kill()
    browser.store(serverUrl=server.url, token=server.token, pauses={}, preferences={}, connection=WELL)
    browser.store(**items)
    loads = (*LOADS, (True, PAPER, 1366)) if name in ALSO_A_PAPER else LOADS
    if "For you" in name:
        loads = LOADS[:1]
    for asleep, address, width in loads:
        if asleep:
            fall_asleep(browser)
        far, what = moved_on(browser, address, state, width)
        assert far < MOST, f"{name}, worker {'asleep' if asleep else 'awake'}, {address} at {width}: {what}"


@pytest.mark.parametrize("path", ["list/cs.LG/new", "search/?query=x", "abs/2611.10001"])
def test_nothing_moves_on_arxiv(browser: Chromium, server: Server, path: str) -> None:
    if server.up.process.poll() is not None:
        server.start()
    preferences = {"sites": {"huggingface": True, "arxiv": True}}
    browser.store(serverUrl=server.url, token=server.token, pauses={}, preferences=preferences, connection=WELL)
    registered = "chrome.scripting.getRegisteredContentScripts().then((all) => all.length)"
    eventually(lambda: browser.worker().evaluate(registered), 1)
    far, what = moved_on(browser, f"https://arxiv.org/{path}", "ready", 1366)
    assert far < MOST, what
