"""Takes pictures of the extension in light and dark, and lets axe-core look at what is in each."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.chromium import EXTENSION, Chromium, until_state
from tests.e2e.conftest import SCREENSHOTS, Server

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
FOLDER = Path(os.environ.get("INKLING_SCREENSHOTS") or SCREENSHOTS)
SCHEMES = ("light", "dark")
OURS = "[data-inkling]"
EVERYTHING = "html"
UNASKED = ""
LISTING = "https://huggingface.co/papers"
PANEL, MARK = '[data-inkling="panel"]', '[data-inkling="mark"]'


def serious(page: Page, within: str = EVERYTHING) -> list[str]:
    """Return what axe-core finds serious or critical inside some elements, shadow roots included."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async (within) => {
             const include = [...document.querySelectorAll(within)].slice(0, 10);
             if (!include.length) return [];
             const {violations} = await axe.run({include}, {resultTypes: ['violations']});
             return violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
               .flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`));
           }""",
        within,
    )
    return list(found)


def allowed_on_arxiv(folder: Path) -> Path:
    """Return a copy of the extension that may run on arXiv: nobody here can press "yes" when the browser asks."""
    shutil.copytree(EXTENSION, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["permissions"].append("scripting")
    manifest["host_permissions"].append("https://arxiv.org/*")
    manifest["optional_host_permissions"].remove("https://arxiv.org/*")
    del manifest["optional_permissions"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def in_german(folder: Path) -> Path:
    """Return a copy of the extension that has no English: the browser here may have no German of its own."""
    shutil.copytree(EXTENSION, folder)
    shutil.rmtree(folder / "_locales" / "en")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "default_locale": "de"}))
    return folder


ANSWER = "answer(message, sender).then(reply);"
# For the tests alone: how many milliseconds the worker takes to answer, by kind of message; below zero it never does.
ANSWER_LATER = """chrome.storage.local.get("delays").then(({delays = {}}) => {
    const wait = delays[message.type] ?? 0;
    if (wait >= 0) setTimeout(() => answer(message, sender).then(reply), wait);
  });"""


def with_delays(folder: Path) -> Path:
    """Have the worker of a copied extension answer as late as `delays` in its storage says."""
    background = folder / "src" / "background.js"
    code = background.read_text()
    assert code.count(ANSWER) == 1
    background.write_text(code.replace(ANSWER, ANSWER_LATER))
    return folder


class Studio:
    """One browser whose pages are looked at in both colour schemes."""

    def __init__(self, browser: Chromium, language: str = "") -> None:
        self.browser, self._suffix = browser, f"-{language}" if language else ""
        FOLDER.mkdir(parents=True, exist_ok=True)

    def shoot(self, page: Page, name: str, within: str = OURS, *, full: bool = False) -> None:
        """Take one state in light and in dark and fail on what axe-core finds serious; unasked, in light alone."""
        for scheme in SCHEMES if within else SCHEMES[:1]:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            # As the listing's own theme switch does.
            page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")
            page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 150)))")
            page.screenshot(path=FOLDER / f"{name}{self._suffix}-{scheme}.png", full_page=full)
            found = serious(page, within) if within else []
            assert not found, f"{name} {scheme}: {found}"

    def listing(self, state: str = "ready", address: str = LISTING, width: int = 1366, height: int = 900) -> Page:
        """Open a listing and wait until it is in a state, its marks and the papers of its panel drawn."""
        page = self.browser.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        until_state(page, state, timeout=60_000)
        if "huggingface" in address:
            page.wait_for_selector("body[data-hydrated]", state="attached")
        if state in {"ready", "offline"}:
            page.wait_for_selector(MARK, state="attached", timeout=60_000)
        return page

    def own(
        self, path: str, width: int = 900, height: int = 760, *, over: Page | None = None, script: str = ""
    ) -> Page:
        """Open a page of the extension; the popup as if it stood over the tab of a listing."""
        tab = self.tab_of(over) if over else None
        page = self.browser.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.add_init_script(script)
        if tab is not None:
            page.add_init_script(f"globalThis.chrome?.tabs && (chrome.tabs.query = async () => [{{id: {tab}}}])")
        page.goto(f"chrome-extension://{self.browser.worker().url.split('/')[2]}/{path}")
        expect(page.locator("h1")).not_to_be_empty()
        return page

    def tab_of(self, page: Page) -> int:
        """Return the number that the browser knows a page's tab by."""
        page.bring_to_front()
        query = "async () => (await chrome.tabs.query({active: true, lastFocusedWindow: true}))[0].id"
        return int(self.browser.worker().evaluate(query))

    def keep(self, **items: Any) -> None:
        self.browser.store(**items)


def pair_again(server: Server) -> str:
    """Return the token of one more device of the same reader."""
    code = server.ask("/v1/pairing-codes", {"reader": "me"})["code"]
    return str(server.ask("/v1/devices", {"name": "Firefox on the laptop", "code": code})["token"])
