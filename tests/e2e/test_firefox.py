"""The stories of tests/e2e/test_story.py in Firefox, with the packed file that people are given.

Firefox's release takes signed files only; its ESR, which these tests drive, may be told to take any. Installed so, the
extension lasts like a signed one, and the browser can be killed and started again.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox import Firefox
from tests.e2e.firefox_story import (
    LISTING,
    ORDER,
    RECOMMENDED,
    SHOWN,
    act,
    connect,
    link_of,
    listing,
    mark,
    switch,
    title,
    until_kept,
    until_marked,
)
from tests.e2e.tabs import FirefoxTab

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
DAY = f"{LISTING}/date/2026-11-20?delay=600"
CONTROLS = ("reverse", "drop", "week", "drop", "reverse", "day", "month", "drop")


@pytest.fixture
def browser(clean_firefox: Firefox) -> Firefox:
    return clean_firefox


def open_in_three_ways(browser: Firefox, server: Server, papers: list[str]) -> list[tuple[str, str]]:
    """Click, click with the control key and press the middle button; return what is then logged."""
    clicked, with_control, middle = papers
    browser.find(title(clicked)).click()
    browser.until("return location.pathname === arguments[0]", f"/papers/{clicked}")
    eventually(server.acts, [("open", clicked)], 40)
    listing(browser)
    tab = browser.driver.current_window_handle
    browser.point(browser.find(title(with_control)), 0, control=True)
    eventually(server.acts, [("open", clicked), ("open", with_control)], 40)
    browser.point(browser.find(title(middle)), 1)
    did = [("open", clicked), ("open", with_control), ("open", middle)]
    eventually(server.acts, did, 40)
    browser.driver.switch_to_window(tab)
    return did


def test_the_loop_closes(browser: Firefox, server: Server, screenshots: Path) -> None:
    server.ingest()
    browser.visit(LISTING)
    browser.until_state("unpaired")
    browser.own("src/options/options.html")
    browser.find("#agreed").click()
    connect(browser, link_of(server), good=True)

    papers = listing(browser)
    saved, hidden, saved_offline = papers[9:12]
    did = open_in_three_ways(browser, server, papers[6:9])
    act(browser, saved, "save")
    act(browser, hidden, "hide")
    did += [("save", saved), ("hide", hidden)]
    eventually(server.acts, did, 40)

    # The server dies; a save is kept, the marks stay, and it is said.
    server.kill()
    act(browser, saved_offline, "save")
    until_kept(browser, saved_offline, "saved")
    browser.until_state("offline")
    tab = FirefoxTab(browser)
    waiting = [one["event"]["paper"] for one in tab.kept("queue") if one["event"]["kind"] == "save"]
    assert waiting == [saved_offline]
    assert browser.driver.execute_script("return document.querySelector(arguments[0]).dataset.sign", [mark(saved)])

    # So does the browser, in the same moment; nothing is lost, and nothing counts twice.
    browser.kill()
    browser.restart()
    server.start()
    listing(browser)
    did += [("save", saved_offline)]
    eventually(server.acts, did, 90)

    server.train()
    listing(browser)
    browser.until(f"{ORDER} && ({RECOMMENDED.removeprefix('return ')}).length >= 5")
    there = browser.driver.execute_script(RECOMMENDED)
    assert server.ask("/v1/recommendations?limit=5")["model"]
    assert not {paper for paper, _ in there} & set(papers)
    assert all(reason.strip() for _, reason in there)
    browser.screenshot(screenshots / "firefox.png")

    browser.restart()
    listing(browser)
    eventually(server.acts, did)
    assert not FirefoxTab(browser).kept("dead")
    assert browser.complaints() == []


def press_all(browser: Firefox) -> list[list[str]]:
    """Press the page's own controls in turn; return the list after each, in the page's own order."""
    lists = []
    for control in CONTROLS:
        browser.find(f'[data-control="{control}"]').click()
        time.sleep(0.9)
        lists.append(
            browser.driver.execute_script(
                """return [...document.querySelectorAll('[data-target="DailyPapers"] article h3:first-of-type a[href]')]
                     .map((one) => one.getAttribute('href'))"""
            )
        )
    return lists


def test_for_you_orders_and_gives_back_and_every_control_still_works(
    browser: Firefox, server: Server, screenshots: Path
) -> None:
    server.ingest()
    FirefoxTab(browser).keep(serverUrl=server.url, token=server.token)
    original = listing(browser, DAY)
    for paper in original[:3]:
        act(browser, paper, "save")
        until_kept(browser, paper, "saved")
    eventually(server.acts, [("save", paper) for paper in original[:3]])
    listing(browser, DAY)

    browser.until(f"{ORDER}?.getClientRects().length")
    browser.driver.execute_script(ORDER).click()
    browser.until(f"return JSON.stringify((() => {{ {SHOWN} }})()) !== arguments[0]", packed_list(original))
    assert sorted(browser.driver.execute_script(SHOWN)) == sorted(original)
    browser.screenshot(screenshots / "firefox-for-you.png")
    browser.inside('[data-inkling="panel"]', '[data-order="original"]').click()
    browser.until(f"return JSON.stringify((() => {{ {SHOWN} }})()) === arguments[0]", packed_list(original))

    browser.driver.execute_script(ORDER).click()
    with_us = press_all(browser)
    assert browser.complaints() == []
    switch(browser, "disable")
    try:
        browser.visit(DAY)
        assert with_us == press_all(browser)
        assert not browser.driver.execute_script("return document.documentElement.dataset.inklingState")
    finally:
        switch(browser, "enable")


def packed_list(papers: list[str]) -> str:
    """As `JSON.stringify` writes it."""
    return "[" + ",".join(f'"{one}"' for one in papers) + "]"


def test_what_the_page_is_told_before_pairing_and_while_paused(browser: Firefox, server: Server) -> None:
    browser.visit(LISTING)
    browser.until_state("unpaired")
    tab = FirefoxTab(browser)
    tab.keep(serverUrl=server.url, token=server.token)
    browser.until_state("ready")
    until_marked(browser)
    tab.keep(pauses={"all": 0})
    browser.until_state("paused")
    browser.until("return document.querySelectorAll('[data-inkling]').length === 0")
    browser.driver.find_elements("css selector", "article h3 a")[3].click()
    time.sleep(1)
    acts = server.acts()
    assert acts == []
    assert browser.complaints() == []
