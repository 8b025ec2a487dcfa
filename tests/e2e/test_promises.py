"""Promises of the extension that only a real browser over a real server can keep, one story each, in both browsers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox_story import SHOWN, mark, title
from tests.e2e.matrix import HYDRATED, PANEL, STATE
from tests.e2e.stillness import expect_still, watched
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer
from tests.server.inkling_process import call, run

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
LISTING = "https://huggingface.co/papers"
OPTIONS, POPUP = (f"src/{name}/{name}.html" for name in ("options", "popup"))
HOST = '[data-inkling="panel"]'
HEADING, SAID, REASON = "h2", '[role="status"]', '[data-part="reason"]'
SAYS = f"""return document.querySelector('{HOST}').shadowRoot.querySelector(arguments[0])?.textContent
             .includes(arguments[1]) ?? false"""
RECOMMENDED = f"""return [...document.querySelector('{HOST}').shadowRoot.querySelectorAll('[data-paper]')]
                    .map((one) => one.dataset.paper)"""
INSIDE = """return [...document.querySelectorAll('[data-inkling]')]
              .flatMap((one) => [...one.shadowRoot.querySelectorAll(arguments[0])]).length"""
VALUE = "return document.querySelector(arguments[0]).value"


@pytest.fixture(scope="module")
def ingested(shared_server: Server, pages: PagesServer) -> Server:
    pages.set()
    shared_server.ingest()
    return shared_server


@pytest.fixture
def server(ingested: Server) -> Server:
    """The same server with a reader of its own for each test."""
    if ingested.up.process.poll() is not None:
        ingested.start()
    done = run("pair", "--new", "--json", home=ingested.home, **ingested.environ)
    code = json.loads(done.stdout)["code"]
    ingested.token = call(ingested.url, "/v1/devices", {"name": "a browser", "code": code})[1]["token"]
    return ingested


@pytest.fixture
def tab(any_tab: Tab, pages: PagesServer, server: Server) -> Tab:
    """The one browser, its extension as it is right after it was paired."""
    pages.set()
    any_tab.wipe()
    any_tab.keep(serverUrl=server.url, token=server.token)
    return any_tab


def listing(tab: Tab, address: str = LISTING) -> list[str]:
    """Open a listing and return its papers as the eye meets them, once it is all there."""
    tab.go(address)
    tab.until(HYDRATED)
    tab.until(STATE, "ready")
    tab.until("return document.querySelectorAll('[data-inkling=\"mark\"]').length > 20")
    tab.until(PANEL)
    return shown(tab)


def shown(tab: Tab) -> list[str]:
    return list(tab.run(SHOWN))


def preference(tab: Tab, name: str) -> Any:
    """Return what the reader has chosen; `KeyError` where nothing is chosen yet."""
    return (tab.kept("preferences") or {})[name]


def save(tab: Tab, paper: str) -> None:
    """Press save in a card's own mark, as a reader does: the mouse goes to the card first."""
    tab.hover(f'article:has(h3 a[href="/papers/{paper}"])')
    tab.press('[data-action="save"]', host=mark(paper))


def expect_told(tab: Tab, part: str, words: str) -> None:
    """Wait until a part of the panel says something."""
    tab.until(SAYS, part, words, seconds=20)


def as_page(tab: Tab, expression: str) -> Any:
    """Return what an expression is to the page's own scripts."""
    return json.loads(
        tab.run(
            """const script = document.createElement('script');
               script.textContent = `document.documentElement.dataset.found = JSON.stringify(${arguments[0]})`;
               document.head.append(script);
               script.remove();
               return document.documentElement.dataset.found""",
            expression,
        )
    )


def test_with_the_third_save_the_panel_is_the_reader_s_own(tab: Tab, server: Server) -> None:
    papers = listing(tab)
    expect_told(tab, HEADING, "New and popular: save three to make this yours")
    assert tab.run(INSIDE, "[data-fit]") == 0
    for paper in papers[6:9]:
        save(tab, paper)
    eventually(lambda: len(server.acts()), 3)
    tab.unhover()
    expect_told(tab, HEADING, "For you")
    expect_told(tab, REASON, "which you saved")
    eventually(lambda: tab.run(INSIDE, "[data-fit]") > 0, wanted=True)


def test_what_is_shown_is_logged_once_with_its_list_and_place(tab: Tab, server: Server) -> None:
    listing(tab)
    five = tab.run(RECOMMENDED)[:5]

    def logged() -> list[tuple[str, int]]:
        events = [one for one in server.events() if one["kind"] == "impression" and one["surface"] == "panel"]
        assert all(one["list_id"] for one in events)
        return sorted((one["paper"], one["position"]) for one in events)

    eventually(logged, sorted((paper, place) for place, paper in enumerate(five, 1)))


