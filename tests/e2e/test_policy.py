"""What a reader meets whose browser a lab manages: installed, the address filled in, and the yes still theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Server, eventually
from tests.e2e.lab import OPTIONS, Lab, chromium_lab, firefox_lab
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
LISTING = "https://huggingface.co/papers"
WELCOME = "src/welcome/welcome.html"
STATE = "return document.documentElement.dataset.inklingState === arguments[0]"
HOSTS = "return document.querySelectorAll('[data-inkling]').length"
ADDRESS = "return document.querySelector('#address').value"
# The last step of pairing: its words, and whether it went well.
STEP = """const last = document.querySelector('#steps li:last-child');
          return [last?.textContent, last?.classList.contains('good')]"""
# Of each site whether it is on, and whether that can be changed; and whether it is said that something is left out.
SITES = """const [huggingface, arxiv, leftOut] = ['#site-huggingface', '#site-arxiv', '#sites-left-out']
             .map((one) => document.querySelector(one));
           return [[huggingface.checked, !huggingface.disabled], [arxiv.checked, !arxiv.disabled], !leftOut.hidden]"""


@pytest.fixture(params=["chromium", "firefox"])
def lab(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    pages: PagesServer,
    shared_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Lab]:
    pages.set()
    told = (tmp_path / "lab", pages.https_port, shared_server.url, monkeypatch)
    told[0].mkdir()
    if request.param == "firefox":
        with firefox_lab(*told) as running:
            yield running
        return
    with chromium_lab(*told, request.getfixturevalue("playwright")) as running:
        yield running


def pair(tab: Tab, server: Server) -> None:
    tab.type("#code", server.ask("/v1/pairing-codes", {"reader": "me"})["code"])
    tab.press("#submit")


def test_a_lab_installs_and_fills_in_and_the_reader_still_agrees(lab: Lab, shared_server: Server) -> None:
    server, tab = shared_server, lab.tab
    devices, events = len(server.ask("/v1/devices")["items"]), len(server.events())

    # The very page that the installation opened, in a browser that may not know its policies yet.
    eventually(lambda: tab.run(ADDRESS), server.url)
    pair(tab, server)
    eventually(lambda: tab.run(STEP), ["Please read and agree to what is sent; until then nothing is.", False])
    assert len(server.ask("/v1/devices")["items"]) == devices
    tab.go(LISTING)
    tab.until(STATE, "unpaired")
    assert len(server.events()) == events

    tab.go(lab.own + WELCOME)
    eventually(lambda: tab.run(ADDRESS), server.url)
    tab.press("#agreed")
    pair(tab, server)
    eventually(lambda: tab.run(STEP), ["Paired.", True])
    tab.go(LISTING)
    tab.until(STATE, "ready")

    # What the lab left out is off, cannot be switched on, and that is said.
    tab.go(lab.own + OPTIONS)
    eventually(lambda: tab.run(SITES), [[True, True], [False, False], True])
    tab = lab.rule(["arxiv"])
    tab.go(LISTING)
    tab.until(STATE, "off")
    assert tab.run(HOSTS) == 0
    tab.go(lab.own + OPTIONS)
    eventually(lambda: tab.run(SITES), [[False, False], [False, True], True])
    assert tab.complaints() == []
