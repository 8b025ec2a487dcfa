"""The page a pairing link opens, in a real browser without the extension: whose the link is, before it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.chromium import QUIET, executable
from tests.server.inkling_process import Up, call, run

pytestmark = pytest.mark.browser


@pytest.fixture
def page(playwright: Playwright) -> Iterator[Page]:
    with playwright.chromium.launch(executable_path=executable(), args=list(QUIET)) as browser:
        yield browser.new_page()


def told(page: Page, link: str) -> str:
    """Return what the page says of a link once it has asked the server."""
    page.goto("about:blank")
    with page.expect_response("**/v1/pairing-codes/whose"):
        page.goto(link)
    page.wait_for_function("document.getElementById('whose').textContent")
    assert page.inner_text("#link") == link
    return page.inner_text("#whose")


def test_a_link_says_whose_it_is(page: Page, tmp_path: Path) -> None:
    with Up(tmp_path / "home", INKLING_REGISTRATION="closed") as up:
        found = re.search(r"http\S+/pair#(\S+)", up.log.read_text())
        assert found
        assert told(page, found[0]) == "This link makes the server's first reader, its operator."
        assert call(up.url, "/v1/devices", {"name": "<b>Firefox</b>", "code": found[1]})[0] == 201
        assert told(page, found[0]) == "That pairing code is wrong, used or expired; ask for a new one."
        mine, new = (run("pair", *more, home=up.home).stdout.split()[0] for more in ([], ["--new"]))
        assert told(page, mine) == "This link is for the next browser of the reader who has: <b>Firefox</b>."
        assert told(page, new) == "This link makes a new reader."
