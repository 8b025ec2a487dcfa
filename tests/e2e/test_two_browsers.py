"""One reader in Chromium and in Firefox at once: each shows what was done in the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e import firefox, firefox_story
from tests.e2e.chromium import Chromium, shown, until_state
from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox import Firefox
from tests.e2e.tabs import FirefoxTab
from tests.pages.server import PagesServer
from tests.server.inkling_process import call

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
DAY = "https://huggingface.co/papers/date/2026-11-20"


@pytest.fixture
def chromium(playwright: Playwright, pages: PagesServer, tmp_path: Path) -> Iterator[Chromium]:
    pages.set()
    running = Chromium(playwright, tmp_path / "chromium", pages.https_port)
    yield running
    running.close()


@pytest.fixture
def fox(pages: PagesServer, tmp_path: Path) -> Iterator[Firefox]:
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    running = Firefox(tmp_path / "firefox" / "profile", pages.https_port)
    yield running
    running.close()


def press(page: Page, paper: str, action: str) -> None:
    page.bring_to_front()
    page.locator(f'article:has(h3 a[href="/papers/{paper}"])').first.hover()
    page.locator(f'[data-inkling="mark"][data-paper="{paper}"] [data-action="{action}"]').first.click()


def until_signed(page: Page, signs: dict[str, str]) -> None:
    """Load the listing anew and wait until it shows these papers so."""
    page.goto(DAY)
    until_state(page, "ready")
    for paper, sign in signs.items():
        mark = page.locator(f'[data-inkling="mark"][data-paper="{paper}"]').first
        expect(mark).to_have_attribute("data-sign", sign, timeout=40_000)


def test_what_is_done_in_one_browser_is_shown_in_the_other(chromium: Chromium, fox: Firefox, server: Server) -> None:
    # Paired as a reader does it: each browser by a link of its own, to one reader.
    options = chromium.own("src/options/options.html")
    options.check("#agreed")
    options.fill("#address", firefox_story.link_of(server))
    options.click("#submit")
    expect(options.locator("#steps li.good")).to_have_count(5, timeout=30_000)
    fox.own("src/options/options.html")
    fox.find("#agreed").click()
    firefox_story.connect(fox, firefox_story.link_of(server), good=True)
    names = [one["name"] for one in server.ask("/v1/devices")["items"]]
    assert len(names) == 3

    page = chromium.context.new_page()
    until_signed(page, {})
    page.wait_for_selector('[data-inkling="mark"]', state="attached")
    firefox_story.listing(fox, DAY)
    saved, hidden, opened, back, *_ = shown(page)

    # Save on Chromium, hide on Firefox: each shows both. What is taken back in the other is taken back here.
    press(page, saved, "save")
    press(page, back, "save")
    firefox_story.act(fox, hidden, "hide")
    firefox_story.until_kept(fox, hidden, "hidden")
    fox.point(fox.find(firefox_story.title(opened)), 1)
    eventually(
        lambda: sorted(server.acts()), sorted([("save", saved), ("save", back), ("hide", hidden), ("open", opened)]), 40
    )

    both = {saved: "saved", hidden: "hidden", opened: "seen", back: "saved"}
    until_signed(page, both)
    firefox_story.listing(fox, DAY)
    for paper, sign in both.items():
        firefox_story.until_kept(fox, paper, sign)

    firefox_story.act(fox, back, "save")
    eventually(lambda: [kind for kind, paper in server.acts() if paper == back], ["save", "unsave"], 40)
    until_signed(page, {saved: "saved", hidden: "hidden", opened: "seen"})
    expect(page.locator(f'[data-inkling="mark"][data-paper="{back}"]').first).not_to_have_attribute(
        "data-sign", "saved"
    )

    # Neither recommends what was touched in the other; one is revoked from the other and says so, keeping what it has.
    assert not {one["paper"]["id"] for one in server.ask("/v1/recommendations?limit=50")["items"]} & (
        both.keys() - {back}
    )
    token = FirefoxTab(fox).kept("token")
    (device,) = (one["id"] for one in call(server.url, "/v1/devices", token=token)[1]["items"] if one["this"])
    assert call(server.url, f"/v1/devices/{device}", token=server.token, method="DELETE")[0] == 204
    firefox_story.act(fox, back, "save")
    fox.until_state("unpaired")
    waiting = [one["event"]["paper"] for one in FirefoxTab(fox).kept("queue") if one["event"]["kind"] == "save"]
    assert waiting == [back]
    until_signed(page, {saved: "saved", hidden: "hidden", opened: "seen"})
    assert chromium.console == []
    assert fox.complaints() == []
