"""The extension's own pages in Firefox: the stories of tests/e2e/test_own_pages.py, with the packed file installed.

What axe-core says of them is in tests/e2e/test_firefox_axe.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.firefox import ADDON, Firefox
from tests.e2e.firefox_story import (
    LISTING,
    connect,
    count,
    fill,
    link_of,
    steps,
    text,
    until_marked,
    until_text,
)
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
OPTIONS, POPUP, WELCOME = (f"src/{name}/{name}.html" for name in ("options", "popup", "welcome"))
PAPER = "2501.00001"
WARNINGS = """const [id, done] = arguments;
  const {AddonManager} = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
  const {Extension} = ChromeUtils.importESModule("resource://gre/modules/Extension.sys.mjs");
  AddonManager.getAddonByID(id).then(({installPermissions: permissions}) => {
    const {msgs, dataCollectionPermissions} = Extension.formatPermissionStrings({permissions, appName: "Firefox"});
    done([msgs, dataCollectionPermissions.msg]);
  });"""
BUTTON = """return [...document.querySelectorAll(`#pane li ${arguments[0]}, #pane > ${arguments[0]}`)]
  .find((one) => one.textContent === arguments[1])"""


@pytest.fixture
def browser(clean_firefox: Firefox) -> Firefox:
    return clean_firefox


def pane(browser: Firefox, words: str) -> None:
    """Press the first button of that name in the popup's pane, once it is there."""
    browser.until(BUTTON, "button", words)
    browser.driver.execute_script(BUTTON, ["button", words]).click()


def kinds(server: Server) -> list[str]:
    return [kind for kind, _ in server.acts()]


def test_pairing_through_the_options_page(browser: Firefox, server: Server, screenshots: Path) -> None:
    browser.own(OPTIONS)
    connect(browser, link_of(server), good=False)
    assert "agree" in steps(browser)[-1][0]
    assert len(server.ask("/v1/devices")["items"]) == 1
    browser.find("#agreed").click()

    # Each thing that can be wrong is told, and nothing is kept.
    shown = connect(browser, "http://127.0.0.1:1/pair#AAAA-BBBB-CCCC", good=False)
    assert [good for _, good in shown] == [True, False]
    assert "does not answer" in shown[-1][0]
    shown = connect(browser, f"{server.url}/pair#AAAA-BBBB-CCCC", good=False)
    assert [good for _, good in shown] == [True, True, False]
    assert "wrong, used or expired" in shown[-1][0]
    shown = connect(browser, "http://192.0.2.1:8765", good=False)
    assert "can read your reading log" in shown[-1][0]
    assert browser.find("#plain-row").is_displayed()
    tab = FirefoxTab(browser)
    assert not tab.kept("token")

    shown = connect(browser, link_of(server), good=True)
    assert [good for _, good in shown] == [True] * 5
    assert shown[-1][0] == "Paired."
    until_text(browser, "#standing", f"Paired with {server.url}")

    # Devices: two are listed, the other one is revoked.
    count(browser, "#device-list li", 2)
    browser.driver.execute_script(
        """return [...document.querySelectorAll('#device-list li')]
             .find((one) => !one.textContent.includes('this one')).querySelector('button')"""
    ).click()
    count(browser, "#device-list li", 1)
    assert call(server.url, "/v1/me", token=server.token)[0] == 401
    browser.screenshot(screenshots / "firefox-options.png")

    # This one is revoked elsewhere: it says so and keeps what is not sent.
    token = tab.kept("token")
    device = call(server.url, "/v1/devices", token=token)[1]["items"][0]["id"]
    assert call(server.url, f"/v1/devices/{device}", token=token, method="DELETE")[0] == 204
    tab.ask("chrome.runtime.sendMessage(given)", {"type": "act", "kind": "save", "paper": PAPER})
    until_text(browser, "#standing", "no longer knows this browser")
    eventually(lambda: [one["event"]["paper"] for one in tab.kept("queue")], [PAPER])
    browser.own(OPTIONS)
    until_text(browser, "#standing", "Waiting to be sent: 1.")
    assert browser.complaints() == []


