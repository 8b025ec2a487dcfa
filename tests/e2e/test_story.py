"""The loop, from the listing page to a recommendation in it: one story in a real Chromium over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.chromium import Chromium, shown, until_state, visit
from tests.e2e.conftest import Server, eventually
from tests.pages.server import PagesServer

pytestmark = pytest.mark.browser
LISTING = "https://huggingface.co/papers"


@pytest.fixture
def browser(playwright: Playwright, pages: PagesServer, tmp_path: Path) -> Iterator[Chromium]:
    pages.set()
    running = Chromium(playwright, tmp_path / "profile", pages.https_port)
    yield running
    running.close()


@pytest.fixture
def plain(playwright: Playwright, pages: PagesServer, tmp_path: Path) -> Iterator[Chromium]:
    """The same browser without the extension."""
    running = Chromium(playwright, tmp_path / "plain", pages.https_port, extension=None)
    yield running
    running.close()


def card(page: Page, paper: str):
    """The card of a paper."""
    return page.locator(f'[data-target="DailyPapers"] article:has(h3 a[href="/papers/{paper}"])').first


def act(page: Page, paper: str, action: str) -> None:
    """Press a button of a card's own mark, as a reader does: hover first."""
    card(page, paper).hover()
    page.locator(f'[data-inkling="mark"][data-paper="{paper}"] [data-action="{action}"]').first.click()


def recommended(page: Page) -> list[str]:
    return page.locator('[data-inkling="panel"] [data-paper]').evaluate_all(
        "all => all.map((one) => one.dataset.paper)"
    )


def until_marked(page: Page) -> None:
    page.wait_for_selector('[data-inkling="mark"]', state="attached", timeout=20_000)


def test_the_loop_closes(browser: Chromium, server: Server, pages: PagesServer, screenshots: Path) -> None:
    server.ingest()
    browser.store(serverUrl=server.url, token=server.token)
    page = browser.page()
    until_state(page, "ready")
    until_marked(page)
    papers = shown(page)
    clicked, with_control, middle, saved, hidden, saved_offline, *_ = papers[6:]
    open_three_ways(browser, page, clicked, with_control, middle)
    act(page, saved, "save")
    act(page, hidden, "hide")
    did = [("open", clicked), ("open", with_control), ("open", middle), ("save", saved), ("hide", hidden)]
    eventually(server.acts, did)

    save_while_the_server_is_dead(browser, page, server, saved_offline, screenshots)
    did.append(("save", saved_offline))
    eventually(server.acts, did, seconds=90)

    server.train()
    page.wait_for_timeout(1_500)
    visit(page, LISTING)
    look_at_what_is_recommended(page, server, {paper for _, paper in did} | set(papers), screenshots)

    # A restart of the browser loses nothing and counts nothing twice.
    browser.restart()
    page = browser.page()
    until_state(page, "ready")
    eventually(server.acts, did)
    assert not browser.stored("dead").get("dead")
    assert browser.console == []


def open_three_ways(browser: Chromium, page: Page, clicked: str, with_control: str, middle: str) -> None:
    card(page, clicked).locator("h3 a").click()
    page.wait_for_url(f"**/papers/{clicked}")
    page.wait_for_timeout(800)
    visit(page, LISTING)
    until_marked(page)
    with browser.context.expect_page() as opened:
        card(page, with_control).locator("h3 a").click(modifiers=["Control"])
    opened.value.wait_for_selector("body[data-hydrated]", state="attached")
    with browser.context.expect_page() as opened:
        card(page, middle).locator("h3 a").click(button="middle")
    opened.value.wait_for_selector("body[data-hydrated]", state="attached")
    page.bring_to_front()


def save_while_the_server_is_dead(browser: Chromium, page: Page, server: Server, paper: str, screenshots: Path) -> None:
    """The save is kept, the marks stay, and it is said; then the server comes back."""
    server.kill()
    act(page, paper, "save")
    until_state(page, "offline")
    page.screenshot(path=screenshots / "offline.png")
    assert [one["event"]["paper"] for one in browser.stored("queue")["queue"] if one["event"]["kind"] == "save"] == [
        paper
    ]

    server.start()
    page.reload()
    until_state(page, "ready", timeout=90_000)


def look_at_what_is_recommended(page: Page, server: Server, known: set[str], screenshots: Path) -> None:
    until_state(page, "ready")
    until_marked(page)
    page.wait_for_selector('[data-inkling="panel"] [data-paper]')
    assert server.ask("/v1/recommendations?limit=5")["model"]
    there = recommended(page)
    assert len(there) >= 5
    assert not set(there) & known
    reasons = page.locator('[data-inkling="panel"] [data-part="reason"]').all_inner_texts()
    assert len(reasons) >= 5
    assert all(reason.strip() for reason in reasons[:5])
    page.screenshot(path=screenshots / "story-light.png")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    page.screenshot(path=screenshots / "story-dark.png")
    page.emulate_media(color_scheme="light")


CONTROLS = ("reverse", "drop", "week", "drop", "reverse", "day", "month", "drop")


def press_all(page: Page) -> list[list[str]]:
    """Press the page's own controls in turn; return the list after each, in the page's own order."""
    lists = []
    for control in CONTROLS:
        page.locator(f'[data-control="{control}"]').first.click()
        page.wait_for_timeout(900)
        lists.append(
            page.locator('[data-target="DailyPapers"] article h3:first-of-type a[href]').evaluate_all(
                "all => all.map((one) => one.getAttribute('href'))"
            )
        )
    return lists


def test_for_you_orders_and_gives_back_and_every_control_still_works(
    browser: Chromium, plain: Chromium, server: Server, screenshots: Path
) -> None:
    server.ingest()
    browser.store(serverUrl=server.url, token=server.token)
    page = browser.page(f"{LISTING}/date/2026-11-20?delay=600")
    until_state(page, "ready")
    until_marked(page)
    original = shown(page)
    for paper in original[:3]:
        act(page, paper, "save")
    page.wait_for_timeout(1_500)
    page.reload()
    until_marked(page)
    until_state(page, "ready")
    before = page.locator('[data-target="DailyPapers"] article').evaluate_all(
        "all => all.map((one) => one.innerHTML.length)"
    )

    page.locator('[data-inkling="panel"] [data-action="order"]').click()
    page.wait_for_timeout(500)
    assert shown(page) != original
    assert sorted(shown(page)) == sorted(original)
    page.screenshot(path=screenshots / "for-you.png")
    in_tree = page.locator('[data-target="DailyPapers"] article').evaluate_all(
        "all => all.map((one) => one.innerHTML.length)"
    )
    assert len(in_tree) == len(before)
    page.locator('[data-inkling="panel"] [data-order="original"]').click()
    page.wait_for_timeout(500)
    assert shown(page) == original

    page.locator('[data-inkling="panel"] [data-action="order"]').click()
    page.wait_for_timeout(300)
    with_us = press_all(page)
    assert with_us == press_all(plain.page(f"{LISTING}/date/2026-11-20?delay=600"))
    assert browser.console == []


def test_what_the_page_is_told_before_pairing_and_while_paused(browser: Chromium, server: Server) -> None:
    page = browser.page()
    until_state(page, "unpaired")
    browser.store(serverUrl=server.url, token=server.token)
    until_state(page, "ready")
    until_marked(page)
    browser.store(pauses={"all": 0})
    until_state(page, "paused")
    page.wait_for_function("document.querySelectorAll('[data-inkling]').length === 0")
    page.locator("article h3 a").nth(3).click()
    page.wait_for_timeout(1_000)
    assert server.events() == []
    assert browser.console == []
