"""Every state of the extension, taken as pictures in light and dark and looked at by axe-core.

The pictures are for people: `tests/screenshots`, or the folder named by INKLING_SCREENSHOTS. Their names say the state.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.chromium import Chromium, shown, until_state
from tests.e2e.conftest import Server, eventually
from tests.e2e.studio import (
    EVERYTHING,
    LISTING,
    MARK,
    OURS,
    PANEL,
    UNASKED,
    Studio,
    allowed_on_arxiv,
    in_german,
    pair_again,
)
from tests.pages.server import PagesServer
from tests.server.inkling_process import call

pytestmark = pytest.mark.browser
OPTIONS, POPUP, WELCOME = (f"src/{name}/{name}.html" for name in ("options", "popup", "welcome"))
ARXIV = "https://arxiv.org"
FEW = [
    {"id": f"2611.2000{n}", "title": f"A paper of its own, number {n}", "abstract": "Words of it."} for n in range(6)
]
# Every element of ours that was ever put into the page, were it gone again before anybody looked.
COUNT_OURS = """globalThis.ours = 0;
  new MutationObserver((records) => {
    for (const {addedNodes} of records) for (const {dataset} of addedNodes) ours += dataset?.inkling ? 1 : 0;
  }).observe(document, {childList: true, subtree: true});"""
HOURS = 3 * 3_600_000
BY_PANEL = f"{PANEL} [data-paper]"
NOTICE = '[data-inkling="notice"] .notice'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Server]:
    pages.set(cards={"*": FEW})
    running = Server(tmp_path_factory.mktemp("screens") / "home", pages)
    yield running
    pages.set()
    running.end()


@pytest.fixture(scope="module")
def studio(playwright: Playwright, pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("screens")
    browser = Chromium(
        playwright, folder / "profile", pages.https_port, extension=allowed_on_arxiv(folder / "extension")
    )
    yield Studio(browser)
    browser.close()


def act(page: Page, paper: str, action: str) -> None:
    """Press a button of a card's own mark, as a reader does: hover first."""
    page.locator(f'article:has(h3 a[href="/papers/{paper}"])').first.hover()
    page.locator(f'{MARK}[data-paper="{paper}"] [data-action="{action}"]').first.click()
    page.mouse.move(2, 2)


def until_papers(page: Page) -> None:
    page.wait_for_selector(BY_PANEL, timeout=30_000)


def test_before_and_without_papers(studio: Studio, server: Server, pages: PagesServer) -> None:
    page = studio.listing("unpaired")
    studio.shoot(page, "panel-unpaired")
    page.set_viewport_size({"width": 360, "height": 740})
    studio.shoot(page, "panel-unpaired-360")

    # The server knows no paper but those of this page, and so has none to recommend.
    studio.keep(serverUrl=server.url, token=server.token)
    until_state(page, "ready")
    page.set_viewport_size({"width": 1366, "height": 900})
    expect(page.locator(f"{PANEL} .rest")).to_be_visible(timeout=30_000)
    studio.shoot(page, "panel-empty")

    pages.set()
    server.ingest()
    os.killpg(server.up.process.pid, signal.SIGSTOP)
    slow = studio.listing("ready", f"{LISTING}/trending")
    expect(slow.locator(f"{PANEL} .wait").first).to_be_visible()
    studio.shoot(slow, "panel-slow")
    os.killpg(server.up.process.pid, signal.SIGCONT)
    slow.reload()
    until_papers(slow)
    for one in (page, slow):
        one.close()