def test_the_popup(browser: Firefox, server: Server, screenshots: Path) -> None:
    browser.own(POPUP)
    until_text(browser, "#standing", "Not connected")
    until_text(browser, "#pane button", "Connect")

    server.ingest(1)
    tab = FirefoxTab(browser)
    tab.keep(serverUrl=server.url, token=server.token)
    browser.own(POPUP)
    until_text(browser, "#standing", "Inkling is on")
    count(browser, "#pane li", 10)
    pane(browser, "Save")
    eventually(lambda: kinds(server), ["save"])
    browser.screenshot(screenshots / "firefox-popup.png")

    # What was sent, word for word; one line deleted here and there.
    browser.find("#tab-ledger").click()
    until_text(browser, "#pane pre", '"kind":"save"')
    browser.screenshot(screenshots / "firefox-popup-ledger.png")
    pane(browser, "Delete")
    until_text(browser, "#said", "Deleted here and on the server: 1.")
    assert server.events() == []
    assert tab.kept("ledger") == []

    # Hidden papers come back by name.
    browser.find("#tab-next").click()
    count(browser, "#pane li", 10)
    hidden = text(browser, "#pane li a")
    pane(browser, "Hide")
    eventually(lambda: kinds(server), ["hide"])
    browser.find("#tab-hidden").click()
    until_text(browser, "#pane li a", hidden)
    pane(browser, "Show again")
    eventually(lambda: kinds(server), ["hide", "unhide"])

    browser.find("#tab-search").click()
    browser.until("return document.querySelector('#pane input[type=\"search\"]')")
    fill(browser, '#pane input[type="search"]', hidden.split()[0])
    browser.find('#pane input[type="search"]').send_keys("\ue007")
    browser.until("return document.querySelector('#pane li')")

    # Paused from here, the listing is left alone at once.
    popup = browser.driver.current_window_handle
    page = browser.driver.open(type="tab", focus=True)["handle"]
    browser.driver.switch_to_window(page)
    browser.visit(LISTING)
    browser.until_state("ready")
    until_marked(browser)
    for state, standing in (("paused", "Paused"), ("ready", "Inkling is on")):
        browser.driver.switch_to_window(popup)
        browser.find("#pause-all").click()
        until_text(browser, "#standing", standing)
        browser.driver.switch_to_window(page)
        browser.until_state(state)
    assert browser.complaints() == []


def test_the_first_minute(browser: Firefox, server: Server, screenshots: Path) -> None:
    server.ingest(1)
    browser.own(WELCOME)
    connect(browser, link_of(server), good=False)
    tab = FirefoxTab(browser)
    assert not tab.kept("token")
    browser.find("#agreed").click()
    connect(browser, link_of(server), good=True)

    count(browser, "#papers li", 12)
    browser.find("#papers li button").click()
    until_text(browser, "#picked", "1 saved, 2 more")
    fill(browser, "#ids", f"arXiv:{PAPER}v2 https://huggingface.co/papers/2501.00002 nonsense")
    browser.find("#paste button").click()
    until_text(browser, "#picked", "nonsense")
    eventually(lambda: len(server.acts()), 3)
    assert {paper for _, paper in server.acts()} >= {PAPER, "2501.00002"}
    fill(browser, "#interest", "long contexts")
    browser.find("#topic button").click()
    until_text(browser, "#picked", "long contexts")
    assert server.ask("/v1/me")["interests"] == ["long contexts"]
    browser.screenshot(screenshots / "firefox-welcome.png")

    # Leaving: an export first, then nothing is left, there or here.
    browser.own(OPTIONS)
    until_text(browser, "#standing", "Paired with")
    browser.find("#leave").click()
    browser.until("return document.querySelector('#leave-all').getClientRects().length")
    browser.find("#leave-all").click()
    until_text(browser, "#said", "Everything is deleted, there and here.")
    eventually(lambda: [json.loads(one.read_text())["format"] for one in exports(browser)], ["inkling-export"])
    until_text(browser, "#standing", "Not paired")
    assert call(server.url, "/v1/me", token=server.token)[0] == 401
    assert not tab.kept("token")
    assert browser.complaints() == []


def exports(browser: Firefox) -> list[Path]:
    return [*browser.downloads.glob("inkling-*.json")]


def test_the_browser_asks_for_the_listing_and_nothing_else(browser: Firefox) -> None:
    with browser.driver.using_context("chrome"):
        asked, collected = browser.driver.execute_async_script(WARNINGS, [ADDON])
    assert asked == ["Access your data for huggingface.co"]
    assert collected == (
        "The developer says this extension collects: "
        "browsing activity, website activity, website content, authentication information"
    )


def test_trying_it_needs_no_server_and_no_network(browser: Firefox, pages: PagesServer, screenshots: Path) -> None:
    browser.driver.navigate("about:blank")
    asked = len(pages.requests)
    browser.own("src/welcome/try.html")
    browser.until_state("ready")
    browser.until("return document.querySelector('[data-inkling=\"mark\"]')")
    browser.point(browser.find("#cards article"))
    browser.inside('#cards article [data-inkling="mark"]', '[data-action="save"]').click()
    browser.until(
        """return document.querySelector('[data-inkling="panel"]').shadowRoot
             .querySelector('[data-part="reason"]')?.textContent.includes('which you saved')"""
    )
    browser.inside('[data-inkling="panel"]', '[data-action="order"]').click()
    browser.until("return document.querySelector('#cards article').style.order || getComputedStyle(document.body)")
    browser.screenshot(screenshots / "firefox-try.png")
    loaded = browser.driver.execute_script("return performance.getEntriesByType('resource').map(({name}) => name)")
    assert [one for one in loaded if not one.startswith(("moz-extension:", "data:"))] == []
    # What else comes here is the browser's own: all addresses lead here.
    assert [path for _, _, path in pages.requests[asked:] if "papers" in path] == []
    assert not FirefoxTab(browser).kept("queue")
    assert browser.complaints() == []
