"""A sample of the chaos story (tests/long has all of it): forty actions while everything beneath them breaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.chaos import Chaos
from tests.e2e.chromium import Chromium
from tests.e2e.conftest import Server
from tests.e2e.proxy import Proxy
from tests.pages.server import PagesServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
SEED, ACTIONS = 1, 40


def test_whatever_is_killed_each_action_is_logged_once(
    playwright: Playwright, pages: PagesServer, server: Server, tmp_path: Path
) -> None:
    pages.set()
    proxy = Proxy(server.port)
    browser = Chromium(playwright, tmp_path / "profile", pages.https_port)
    chaos = Chaos(SEED, browser, server, proxy)
    try:
        chaos.begin()
        chaos.run(ACTIONS)
        chaos.settle()
        assert chaos.faults() == []
        assert sum(chaos.outcome.actions.values()) == ACTIONS
    finally:
        chaos.end()
        browser.close()
        proxy.close()
