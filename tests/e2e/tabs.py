"""One tab of a real browser, Chromium or Firefox alike: what a story needs that is to run in both."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.e2e.chromium import Chromium
from tests.e2e.firefox import Firefox

STORE = "src/options/options.html"


class Tab(Protocol):
    """A tab with a listing in it; scripts are function bodies, given `arguments` and answering by `return`."""

    name: str

    def go(self, address: str) -> None:
        """Load an address; the framework of the page may come later."""

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""

    def until(self, script: str, *arguments: Any, seconds: float = 60) -> None:
        """Wait until a script in the page answers true."""

    def press(self, selector: str, *, host: str | None = None) -> None:
        """Press an element as a reader does; one in the shadow root of `host`, if that is named."""

    def press_in_options(self, selector: str) -> None:
        """Press an element of the extension's options page."""

    def scroll(self, pixels: int) -> None:
        """Turn the wheel over the page."""

    def type(self, selector: str, words: str) -> None:
        """Type into an element, key by key."""

    def keep(self, **items: Any) -> None:
        """Write into the extension's storage."""

    def kept(self, key: str) -> Any:
        """Return what the extension keeps under a key."""

    def allowed(self, **permissions: list[str]) -> bool:
        """Return whether the browser has granted permissions."""

    def popup(self) -> str:
        """Open the extension's popup over this tab and return what it shows once it is drawn."""

    def complaints(self) -> list[str]:
        """Return what pages and extension complained of in the console since this was last asked."""


# The popup is a view of the extension like its other pages, and these see each other.
POPUP = "chrome.extension.getViews({type: 'popup'})[0]"
DRAWN = f"{POPUP}?.document.querySelector('#pane')?.childElementCount > 0"
SHOWN = f"{POPUP}.document.body.innerText"


def await_true(found: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until a function answers what is true."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.1)


class ChromiumTab:
    name = "chromium"

    def __init__(self, browser: Chromium) -> None:
        self.browser = browser
        self.page = browser.context.new_page()

    @cached_property
    def own(self) -> Page:
        return self.browser.own(STORE)

    def go(self, address: str) -> None:
        self.page.bring_to_front()
        self.page.goto(address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"given => (function () {{ {script} }}).apply(null, given)", list(arguments))

    def until(self, script: str, *arguments: Any, seconds: float = 60) -> None:
        body = f"given => (function () {{ {script} }}).apply(null, given)"
        self.page.wait_for_function(body, arg=list(arguments), timeout=seconds * 1000)

    def press(self, selector: str, *, host: str | None = None) -> None:
        self.page.locator(f"{host} {selector}" if host else selector).first.click()

    def press_in_options(self, selector: str) -> None:
        self.own.bring_to_front()
        self.own.locator(selector).click()
        self.page.bring_to_front()

    def scroll(self, pixels: int) -> None:
        self.page.mouse.move(600, 500)
        self.page.mouse.wheel(0, pixels)

    def type(self, selector: str, words: str) -> None:
        self.page.locator(selector).press_sequentially(words)

    def keep(self, **items: Any) -> None:
        self.own.evaluate("items => chrome.storage.local.set(items)", items)

    def kept(self, key: str) -> Any:
        return self.own.evaluate("key => chrome.storage.local.get(key)", key).get(key)

    def allowed(self, **permissions: list[str]) -> bool:
        return bool(self.own.evaluate("asked => chrome.permissions.contains(asked)", permissions))

    def popup(self) -> str:
        self.page.bring_to_front()
        self.own.evaluate("chrome.action.openPopup()")
        # Not `wait_for_function`: it evaluates text in the page, and the extension's pages forbid that.
        await_true(lambda: self.own.evaluate(DRAWN))
        shown = str(self.own.evaluate(SHOWN))
        self.own.evaluate(f"{POPUP}.close()")
        return shown

    def complaints(self) -> list[str]:
        heard = list(self.browser.console)
        self.browser.console.clear()
        return heard


class FirefoxTab:
    name = "firefox"

    def __init__(self, browser: Firefox) -> None:
        self.browser = browser
        self.driver = browser.driver
        self.page = self.driver.current_window_handle

    @cached_property
    def own(self) -> str:
        handle = str(self.driver.open(type="tab", focus=False)["handle"])
        self.driver.switch_to_window(handle, focus=False)
        self.browser.own(STORE)
        return handle

    def go(self, address: str) -> None:
        # The welcome page, which an install opens, may lie over it.
        self.driver.switch_to_window(self.page, focus=True)
        self.driver.navigate(address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, list(arguments))

    def until(self, script: str, *arguments: Any, seconds: float = 60) -> None:
        self.browser.until(script, *arguments, seconds=seconds)

    def press(self, selector: str, *, host: str | None = None) -> None:
        element = self.browser.inside(host, selector) if host else self.browser.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", [element])
        element.click()

    def press_in_options(self, selector: str) -> None:
        self.driver.switch_to_window(self.own, focus=True)
        self.browser.find(selector).click()
        self.driver.switch_to_window(self.page, focus=True)

    def scroll(self, pixels: int) -> None:
        wheel = {"type": "scroll", "x": 600, "y": 500, "deltaX": 0, "deltaY": pixels}
        actions = [{"type": "wheel", "id": "wheel", "actions": [wheel]}]
        self.driver._send_message("WebDriver:PerformActions", {"actions": actions})

    def type(self, selector: str, words: str) -> None:
        self.browser.find(selector).send_keys(words)

    def _own(self, expression: str, given: Any = None) -> Any:
        """Evaluate an expression of `chrome` and `given` in the extension's own page, which stays in the background."""
        self.driver.switch_to_window(self.own, focus=False)
        try:
            found = self.driver.execute_async_script(
                f"""const [told, done] = arguments, {{chrome, JSON}} = window.wrappedJSObject, given = JSON.parse(told);
                    Promise.resolve({expression}).then((found) => done(JSON.stringify(found) ?? null));""",
                [json.dumps(given)],
            )
        finally:
            self.driver.switch_to_window(self.page, focus=False)
        return found and json.loads(found)

    def keep(self, **items: Any) -> None:
        self._own("chrome.storage.local.set(given)", items)

    def kept(self, key: str) -> Any:
        return self._own("chrome.storage.local.get(given)", key).get(key)

    def allowed(self, **permissions: list[str]) -> bool:
        return bool(self._own("chrome.permissions.contains(given)", permissions))

    def popup(self) -> str:
        self._own("chrome.action.openPopup()")
        await_true(lambda: self._own(DRAWN))
        shown = str(self._own(SHOWN))
        self._own(f"{POPUP}.close()")
        return shown

    def complaints(self) -> list[str]:
        return self.browser.complaints()
