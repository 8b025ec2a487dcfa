"""The first half of the story in Firefox: pair through the options page, log, show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import firefox
from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox import Firefox
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
LISTING = "https://huggingface.co/papers"
SHOWN = """return [...document.querySelectorAll('[data-target="DailyPapers"] article h3:first-of-type a[href]')]
             .map((link) => link.getAttribute('href').split('/papers/')[1])"""


@pytest.fixture
def browser(pages: PagesServer, tmp_path: Path) -> Iterator[Firefox]:
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    pages.set()
    running = Firefox(tmp_path / "profile", pages.https_port)
    yield running
    running.close()


def title(paper: str) -> str:
    return f'article h3 a[href="/papers/{paper}"]'


def mark(paper: str) -> str:
    return f'[data-inkling="mark"][data-paper="{paper}"]'


def pair_by_link(browser: Firefox, server: Server) -> None:
    link = server.ask("/v1/pairing-codes", {"reader": "me"})["link"]
    browser.own("src/options/options.html")
    browser.until("return document.querySelector('#device')?.value !== ''")
    browser.find("#address").send_keys(link)
    browser.find("#agreed").click()
    browser.find("#submit").click()
    browser.until("return document.querySelectorAll('#steps li.good').length === 5")


def test_firefox_pairs_logs_and_shows(browser: Firefox, server: Server, screenshots: Path) -> None:
    server.ingest()
    browser.visit(LISTING)
    browser.until_state("unpaired")
    pair_by_link(browser, server)

    browser.visit(LISTING)
    browser.until_state("ready")
    browser.until("return document.querySelectorAll('[data-inkling=\"mark\"]').length > 20")
    papers = list(dict.fromkeys(browser.driver.execute_script(SHOWN)))
    clicked, with_control, middle, saved, hidden = papers[6:11]

    browser.find(title(clicked)).click()
    browser.until("return location.pathname === arguments[0]", f"/papers/{clicked}")
    eventually(server.acts, [("open", clicked)])
    browser.visit(LISTING)
    browser.until("return document.querySelectorAll('[data-inkling=\"mark\"]').length > 20")
    tab = browser.driver.current_window_handle
    browser.point(browser.find(title(with_control)), 0, control=True)
    eventually(server.acts, [("open", clicked), ("open", with_control)])
    browser.point(browser.find(title(middle)), 1)
    did = [("open", clicked), ("open", with_control), ("open", middle)]
    eventually(server.acts, did)

    browser.driver.switch_to_window(tab)
    for paper, action in ((saved, "save"), (hidden, "hide")):
        browser.point(browser.find(title(paper)))
        time.sleep(0.4)
        browser.inside(mark(paper), f'[data-action="{action}"]').click()
    did += [("save", saved), ("hide", hidden)]
    eventually(server.acts, did)

    server.train()
    browser.visit(LISTING)
    browser.until_state("ready")
    browser.until(
        """return document.querySelector('[data-inkling="panel"]')
             ?.shadowRoot.querySelectorAll('[data-paper]').length >= 5"""
    )
    there = browser.driver.execute_script(
        """return [...document.querySelector('[data-inkling="panel"]').shadowRoot.querySelectorAll('[data-paper]')]
             .map((one) => [one.dataset.paper, one.querySelector('[data-part="reason"]').textContent])"""
    )
    assert not {paper for paper, _ in there} & set(papers)
    assert all(reason.strip() for _, reason in there)
    browser.screenshot(screenshots / "firefox.png")
    eventually(server.acts, did)
