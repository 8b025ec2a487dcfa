"""One tab of a real browser, Chromium or Firefox alike: what a story needs that is to run in both."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.e2e.chromium import Chromium
from tests.e2e.firefox import Firefox

with warnings.catch_warnings():
    # Its dependencies were written for older Pythons.
    warnings.simplefilter("ignore")
    from marionette_driver import errors
    from marionette_driver.marionette import Alert

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

    def press_and_agree(self, selector: str) -> None:
        """Press what asks back in a dialog of the browser's, and say yes there."""

    def download(self, selector: str) -> str:
        """Press what gives a file, and return what is in it."""

    def press_in_options(self, selector: str) -> None:
        """Press an element of the extension's options page."""

    def own_page(self, path: str) -> AbstractContextManager[None]:
        """Open a page of the extension in a tab of its own, in front; until it is left, all is done there."""

    def hover(self, selector: str) -> None:
        """Move the mouse over an element."""

    def unhover(self) -> None:
        """Move the mouse to a corner of the page."""

    def widen(self, pixels: int) -> None:
        """Make the page so wide."""

    def scroll(self, pixels: int) -> None:
        """Turn the wheel over the page."""

    def type(self, selector: str, words: str) -> None:
        """Type into an element, key by key."""

    def fill(self, selector: str, words: str) -> None:
        """Put words into an element in place of what it holds."""

    def choose(self, selector: str, value: str) -> None:
        """Choose one of a select's values."""

    def key(self, name: str) -> None:
        """Press a key, wherever the focus is."""

    def ask(self, expression: str, given: Any = None) -> Any:
        """Evaluate an expression of `chrome` and `given` in a page of the extension's own, in the background."""

    def keep(self, **items: Any) -> None:
        """Write into the extension's storage."""

    def kept(self, key: str) -> Any:
        """Return what the extension keeps under a key."""

    def allowed(self, **permissions: list[str]) -> bool:
        """Return whether the browser has granted permissions."""

    def popup(self) -> str:
        """Open the extension's popup over this tab and return what it shows once it is drawn."""

    def stop_worker(self) -> None:
        """End the extension's worker, as the browser does after half a minute without work."""

    def wipe(self) -> None:
        """Take the extension back to what it is right after its installation."""

    def complaints(self) -> list[str]:
        """Return what pages and extension complained of in the console since this was last asked."""


# The popup is a view of the extension like its other pages, and these see each other.
POPUP = "chrome.extension.getViews({type: 'popup'})[0]"
DRAWN = f"{POPUP}?.document.querySelector('#pane')?.childElementCount > 0"
SHOWN = f"{POPUP}.document.body.innerText"
WIPE = "chrome.storage.local.clear().then(() => chrome.storage.session.clear())"


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
        if self.page.url.startswith("chrome-extension:"):
            # Not `wait_for_function`: it evaluates text in the page, and the extension's pages forbid that.
            return await_true(lambda: self.run(script, *arguments), seconds)
        body = f"given => (function () {{ {script} }}).apply(null, given)"
        self.page.wait_for_function(body, arg=list(arguments), timeout=seconds * 1000)
        return None

    def press(self, selector: str, *, host: str | None = None) -> None:
        self.page.locator(f"{host} {selector}" if host else selector).first.click()

    def press_and_agree(self, selector: str) -> None:
        self.page.once("dialog", lambda dialog: dialog.accept())
        self.press(selector)

    def download(self, selector: str) -> str:
        with self.page.expect_download() as download:
            self.press(selector)
        return str(download.value.path().read_text())

    def press_in_options(self, selector: str) -> None:
        self.own.bring_to_front()
        self.own.locator(selector).click()
        self.page.bring_to_front()

    @contextmanager
    def own_page(self, path: str) -> Iterator[None]:
        before, self.page = self.page, self.browser.own(path)
        try:
            yield
        finally:
            self.page.close()
            self.page = before
            self.page.bring_to_front()

    def hover(self, selector: str) -> None:
        self.page.locator(selector).first.hover()

    def unhover(self) -> None:
        self.page.mouse.move(2, 2)

    def widen(self, pixels: int) -> None:
        self.page.set_viewport_size({"width": pixels, "height": 900})

    def scroll(self, pixels: int) -> None:
        self.page.mouse.move(600, 500)
        self.page.mouse.wheel(0, pixels)

    def type(self, selector: str, words: str) -> None:
        self.page.locator(selector).first.press_sequentially(words)

    def fill(self, selector: str, words: str) -> None:
        self.page.locator(selector).fill(words)

    def choose(self, selector: str, value: str) -> None:
        self.page.locator(selector).select_option(value)

    def key(self, name: str) -> None:
        self.page.keyboard.press(name)

    def ask(self, expression: str, given: Any = None) -> Any:
        return self.own.evaluate(f"given => {expression}", given)

    def keep(self, **items: Any) -> None:
        self.ask("chrome.storage.local.set(given)", items)

    def kept(self, key: str) -> Any:
        return self.ask("chrome.storage.local.get(given)", key).get(key)

    def allowed(self, **permissions: list[str]) -> bool:
        return bool(self.ask("chrome.permissions.contains(given)", permissions))

    def popup(self) -> str:
        self.page.bring_to_front()
        self.ask("chrome.action.openPopup()")
        await_true(lambda: self.ask(DRAWN))
        shown = str(self.ask(SHOWN))
        self.ask(f"{POPUP}.close()")
        return shown

    def stop_worker(self) -> None:
        self.browser.stop_worker(self.own)

    def wipe(self) -> None:
        self.page.goto("about:blank")
        # What the page said last is not written after the wipe.
        self.stop_worker()
        self.ask(WIPE)
        self.complaints()

    def complaints(self) -> list[str]:
        heard = list(self.browser.console)
        self.browser.console.clear()
        return heard