def test_the_listing(studio: Studio, server: Server, pages: PagesServer) -> None:
    page = studio.listing()
    until_papers(page)
    studio.shoot(page, "panel-new")
    page.keyboard.press("s")
    expect(page.locator(NOTICE)).to_have_text("No paper has the focus.")
    studio.shoot(page, "notice")
    page.locator(NOTICE).click()
    expect(page.locator(NOTICE)).to_have_count(0)
    papers = shown(page)
    for paper in papers[3:7]:
        act(page, paper, "save")
    act(page, papers[7], "hide")
    eventually(lambda: len(server.acts()), 5)
    page.locator(f'article:has(h3 a[href="/papers/{papers[1]}"]) h3 a').first.click()
    eventually(lambda: len(server.acts()), 6)
    server.train()
    page.close()

    page = studio.listing()
    until_papers(page)
    page.wait_for_selector(f"{MARK} [data-fit]", state="attached")
    studio.shoot(page, "panel-personal")
    page.locator(f'{BY_PANEL} [data-action="why"]').first.click()
    studio.shoot(page, "panel-why")
    page.keyboard.press("Escape")
    page.locator(f'{BY_PANEL} [data-action="hide"]').nth(1).click()
    studio.shoot(page, "panel-hidden-one", UNASKED)
    page.locator(f'{BY_PANEL} [data-action="undo"]').nth(1).click()
    page.mouse.move(2, 2)
    cards(studio, page)
    sizes(studio, page)
    page.close()


def cards(studio: Studio, page: Page) -> None:
    """The cards: at rest with each kind of mark, under the pointer, with the focus, in the order for this reader."""
    page.evaluate("document.querySelector('article').scrollIntoView()")
    studio.shoot(page, "cards-at-rest", UNASKED)
    page.locator(f"article:has({MARK}[data-sign=fit])").nth(1).evaluate("one => scrollTo(0, one.offsetTop - 20)")
    studio.shoot(page, "cards-fit")
    page.evaluate("document.querySelector('article').scrollIntoView()")
    page.locator("article").nth(1).hover()
    studio.shoot(page, "cards-hover")
    page.locator(f'{MARK} [data-action="why"]').nth(1).click()
    studio.shoot(page, "cards-why")
    page.keyboard.press("Escape")
    page.mouse.move(2, 2)
    page.keyboard.press("j")
    page.keyboard.press("j")
    studio.shoot(page, "cards-focus")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.locator(f'{PANEL} [data-action="order"]').click()
    page.mouse.move(2, 2)
    studio.shoot(page, "for-you")
    page.evaluate("document.querySelector('[data-target=DailyPapers] .grid').scrollIntoView()")
    studio.shoot(page, "for-you-cards")
    page.evaluate("scrollTo(0, 0)")
    page.locator(f'{PANEL} [data-order="original"]').click()


def sizes(studio: Studio, page: Page) -> None:
    """The same listing on narrow and wide screens, and folded."""
    page.mouse.move(2, 2)
    for width in (360, 400, 2000):
        page.set_viewport_size({"width": width, "height": 900})
        studio.shoot(page, f"panel-{width}", OURS if width == 360 else UNASKED)
    page.set_viewport_size({"width": 1366, "height": 900})
    page.locator(f"{BY_PANEL}").first.wait_for()
    page.locator(f'{PANEL} [data-action="more"]').click()
    page.wait_for_function(f"document.querySelector('{PANEL}').shadowRoot.querySelectorAll('[data-paper]').length > 5")
    studio.shoot(page, "panel-more", UNASKED)
    page.locator(f'{PANEL} [data-action="fold"]').click()
    page.mouse.move(2, 2)
    studio.shoot(page, "panel-folded")
    page.locator(f'{PANEL} [data-action="fold"]').click()


@pytest.mark.parametrize(
    ("name", "path"),
    [("weekly", "week/2026-W47"), ("trending", "trending"), ("search", "?q=attention"), ("paper", "2611.10001")],
)
def test_other_pages_of_the_listing(studio: Studio, server: Server, name: str, path: str) -> None:
    page = studio.listing(address=f"{LISTING}{path}" if path[0] == "?" else f"{LISTING}/{path}")
    if name != "paper":
        until_papers(page)
    studio.shoot(page, f"page-{name}")
    page.set_viewport_size({"width": 400, "height": 900})
    studio.shoot(page, f"page-{name}-400", UNASKED)
    page.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("new", "list/cs.LG/new"),
        ("recent", "list/cs.LG/recent"),
        ("search", "search/?query=x"),
        ("abs", "abs/2611.10001"),
    ],
)
def test_arxiv(studio: Studio, server: Server, name: str, path: str) -> None:
    studio.keep(preferences={"sites": {"huggingface": True, "arxiv": True}})
    eventually(
        lambda: studio.browser.worker().evaluate(
            "chrome.scripting.getRegisteredContentScripts().then((all) => all.length)"
        ),
        1,
    )
    page = studio.listing(address=f"{ARXIV}/{path}")
    if name != "abs":
        until_papers(page)
        page.locator("dd, li.arxiv-result").first.hover()
    studio.shoot(page, f"arxiv-{name}", UNASKED if name == "recent" else OURS)
    page.close()
    studio.keep(preferences={})


