"""Promises of the extension that only a real browser over a real server can keep, one story each."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.chromium import Chromium, shown, until_state
from tests.e2e.conftest import Server, eventually
from tests.pages.server import PagesServer
from tests.server.inkling_process import call, run

pytestmark = pytest.mark.browser
LISTING = "https://huggingface.co/papers"
OPTIONS, POPUP = (f"src/{name}/{name}.html" for name in ("options", "popup"))
PANEL, MARK = '[data-inkling="panel"]', '[data-inkling="mark"]'
HEADING, SAID = f"{PANEL} h2", f'{PANEL} [role="status"]'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Server]:
    pages.set()
    started = Server(tmp_path_factory.mktemp("promises") / "home", pages)
    started.ingest()
    yield started
    started.end()


@pytest.fixture
def server(running: Server) -> Server:
    """The same server with a reader of its own for each test."""
    done = run("pair", "--new", "--json", home=running.home, **running.environ)
    code = json.loads(done.stdout)["code"]
    running.token = call(running.url, "/v1/devices", {"name": "a browser", "code": code})[1]["token"]
    return running


@pytest.fixture
def browser(playwright: Playwright, pages: PagesServer, server: Server, tmp_path) -> Iterator[Chromium]:
    pages.set()
    started = Chromium(playwright, tmp_path / "profile", pages.https_port)
    started.store(serverUrl=server.url, token=server.token)
    yield started
    started.close()


def listing(browser: Chromium, address: str = LISTING) -> Page:
    page = browser.page(address)
    until_state(page, "ready")
    page.wait_for_selector(MARK, state="attached")
    page.wait_for_selector(f"{PANEL} [data-paper]")
    return page


def recommended(page: Page) -> list[str]:
    return list(page.locator(f"{PANEL} [data-paper]").evaluate_all("all => all.map((one) => one.dataset.paper)"))


def test_with_the_third_save_the_panel_is_the_reader_s_own(browser: Chromium, server: Server) -> None:
    page = listing(browser)
    expect(page.locator(HEADING)).to_have_text("New and popular: save three to make this yours")
    assert page.locator(f"{MARK} [data-fit]").count() == 0
    for paper in shown(page)[6:9]:
        page.locator(f'article:has(h3 a[href="/papers/{paper}"])').first.hover()
        page.locator(f'{MARK}[data-paper="{paper}"] [data-action="save"]').first.click()
    eventually(lambda: len(server.acts()), 3)
    page.mouse.move(2, 2)
    expect(page.locator(HEADING)).to_have_text("For you", timeout=20_000)
    expect(page.locator(f"{PANEL} [data-part=reason]").first).to_contain_text("which you saved")
    page.wait_for_selector(f"{MARK} [data-fit]", state="attached", timeout=20_000)


def test_what_is_shown_is_logged_once_with_its_list_and_place(browser: Chromium, server: Server) -> None:
    page = listing(browser)
    five = recommended(page)[:5]

    def logged() -> list[tuple[str, int]]:
        events = [one for one in server.events() if one["kind"] == "impression" and one["surface"] == "panel"]
        assert all(one["list_id"] for one in events)
        return sorted((one["paper"], one["position"]) for one in events)

    eventually(logged, sorted((paper, place) for place, paper in enumerate(five, 1)))


def test_every_action_has_a_key_and_no_key_is_taken_from_a_field(browser: Chromium, server: Server) -> None:
    page = listing(browser)
    field = page.locator('input[type="search"], .search-form input').first
    field.press_sequentially("jsxwou")
    assert field.input_value() == "jsxwou"
    page.keyboard.press("Escape")
    field.blur()

    paper = shown(page)[0]
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator(SAID)).to_contain_text("Saved")
    eventually(server.acts, [("save", paper)])
    page.keyboard.press("u")
    expect(page.locator(SAID)).to_contain_text("Taken back")
    page.keyboard.press("w")
    expect(page.locator(".why-box")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".why-box")).to_have_count(0)
    page.keyboard.press("x")
    expect(page.locator(SAID)).to_contain_text("Hidden")
    eventually(lambda: server.acts()[-1], ("hide", paper))
    page.keyboard.press("o")
    expect(page.locator(SAID)).to_contain_text("Ordered for you")
    page.keyboard.press("o")
    expect(page.locator(SAID)).to_contain_text("Original order")

    # Another key for saving, that until now went on to the next card.
    options = browser.own(OPTIONS)
    options.locator('[data-key="save"]').fill("j")
    expect(options.locator('[data-key="next"]')).to_have_value("")
    eventually(lambda: browser.stored("preferences")["preferences"]["shortcuts"]["next"], "")
    page.bring_to_front()
    page.wait_for_timeout(300)
    page.keyboard.press("k")
    before = len(server.acts())
    page.keyboard.press("s")
    page.keyboard.press("j")
    eventually(lambda: [kind for kind, _ in server.acts()[before:]], ["save"])


def test_for_you_once_chosen_comes_by_itself_and_no_card_is_seen_to_jump(browser: Chromium, server: Server) -> None:
    address = f"{LISTING}/date/2026-11-20"
    page = listing(browser, address)
    original = shown(page)
    page.locator(f'{PANEL} [data-action="order"]').click()
    eventually(lambda: shown(page) != original, True)
    browser.context.add_init_script(
        """globalThis.moved = 0;
           new PerformanceObserver((list) => { for (const {value} of list.getEntries()) moved += value; })
             .observe({type: 'layout-shift', buffered: true});"""
    )
    # A busy machine may be too late for it now and then: then the page keeps its order, and nothing moves either.
    for _ in range(5):
        page.close()
        page = listing(browser, address)
        page.wait_for_timeout(500)
        assert page.evaluate("moved") < 0.02
        if shown(page) != original:
            break
    assert shown(page) != original


def test_the_reader_says_what_is_logged(browser: Chromium, server: Server) -> None:
    page = listing(browser)
    popup = browser.own(POPUP)
    popup.select_option("#capture", "manual")
    eventually(lambda: browser.stored("preferences")["preferences"]["capture"], "manual")
    page.reload()
    until_state(page, "ready")
    page.wait_for_selector(MARK, state="attached")
    papers = shown(page)
    logged = len(server.events())
    page.locator(f'article:has(h3 a[href="/papers/{papers[7]}"])').first.hover()
    page.locator(f'{MARK}[data-paper="{papers[7]}"] [data-action="save"]').first.click()
    page.locator(f'article:has(h3 a[href="/papers/{papers[8]}"]) h3 a').first.click()
    page.wait_for_url(f"**/papers/{papers[8]}")
    until_state(page, "ready")
    page.wait_for_timeout(2_500)
    assert server.acts() == [("save", papers[7])]
    assert len(server.events()) == logged + 1

    popup.bring_to_front()
    popup.select_option("#capture", "off")
    until_state(page, "off")
    assert page.locator("[data-inkling]").count() == 0


def test_the_page_finds_neither_token_nor_log(browser: Chromium, server: Server) -> None:
    page = listing(browser)
    assert server.token not in page.content()
    inside = page.evaluate(
        "[...document.querySelectorAll('[data-inkling]')].map((one) => one.shadowRoot.innerHTML).join()"
    )
    assert server.token not in inside
    assert page.evaluate("[typeof globalThis.chrome?.storage, typeof globalThis.chrome?.runtime?.sendMessage]") == [
        "undefined",
        "undefined",
    ]
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])") == '[{},{},""]'


def test_export_and_leaving_a_dead_server(browser: Chromium, server: Server) -> None:
    popup = browser.own(POPUP)
    popup.click("#tab-ledger")
    with popup.expect_download() as export:
        popup.get_by_role("button", name="Export everything").click()
    assert "inkling-export" in export.value.path().read_text()

    server.kill()
    options = browser.own(OPTIONS)
    options.once("dialog", lambda dialog: dialog.accept())
    options.click("#leave")
    options.click("#leave-all")
    expect(options.locator("#said")).to_contain_text(f"Everything here is wiped, but {server.url} could not be told")
    expect(options.locator("#said")).to_contain_text("What was logged is still there")
    assert not browser.stored("token", "queue", "states").get("token")