def test_every_action_has_a_key_and_no_key_is_taken_from_a_field(tab: Tab, server: Server) -> None:
    paper, *_ = listing(tab)
    field = 'input[type="search"], .search-form input'
    tab.type(field, "jsxwou")
    assert tab.run(VALUE, field) == "jsxwou"
    tab.key("Escape")
    tab.run("document.activeElement.blur()")

    tab.key("j")
    tab.key("s")
    expect_told(tab, SAID, "Saved")
    eventually(server.acts, [("save", paper)])
    tab.key("u")
    expect_told(tab, SAID, "Taken back")
    tab.key("w")
    eventually(lambda: tab.run(INSIDE, ".why-box"), 1)
    tab.key("Escape")
    eventually(lambda: tab.run(INSIDE, ".why-box"), 0)
    tab.key("x")
    expect_told(tab, SAID, "Hidden")
    eventually(lambda: server.acts()[-1], ("hide", paper))
    tab.key("o")
    expect_told(tab, SAID, "Ordered for you")
    tab.key("o")
    expect_told(tab, SAID, "Original order")

    # Another key for saving, that until now went on to the next card.
    with tab.own_page(OPTIONS):
        tab.until("return document.querySelector('[data-key=\"save\"]')?.value === 's'")
        tab.fill('[data-key="save"]', "j")
        tab.until("return document.querySelector('[data-key=\"next\"]').value === ''")
        eventually(lambda: preference(tab, "shortcuts")["next"], "")
        eventually(lambda: preference(tab, "shortcuts")["save"], "j")
    time.sleep(0.3)
    tab.key("k")
    before = len(server.acts())
    tab.key("s")
    tab.key("j")
    eventually(lambda: [kind for kind, _ in server.acts()[before:]], ["save"])


def test_for_you_once_chosen_comes_by_itself_and_no_card_is_seen_to_jump(
    tab: Tab, server: Server, pages: PagesServer
) -> None:
    address = f"{LISTING}/date/2026-11-20"
    original = listing(tab, address)
    tab.press('[data-action="order"]', host=HOST)
    eventually(lambda: shown(tab) != original, wanted=True)
    eventually(lambda: preference(tab, "order"), "foryou")
    # A busy machine may be too late for it now and then: then the page keeps its order, and nothing moves either.
    with watched(pages):
        for _ in range(5):
            tab.go("about:blank")
            listing(tab, address)
            time.sleep(0.5)
            expect_still(tab)
            if shown(tab) != original:
                break
    assert shown(tab) != original


def test_the_reader_says_what_is_logged(tab: Tab, server: Server) -> None:
    listing(tab)
    with tab.own_page(POPUP):
        tab.choose("#capture", "manual")
        eventually(lambda: preference(tab, "capture"), "manual")
    papers = listing(tab)
    # What was shown before that is on its way still.
    eventually(lambda: tab.kept("queue") or [], [])
    logged = len(server.events())
    save(tab, papers[7])
    tab.press(title(papers[8]))
    tab.until("return location.pathname === arguments[0]", f"/papers/{papers[8]}")
    tab.until(STATE, "ready")
    time.sleep(2.5)
    assert server.acts() == [("save", papers[7])]
    assert len(server.events()) == logged + 1

    with tab.own_page(POPUP):
        tab.choose("#capture", "off")
        eventually(lambda: preference(tab, "capture"), "off")
    tab.until(STATE, "off")
    assert tab.run("return document.querySelectorAll('[data-inkling]').length") == 0


def test_the_page_finds_neither_token_nor_log(tab: Tab, server: Server) -> None:
    listing(tab)
    page = tab.run("return document.documentElement.outerHTML")
    assert "data-inkling" in page
    assert server.token not in page
    shadows = as_page(tab, "[...document.querySelectorAll('[data-inkling]')].map((one) => one.shadowRoot.innerHTML)")
    assert len(shadows) > 20
    assert server.token not in "".join(shadows)
    reach = ("chrome?.storage", "chrome?.runtime?.sendMessage", "browser?.storage", "browser?.runtime?.sendMessage")
    for api in reach:
        assert as_page(tab, f"typeof globalThis.{api}") == "undefined"
    assert as_page(tab, "[{...localStorage}, {...sessionStorage}, document.cookie]") == [{}, {}, ""]


def test_export_and_leaving_a_dead_server(tab: Tab, server: Server) -> None:
    with tab.own_page(POPUP):
        tab.press("#tab-ledger")
        tab.until(
            "return document.querySelector('#pane > .row > button:last-of-type')?.textContent === arguments[0]",
            "Export everything",
        )
        assert "inkling-export" in tab.download("#pane > .row > button:last-of-type")

    server.kill()
    with tab.own_page(OPTIONS):
        tab.press("#leave")
        tab.press_and_agree("#leave-all")
        said = "return document.querySelector('#said').textContent.includes(arguments[0])"
        tab.until(said, f"Everything here is wiped, but {server.url} could not be told")
        tab.until(said, "What was logged is still there")
    assert not tab.kept("token")
