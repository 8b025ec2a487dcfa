"""A page that goes to a paper by itself opens nothing for the reader; an address typed over a listing does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.chromium import Chromium, until_state
from tests.e2e.conftest import Server, eventually
from tests.pages.server import PagesServer

pytestmark = pytest.mark.browser

LAG = 6_000  # ms: longer than a press counts as one, and Playwright's own call is taken for a press


@pytest.fixture
def browser(playwright: Playwright, pages: PagesServer, tmp_path: Path) -> Iterator[Chromium]:
    pages.set()
    running = Chromium(playwright, tmp_path / "profile", pages.https_port)
    yield running
    running.close()


def until_marked(page: Page) -> None:
    page.wait_for_selector('[data-inkling="mark"]', state="attached", timeout=20_000)


def opens(server: Server) -> list[str]:
    return [paper for kind, paper in server.acts() if kind == "open"]


def test_only_what_the_reader_went_to_is_an_open(browser: Chromium, server: Server) -> None:
    server.ingest(1)
    browser.store(serverUrl=server.url, token=server.token)
    page = browser.page()
    until_state(page, "ready")
    until_marked(page)
    links = page.locator('[data-target="DailyPapers"] article h3 a[href]')
    addresses = links.evaluate_all("all => all.slice(0, 3).map((one) => one.href)")
    by_script, by_click, typed = (address.split("/papers/")[1] for address in addresses)

    for way in (f"location.assign('{addresses[0]}')", f"document.querySelector('h3 a[href$=\"{by_script}\"]').click()"):
        page.evaluate(f"void setTimeout(() => {way}, {LAG})")
        page.wait_for_url(f"**/papers/{by_script}", timeout=LAG + 20_000)
        page.wait_for_timeout(2_000)
        page.go_back()
        until_marked(page)
    assert opens(server) == []

    # The address bar, over a listing where nothing was pressed.
    page.wait_for_timeout(LAG)
    page.goto(addresses[2])
    eventually(lambda: opens(server), [typed])
    page.go_back()
    until_marked(page)
    page.locator(f'article h3 a[href$="{by_click}"]').first.click()
    page.wait_for_url(f"**/papers/{by_click}")
    eventually(lambda: opens(server), [typed, by_click])
