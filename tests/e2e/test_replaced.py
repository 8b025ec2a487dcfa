"""The extension is updated under an open page: no press is lost, and none passes for kept that was not.

Chromium leaves the old script in the page, with nobody behind it; Firefox ends it, and starts the new one there.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from marionette_driver.addons import Addons
from playwright.sync_api import Locator, Page, Playwright, expect

from tests.e2e import firefox
from tests.e2e.chromium import EXTENSION, Chromium, shown, until_state
from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox import Firefox
from tests.e2e.firefox_story import SHOWN, act, listing, switch, until_kept
from tests.e2e.tabs import FirefoxTab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
DAY = "https://huggingface.co/papers/date/2026-11-20"
VERSION = json.loads((EXTENSION / "manifest.json").read_text())["version"]
SENTENCE = "Inkling was updated or switched off: reload this page."
PANEL, MARK = '[data-inkling="panel"]', '[data-inkling="mark"]'
NOTICE = '[data-inkling="notice"] p'
# The worker's disk takes for ever: before it has written, or in telling that it has.
NEVER = "new Promise(() => {})"
NEVER_WRITTEN, NEVER_TOLD = (
    f"() => {{ const {{local}} = chrome.storage, set = local.set.bind(local); local.set = (items) => {how}; }}"
    for how in (NEVER, f"set(items).then(() => {NEVER})")
)
# Of the elements of ours: how many are drawn, and how many were there before the update.
DRAWN = (
    """return [...document.querySelectorAll('[data-inkling]')].filter((one) => one.getClientRects().length).length"""
)
NOTE_OLD = "document.querySelectorAll('[data-inkling]').forEach((one) => { one.old = true; })"
ALL_NEW = """const ours = [...document.querySelectorAll('[data-inkling]')];
  return ours.length > 20 && !ours.some((one) => one.old)
    && document.querySelectorAll('[data-inkling=panel]').length === 1
    && new Set(ours.map((one) => one.dataset.paper)).size === ours.length"""


@pytest.fixture(scope="module")
def server(shared_server: Server, pages: PagesServer) -> Server:
    pages.set()
    shared_server.ingest()
    return shared_server


class Unpacked:
    """A Chromium whose extension lies in a folder of its own, so that it can be updated there."""

    def __init__(self, browser: Chromium, folder: Path) -> None:
        self.browser, self.manifest, self.updates = browser, folder / "manifest.json", 0
        # As a reader does who loads an unpacked folder; else Chromium loads it once, and not again.
        page = browser.context.new_page()
        page.goto("chrome://extensions")
        page.evaluate("chrome.developerPrivate.updateProfileConfiguration({inDeveloperMode: true})")
        page.close()

    def update(self) -> None:
        """Put a later version into the folder and have the browser take it."""
        self.updates += 1
        later = ".".join(VERSION.split(".")[:3]) + f".{self.updates}"
        manifest = json.loads(self.manifest.read_text())
        self.manifest.write_text(json.dumps({**manifest, "version": later}))
        with self.browser.context.expect_event("serviceworker") as worker:
            self.browser.worker().evaluate("setTimeout(() => chrome.runtime.reload())")
        assert worker.value.evaluate("chrome.runtime.getManifest().version") == later


@pytest.fixture(scope="module")
def unpacked(
    playwright: Playwright, pages: PagesServer, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Unpacked]:
    folder = tmp_path_factory.mktemp("replaced")
    shutil.copytree(EXTENSION, folder / "extension")
    browser = Chromium(playwright, folder / "profile", pages.https_port, extension=folder / "extension")
    browser.store(serverUrl=server.url, token=server.token)
    yield Unpacked(browser, folder / "extension")
    browser.close()


@pytest.fixture
def page(unpacked: Unpacked) -> Iterator[Page]:
    opened = unpacked.browser.page(DAY)
    until_marked(opened)
    yield opened
    opened.close()


def until_marked(page: Page) -> None:
    until_state(page, "ready")
    page.wait_for_selector(f"{PANEL} [data-paper]")
    expect(page.locator(MARK)).to_have_count(45)


def mark(page: Page, paper: str) -> Locator:
    return page.locator(f'{MARK}[data-paper="{paper}"]')


def press(page: Page, paper: str, action: str = "save") -> None:
    page.locator(f'article:has(h3 a[href="/papers/{paper}"])').first.hover()
    mark(page, paper).locator(f'[data-action="{action}"]').click()


def until_kept_in(page: Page, paper: str) -> None:
    expect(mark(page, paper)).to_have_attribute("data-sign", "saved")
    expect(mark(page, paper)).not_to_have_attribute("data-asked", "")


def test_an_old_page_says_so_and_what_waited_is_sent(
    unpacked: Unpacked, page: Page, server: Server, screenshots: Path
) -> None:
    waiting, vain, later = shown(page)[6:9]
    with server.silent():
        press(page, waiting)
        until_kept_in(page, waiting)
        unpacked.update()

        press(page, vain)
        expect(page.locator(NOTICE)).to_have_text([SENTENCE])
        expect(mark(page, vain)).not_to_have_attribute("data-sign", "saved")
        expect(page.locator(f"{PANEL} [role=status]")).to_contain_text(SENTENCE)
        page.screenshot(path=screenshots / "replaced.png")
        before = shown(page)
        press(page, vain, "why")
        expect(page.locator(".why-box")).to_have_count(0)
        page.locator(f'{PANEL} [data-order="foryou"]').click()
        assert shown(page) == before
        for key in "jsxwou":
            page.locator(NOTICE).click()
            page.keyboard.press(key)
            expect(page.locator(NOTICE)).to_have_text([SENTENCE])
        expect(page.locator(".why-box")).to_have_count(0)
        expect(mark(page, waiting)).to_have_attribute("data-sign", "saved")
        assert shown(page) == before
        expect(page.locator("[data-asked]")).to_have_count(0)

        # What the page draws anew would have stale marks: all goes, but the sentence.
        page.locator('[data-control="drop"]').first.click()
        expect(page.locator("[data-inkling]")).to_have_count(1)
        expect(page.locator(NOTICE)).to_have_text([SENTENCE])

    page.reload()
    until_marked(page)
    eventually(server.acts, [("save", waiting)])
    expect(mark(page, waiting)).to_have_attribute("data-sign", "saved")
    press(page, later)
    eventually(server.acts, [("save", waiting), ("save", later)])
    assert unpacked.browser.console == []


@pytest.mark.parametrize(
    ("disk", "is_kept"), [(NEVER_WRITTEN, False), (NEVER_TOLD, True)], ids=["unwritten", "written"]
)
def test_a_press_under_way_counts_once_or_not_at_all_and_the_page_says_which(
    unpacked: Unpacked, page: Page, server: Server, disk: str, is_kept: bool
) -> None:
    before, paper = server.acts(), shown(page)[9 if is_kept else 10]
    unpacked.browser.worker().evaluate(disk)
    press(page, paper)
    expect(mark(page, paper)).to_have_attribute("data-asked", "")
    unpacked.update()
    # Nobody will ever answer: it does not pass for kept, and the reader hears why without another press.
    expect(page.locator(NOTICE)).to_have_text([SENTENCE])
    expect(mark(page, paper)).not_to_have_attribute("data-sign", "saved")

    page.reload()
    until_marked(page)
    if is_kept:
        expect(mark(page, paper)).to_have_attribute("data-sign", "saved")
    elif mark(page, paper).get_attribute("data-sign") != "saved":
        # Unless the old page had time to ask the new worker.
        press(page, paper)
    eventually(server.acts, [*before, ("save", paper)])
    assert unpacked.browser.console == []


def later_than(file: Path) -> Path:
    """Return the packed extension with a later version in its manifest."""
    later = file.with_name("later.xpi")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(later, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                content = json.dumps({**manifest, "version": f"{manifest['version']}.1"}).encode()
            new.writestr(name, content)
    return later


def test_firefox_s_new_copy_takes_the_old_one_s_place(
    clean_firefox: Firefox, server: Server, tmp_path: Path, screenshots: Path
) -> None:
    browser, tab, before = clean_firefox, FirefoxTab(clean_firefox), server.acts()
    tab.keep(serverUrl=server.url, token=server.token)
    original = listing(browser, DAY)
    saved, waiting, later = original[11:14]
    act(browser, saved, "save")
    until_kept(browser, saved, "saved")
    tab.press('[data-order="foryou"]', host=PANEL)
    eventually(lambda: tab.run(SHOWN) != original, wanted=True)
    with server.silent():
        act(browser, waiting, "save")
        until_kept(browser, waiting, "saved")
        tab.run(NOTE_OLD)
        Addons(browser.driver).install(str(later_than(firefox.packed(tmp_path))))
        tab.until(ALL_NEW)
    browser.until_state("ready")
    until_kept(browser, saved, "saved")
    until_kept(browser, waiting, "saved")
    act(browser, later, "save")
    eventually(lambda: server.acts()[len(before) :], [("save", saved), ("save", waiting), ("save", later)], 40)
    browser.screenshot(screenshots / "firefox-replaced.png")

    # Switched off it is not seen any more; switched on again it is there once.
    switch(browser, "disable")
    tab.until(f"{DRAWN} === 0")
    tab.run(NOTE_OLD)
    switch(browser, "enable")
    tab.until(ALL_NEW)
    until_kept(browser, later, "saved")
    assert browser.complaints() == []