def test_paused_and_drifted(studio: Studio, server: Server, pages: PagesServer) -> None:
    page = studio.listing()
    popup = studio.own(POPUP, 400, 560, over=page)
    studio.keep(pauses={"all": 0})
    until_state(page, "paused")
    studio.shoot(page, "panel-paused")
    popup.reload()
    expect(popup.locator("#standing")).to_have_text("Paused")
    studio.shoot(popup, "popup-paused", EVERYTHING)
    studio.keep(pauses={})
    pages.set(shape="headings")
    page.add_init_script(COUNT_OURS)
    page.reload()
    until_state(page, "drift")
    assert page.evaluate("ours") == 0
    studio.shoot(page, "panel-drift")
    popup.reload()
    expect(popup.locator("#pane li").first).to_be_visible()
    expect(popup.locator("#standing")).to_contain_text("changed")
    studio.shoot(popup, "popup-drift", EVERYTHING)
    pages.set()
    popup.close()
    page.close()


def test_the_popup(studio: Studio, server: Server) -> None:
    page = studio.listing(address=f"{LISTING}?login=1&upvoted=2611.10001,2611.10002")
    popup = studio.own(POPUP, 400, 560, over=page)
    expect(popup.locator("#pane li").first).to_be_visible()
    expect(popup.locator("#import")).to_be_visible()
    studio.shoot(popup, "popup-import", EVERYTHING)
    popup.click("#import-no")
    expect(popup.locator("#import")).to_be_hidden()
    studio.shoot(popup, "popup", EVERYTHING)
    popup.click("#tab-search")
    popup.fill('#pane input[type="search"]', "attention")
    popup.press('#pane input[type="search"]', "Enter")
    expect(popup.locator("#pane li").first).to_be_visible()
    studio.shoot(popup, "popup-search", EVERYTHING)
    popup.click("#tab-ledger")
    expect(popup.locator("#pane li").first).to_be_visible()
    studio.shoot(popup, "popup-ledger", EVERYTHING)
    popup.click("#tab-hidden")
    expect(popup.locator("#pane li").first).to_be_visible()
    studio.shoot(popup, "popup-hidden", EVERYTHING)
    elsewhere = studio.own(POPUP, 400, 560)
    studio.shoot(elsewhere, "popup-elsewhere", EVERYTHING)
    for one in (popup, elsewhere, page):
        one.close()


def test_the_options(studio: Studio, server: Server) -> None:
    token = pair_again(server)
    refused = {
        "id": "0f0e0d0c-0b0a-4908-8706-050403020100",
        "kind": "open",
        "paper": "2611.10003",
        "at": "1980-01-01T00:00:00Z",
    }
    studio.keep(queue=[{"event": refused}])
    options = studio.own(OPTIONS, 900, 1000)
    tell = "message => chrome.runtime.sendMessage(message)"
    options.evaluate(tell, {"type": "queue/flush"})
    options.reload()
    expect(options.locator("#refused-list li")).to_have_count(1)
    expect(options.locator("#device-list li")).to_have_count(2)
    studio.shoot(options, "options", EVERYTHING, full=True)
    options.click("#leave")
    studio.shoot(options, "options-leaving", EVERYTHING, full=True)

    # This browser is revoked from another one.
    devices = call(server.url, "/v1/devices", token=token)[1]["items"]
    mine = next(one["id"] for one in devices if not one["this"])
    page = studio.listing()
    assert call(server.url, f"/v1/devices/{mine}", token=token, method="DELETE")[0] == 204
    options.evaluate(tell, {"type": "act", "kind": "save", "paper": "2611.10009"})
    until_state(page, "unpaired")
    studio.shoot(page, "panel-revoked")
    options.reload()
    expect(options.locator("#standing")).to_contain_text("no longer knows")
    studio.shoot(options, "options-revoked", EVERYTHING, full=True)
    popup = studio.own(POPUP, 400, 560, over=page)
    studio.shoot(popup, "popup-revoked", EVERYTHING)
    server.token = token
    studio.keep(token=token)
    until_state(page, "ready")
    for one in (popup, options, page):
        one.close()


