"""What axe-core finds in Firefox, in the extension's own pages and in panel and marks, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import firefox
from tests.e2e.firefox import Firefox
from tests.e2e.studio import AXE
from tests.pages.server import PagesServer

# Marionette's client leaves its sockets and files to the garbage collector.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::DeprecationWarning"
    ),
]
OWN = ["src/options/options.html", "src/popup/popup.html", "src/welcome/welcome.html", "src/welcome/try.html"]
# 0: dark, 1: light, for the content of pages.
SCHEMES = {"light": 1, "dark": 0}
LOOK = """const done = arguments[0];
  axe.run(document, {resultTypes: ['violations']}).then(({violations}) => done(JSON.stringify(
    violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
      .flatMap(({id, nodes}) => nodes.map(({html}) => id + ': ' + html)))), (error) => done(String(error)));"""


@pytest.fixture(scope="module")
def browser(pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    pages.set()
    folder = tmp_path_factory.mktemp("axe")
    running = Firefox(folder / "profile", pages.https_port, extension=firefox.packed(folder))
    yield running
    running.close()


@pytest.mark.parametrize("path", OWN, ids=lambda path: Path(path).stem)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious_in_firefox(browser: Firefox, path: str, scheme: str) -> None:
    with browser.driver.using_context("chrome"):
        browser.driver.execute_script(
            "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', arguments[0])",
            [SCHEMES[scheme]],
        )
    browser.own(path)
    browser.until("return document.querySelector('h1')?.textContent !== ''")
    if path.endswith("try.html"):
        browser.until("return document.documentElement.dataset.inklingState === 'ready'")
        browser.until("return document.querySelectorAll('[data-inkling=\"mark\"]').length > 4")
    found = browser.driver.execute_async_script(AXE.read_text() + LOOK)
    assert found == "[]", found
