"""The extension's own pages in a real Chromium over a real server: options, popup and welcome."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.chromium import EXTENSION, Chromium, until_state
from tests.e2e.conftest import Server, eventually
from tests.pages.server import PagesServer
from tests.server.inkling_process import call

pytestmark = pytest.mark.browser
OPTIONS, POPUP, WELCOME = (f"src/{name}/{name}.html" for name in ("options", "popup", "welcome"))
PAPER = "2501.00001"


@pytest.fixture
def browser(playwright: Playwright, pages: PagesServer, tmp_path: Path) -> Iterator[Chromium]:
    pages.set()
    running = Chromium(playwright, tmp_path / "profile", pages.https_port)
    yield running
    running.close()


def link_of(server: Server) -> str:
    return str(server.ask("/v1/pairing-codes", {"reader": "me"})["link"])


def steps(page: Page) -> list[tuple[str, bool]]:
    """Return the steps of pairing as they are shown: the words, and whether it went well."""
    found = page.locator("#steps li").evaluate_all(
        "all => all.map((one) => [one.textContent, one.classList.contains('good')])"
    )
    return [(words, good) for words, good in found]


def connect(page: Page, address: str, *, good: bool) -> list[tuple[str, bool]]:
    """Type an address into the form, press Connect and return the steps once the last is shown."""
    page.fill("#address", address)
    page.click("#submit")
    page.wait_for_selector("#submit:not([disabled])", state="attached")
    page.wait_for_selector(f"#steps li.{'good' if good else 'bad'}:last-child")
    return steps(page)


def tell(page: Page, **message: Any) -> Any:
    """Send one message to the worker, as the page's own code does."""
    return page.evaluate("message => chrome.runtime.sendMessage(message)", message)


def test_pairing_through_the_options_page(browser: Chromium, server: Server) -> None:
    page = browser.own(OPTIONS)
    connect(page, link_of(server), good=False)
    assert "agree" in steps(page)[-1][0]
    assert len(server.ask("/v1/devices")["items"]) == 1
    page.check("#agreed")

    # Each thing that can be wrong is told, and nothing is kept.
    shown = connect(page, "http://127.0.0.1:1/pair#AAAA-BBBB-CCCC", good=False)
    assert [good for _, good in shown] == [True, False]
    assert "does not answer" in shown[-1][0]
    shown = connect(page, f"{server.url}/pair#AAAA-BBBB-CCCC", good=False)
    assert [good for _, good in shown] == [True, True, False]
    assert "wrong, used or expired" in shown[-1][0]
    shown = connect(page, "http://192.0.2.1:8765", good=False)
    assert "can read your reading log" in shown[-1][0]
    expect(page.locator("#plain-row")).to_be_visible()
    assert not browser.stored("token").get("token")

    shown = connect(page, link_of(server), good=True)
    assert [good for _, good in shown] == [True] * 5
    assert shown[-1][0] == "Paired."
    expect(page.locator("#standing")).to_contain_text(f"Paired with {server.url}")
    assert browser.stored("serverUrl", "token")["serverUrl"] == server.url

    # What is sent was agreed to for this server; for another one it is asked again.
    page.locator("#pairing summary").click()
    expect(page.locator("#agree-row")).to_be_hidden()
    page.fill("#address", "https://papers.example.org/pair#AAAA-BBBB-CCCC")
    expect(page.locator("#agree-other")).to_contain_text("https://papers.example.org is a new address")
    expect(page.locator("#agreed")).not_to_be_checked()
    page.fill("#address", server.url)
    expect(page.locator("#agree-row")).to_be_hidden()
    page.fill("#address", "")

    # Devices: two are listed, the other one is revoked.
    expect(page.locator("#device-list li")).to_have_count(2)
    other = page.locator("#device-list li", has_not_text="this one")
    other.locator("button").click()
    expect(page.locator("#device-list li")).to_have_count(1)
    token = browser.stored("token")["token"]
    assert call(server.url, "/v1/me", token=server.token)[0] == 401

    # This one is revoked elsewhere: it says so and keeps what is not sent.
    device = call(server.url, "/v1/devices", token=token)[1]["items"][0]["id"]
    assert call(server.url, f"/v1/devices/{device}", token=token, method="DELETE")[0] == 204
    tell(page, type="act", kind="save", paper=PAPER)
    expect(page.locator("#standing")).to_contain_text("no longer knows this browser")
    eventually(lambda: [one["event"]["paper"] for one in browser.stored("queue")["queue"]], [PAPER])
    page.reload()
    expect(page.locator("#standing")).to_contain_text("Waiting to be sent: 1.")
    assert browser.console == []