KEYS = {"Escape": "\ue00c"}
WIDEN = """const {style} = gBrowser.selectedBrowser;
           for (const name of ["width", "min-width", "max-width"]) style.setProperty(name, `${arguments[0]}px`);"""
# What the driver says where the page is not as far yet, or has drawn an element anew.
NOT_YET = (
    errors.ElementClickInterceptedException,
    errors.ElementNotInteractableException,
    errors.MoveTargetOutOfBoundsException,
    errors.NoAlertPresentException,
    errors.NoSuchElementException,
    errors.NoSuchShadowRootException,
    errors.StaleElementException,
)


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
        def click() -> None:
            element = self.browser.inside(host, selector) if host else self.browser.find(selector)
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", [element])
            element.click()

        self._soon(click)

    def _soon(self, step: Callable[[], None]) -> None:
        """Do a step, again where its element is not there yet or the page has drawn it anew in between."""

        def done() -> bool:
            with suppress(*NOT_YET):
                step()
                return True
            return False

        await_true(done, seconds=20)

    def press_and_agree(self, selector: str) -> None:
        self.press(selector)

        def agree() -> None:
            Alert(self.driver).accept()

        self._soon(agree)

    def download(self, selector: str) -> str:
        before = set(self.browser.downloads.glob("*"))
        self.press(selector)
        # While it is being written there is a part of it beside it.
        await_true(lambda: _whole(set(self.browser.downloads.glob("*")) - before))
        [file] = set(self.browser.downloads.glob("*")) - before
        return str(file.read_text())

    def press_in_options(self, selector: str) -> None:
        self.driver.switch_to_window(self.own, focus=True)
        self.browser.find(selector).click()
        self.driver.switch_to_window(self.page, focus=True)

    @contextmanager
    def own_page(self, path: str) -> Iterator[None]:
        before, self.page = self.page, str(self.driver.open(type="tab", focus=True)["handle"])
        self.driver.switch_to_window(self.page, focus=True)
        self.browser.own(path)
        try:
            yield
        finally:
            self.driver.close()
            self.page = before
            self.driver.switch_to_window(self.page, focus=True)

    def hover(self, selector: str) -> None:
        self._soon(lambda: self.browser.point(self.browser.find(selector)))

    def unhover(self) -> None:
        move = {"type": "pointerMove", "x": 2, "y": 2}
        self._perform({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]})

    def _perform(self, action: dict[str, Any]) -> None:
        self.driver._send_message("WebDriver:PerformActions", {"actions": [action]})

    def widen(self, pixels: int) -> None:
        # Its window may not be as narrow as a telephone; the page in it may, as in the browser's own design mode.
        with self.driver.using_context("chrome"):
            self.driver.execute_script(WIDEN, [pixels])
        self.until("return innerWidth === arguments[0]", pixels)

    def scroll(self, pixels: int) -> None:
        wheel = {"type": "scroll", "x": 600, "y": 500, "deltaX": 0, "deltaY": pixels}
        self._perform({"type": "wheel", "id": "wheel", "actions": [wheel]})

    def type(self, selector: str, words: str) -> None:
        self.browser.find(selector).send_keys(words)

    def fill(self, selector: str, words: str) -> None:
        field = self.browser.find(selector)
        field.clear()
        field.send_keys(words)

    def choose(self, selector: str, value: str) -> None:
        self.press(f'{selector} option[value="{value}"]')

    def key(self, name: str) -> None:
        value = KEYS.get(name, name)
        pressed = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._perform({"type": "key", "id": "keys", "actions": pressed})

    def ask(self, expression: str, given: Any = None) -> Any:
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
        self.ask("chrome.storage.local.set(given)", items)

    def kept(self, key: str) -> Any:
        return self.ask("chrome.storage.local.get(given)", key).get(key)

    def allowed(self, **permissions: list[str]) -> bool:
        return bool(self.ask("chrome.permissions.contains(given)", permissions))

    def popup(self) -> str:
        self.ask("chrome.action.openPopup()")
        await_true(lambda: self.ask(DRAWN))
        shown = str(self.ask(SHOWN))
        self.ask(f"{POPUP}.close()")
        return shown

    def stop_worker(self) -> None:
        self.browser.stop_worker()

    def wipe(self) -> None:
        self.go("about:blank")
        # What the page said last is not written after the wipe.
        self.stop_worker()
        self.ask(WIPE)
        self.complaints()

    def complaints(self) -> list[str]:
        return self.browser.complaints()


def _whole(files: set[Path]) -> bool:
    return len(files) == 1 and not any(file.suffix == ".part" or not file.stat().st_size for file in files)