def test_the_first_minute(studio: Studio, server: Server) -> None:
    welcome = studio.own(WELCOME, 900, 1000)
    expect(welcome.locator("#papers li").first).to_be_visible()
    studio.shoot(welcome, "welcome-pick", EVERYTHING, full=True)
    kept = studio.browser.stored("serverUrl", "token")
    studio.keep(serverUrl="", token="", agreed=False)
    welcome.reload()
    studio.shoot(welcome, "welcome", EVERYTHING, full=True)
    welcome.fill("#address", "http://192.0.2.1:8765")
    welcome.check("#agreed")
    welcome.click("#submit")
    expect(welcome.locator("#plain-row")).to_be_visible()
    studio.shoot(welcome, "welcome-plain-http", EVERYTHING, full=True)
    options = studio.own(OPTIONS, 900, 1000)
    studio.shoot(options, "options-unpaired", EVERYTHING, full=True)
    popup = studio.own(POPUP, 400, 560)
    studio.shoot(popup, "popup-unpaired", EVERYTHING)
    not_allowed = studio.own(POPUP, 400, 560, script="chrome.permissions.contains = async () => false")
    studio.shoot(not_allowed, "popup-not-allowed", EVERYTHING)
    not_allowed.close()
    trial = studio.own("src/welcome/try.html", 1100, 900)
    until_state(trial, "ready")
    until_papers(trial)
    studio.shoot(trial, "try", EVERYTHING)
    studio.keep(**kept, agreed=True)
    for one in (welcome, options, popup, trial):
        one.close()


def test_in_german(
    playwright: Playwright, pages: PagesServer, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("german")
    browser = Chromium(playwright, folder / "profile", pages.https_port, extension=in_german(folder / "extension"))
    german = Studio(browser, "german")
    page = german.listing("unpaired", width=360)
    german.shoot(page, "panel-unpaired-360")
    welcome = german.own(WELCOME, 900, 1000)
    german.shoot(welcome, "welcome", UNASKED, full=True)
    german.keep(serverUrl=server.url, token=server.token)
    until_state(page, "ready")
    page.set_viewport_size({"width": 1366, "height": 900})
    until_papers(page)
    german.shoot(page, "panel-personal")
    popup = german.own(POPUP, 400, 560, over=page)
    expect(popup.locator("#pane li").first).to_be_visible()
    german.shoot(popup, "popup", EVERYTHING)
    german.shoot(german.own(OPTIONS, 900, 1000), "options", UNASKED, full=True)
    browser.close()


def test_with_the_server_silent(studio: Studio, server: Server) -> None:
    page = studio.listing()
    until_papers(page)
    lists = studio.browser.stored("lists")["lists"]
    for one in lists.values():
        one["fetched_at"] -= HOURS
    studio.keep(lists=lists)
    server.kill()
    page.reload()
    until_state(page, "offline")
    act(page, shown(page)[2], "save")
    until_papers(page)
    page.evaluate("scrollTo(0, 0)")
    studio.shoot(page, "panel-offline")
    page.set_viewport_size({"width": 400, "height": 900})
    studio.shoot(page, "panel-offline-400")
    popup = studio.own(POPUP, 400, 560, over=page)
    expect(popup.locator("#pane li").first).to_be_visible()
    studio.shoot(popup, "popup-unsent", EVERYTHING)
    studio.keep(lists={})
    page.set_viewport_size({"width": 1366, "height": 900})
    page.reload()
    expect(page.locator(f"{PANEL} .rest")).to_be_visible()
    studio.shoot(page, "panel-offline-nothing-known")