def test_the_popup(browser: Chromium, server: Server) -> None:
    popup = browser.own(POPUP)
    popup.set_viewport_size({"width": 400, "height": 560})
    expect(popup.locator("#standing")).to_have_text("Not connected")
    expect(popup.locator("#pane button")).to_have_text("Connect")

    server.ingest(1)
    browser.store(serverUrl=server.url, token=server.token)
    popup.reload()
    expect(popup.locator("#standing")).to_have_text("Inkling is on")
    expect(popup.locator("#pane li")).to_have_count(10)
    popup.locator("#pane li").first.get_by_role("button", name="Save").click()
    eventually(lambda: [kind for kind, _ in server.acts()], ["save"])

    # What was sent, word for word; one line deleted here and there.
    popup.click("#tab-ledger")
    expect(popup.locator("#pane pre")).to_contain_text('"kind":"save"')
    popup.get_by_role("button", name="Delete", exact=True).click()
    expect(popup.locator("#said")).to_contain_text("Deleted here and on the server: 1.")
    assert server.events() == []
    assert browser.stored("ledger")["ledger"] == []

    # Hidden papers come back by name.
    popup.click("#tab-next")
    hidden = popup.locator("#pane li").first.locator("a").inner_text()
    popup.locator("#pane li").first.get_by_role("button", name="Hide").click()
    eventually(lambda: [kind for kind, _ in server.acts()], ["hide"])
    popup.click("#tab-hidden")
    expect(popup.locator("#pane li a")).to_have_text([hidden])

    # What comes late for one list is not drawn over the list the reader has gone on to.
    with server.silent():
        popup.click("#tab-next")
        popup.click("#tab-hidden")
        expect(popup.locator("#pane li a")).to_have_text([hidden])
    tell(popup, type="recommendations/get", limit=10)
    expect(popup.locator("#pane li a")).to_have_text([hidden])
    popup.get_by_role("button", name="Show again").click()
    eventually(lambda: [kind for kind, _ in server.acts()], ["hide", "unhide"])

    popup.click("#tab-search")
    popup.fill('#pane input[type="search"]', hidden.split()[0])
    popup.press('#pane input[type="search"]', "Enter")
    expect(popup.locator("#pane li").first).to_be_visible()

    # Paused from here, the listing is left alone at once.
    page = browser.page()
    until_state(page, "ready")
    popup.bring_to_front()
    popup.click("#pause-all")
    expect(popup.locator("#standing")).to_have_text("Paused")
    until_state(page, "paused")
    popup.click("#pause-all")
    until_state(page, "ready")
    assert browser.console == []


def test_the_first_minute(browser: Chromium, server: Server) -> None:
    server.ingest(1)
    page = browser.own(WELCOME)
    connect(page, link_of(server), good=False)
    assert browser.stored("token").get("token", "") == ""

    # Whose the link is, is said once the reader has agreed and before it pairs.
    name = server.ask("/v1/devices")["items"][0]["name"]
    expect(page.locator("#whose")).to_be_hidden()
    page.fill("#address", server.ask("/v1/pairing-codes", {"reader": "new"})["link"])
    page.check("#agreed")
    expect(page.locator("#whose")).to_have_text("This link makes a new reader.")
    page.fill("#address", link_of(server))
    expect(page.locator("#whose")).to_be_hidden()
    page.press("#address", "Tab")
    expect(page.locator("#whose")).to_have_text(
        f"This link is for the next browser of the server’s operator, who has: {name}."
    )
    assert len(server.ask("/v1/devices")["items"]) == 1
    assert browser.stored("token").get("token", "") == ""
    connect(page, page.input_value("#address"), good=True)
    expect(page.locator("#whose")).to_be_hidden()

    papers = page.locator("#papers li")
    expect(papers).to_have_count(12)
    # Another server is another question: asked on the page, and refused by the worker whatever the page says.
    expect(page.locator("#agreed")).to_be_checked()
    page.fill("#address", "https://papers.example.org/pair#AAAA-BBBB-CCCC")
    expect(page.locator("#agreed")).not_to_be_checked()
    expect(page.locator("#other")).to_contain_text("https://papers.example.org is a new address")
    page.click("#submit")
    expect(page.locator("#steps li")).to_have_text(["Please read and agree to what is sent; until then nothing is."])
    asked = {"address": "https://papers.example.org", "code": "AAAA-BBBB-CCCC", "name": "x", "agreed": server.url}
    assert tell(page, type="pair/connect", **asked)["steps"][0]["step"] == "agree"
    page.fill("#address", "")
    papers.nth(0).get_by_role("button").click()
    expect(page.locator("#picked")).to_contain_text("1 saved, 2 more")
    page.fill("#ids", f"arXiv:{PAPER}v2 https://huggingface.co/papers/2501.00002 nonsense")
    page.click("#paste button")
    expect(page.locator("#picked")).to_contain_text("nonsense")
    eventually(lambda: len(server.acts()), 3)
    assert {paper for _, paper in server.acts()} >= {PAPER, "2501.00002"}
    page.fill("#interest", "long contexts")
    page.click("#topic button")
    expect(page.locator("#picked")).to_contain_text("long contexts")
    assert server.ask("/v1/me")["interests"] == ["long contexts"]

    # Leaving: an export first, then nothing is left, there or here.
    options = browser.own(OPTIONS)
    options.click("#leave")
    with options.expect_download() as export:
        options.click("#leave-all")
    assert json.loads(export.value.path().read_text())["format"] == "inkling-export"
    expect(options.locator("#said")).to_have_text("Everything is deleted, there and here.")
    expect(options.locator("#standing")).to_contain_text("Not paired")
    assert call(server.url, "/v1/me", token=server.token)[0] == 401
    assert not browser.stored("token").get("token")
    assert browser.console == []


def test_the_browser_asks_for_the_listing_and_nothing_else(browser: Chromium) -> None:
    page = browser.own(OPTIONS)
    manifest = (EXTENSION / "manifest.json").read_text()
    warnings = page.evaluate("manifest => chrome.management.getPermissionWarningsByManifest(manifest)", manifest)
    assert warnings == ["Read and change your data on huggingface.co"]


def test_trying_it_needs_no_server_and_no_network(browser: Chromium) -> None:
    page = browser.own("src/welcome/try.html")
    asked: list[str] = []
    browser.context.on("request", lambda request: asked.append(request.url))
    until_state(page, "ready")
    first = page.locator("#cards article").first
    mark = page.locator('[data-inkling="mark"]').first
    first.hover()
    mark.locator('[data-action="save"]').click()
    expect(page.locator('[data-inkling="panel"] [data-part="reason"]').first).to_contain_text("which you saved")
    page.locator('[data-inkling="panel"] [data-action="order"]').click()
    page.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith("chrome-extension://")] == []
    assert not browser.stored("queue").get("queue")
    assert browser.console == []
