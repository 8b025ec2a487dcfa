"""What the stories in Firefox do with its pages, in words."""

from __future__ import annotations

import time
from typing import Any

from marionette_driver.errors import NoSuchShadowRootException, StaleElementException

from tests.e2e.conftest import Server
from tests.e2e.firefox import ADDON, Firefox

LISTING = "https://huggingface.co/papers"
SHOWN = """return [...document.querySelectorAll('[data-target="DailyPapers"] article')]
  .map((card) => ({
    box: card.getBoundingClientRect(),
    id: card.querySelector('h3 a[href]').getAttribute('href').split('/papers/')[1],
  }))
  .sort((a, b) => Math.round(a.box.top - b.box.top) || a.box.left - b.box.left).map(({id}) => id)"""
RECOMMENDED = """return [
    ...document.querySelector('[data-inkling="panel"]').shadowRoot.querySelectorAll('[data-paper]')
  ].map((one) => [one.dataset.paper, one.querySelector('[data-part="reason"]').textContent])"""
ORDER = "return document.querySelector('[data-inkling=\"panel\"]')?.shadowRoot.querySelector('[data-action=\"order\"]')"
WITH_ADDON = """const [id, call, done] = arguments;
  const {AddonManager} = ChromeUtils.importESModule("resource://gre/modules/AddonManager.sys.mjs");
  AddonManager.getAddonByID(id).then((addon) => addon[call]()).then(() => done(), (error) => done(String(error)));"""


def title(paper: str) -> str:
    return f'article h3 a[href="/papers/{paper}"]'


def mark(paper: str) -> str:
    return f'[data-inkling="mark"][data-paper="{paper}"]'


def until_marked(browser: Firefox) -> None:
    browser.until("return document.querySelectorAll('[data-inkling=\"mark\"]').length > 20")


def listing(browser: Firefox, address: str = LISTING, state: str = "ready") -> list[str]:
    """Go to a listing and return its papers as the eye meets them, once it stands as it should."""
    browser.visit(address)
    browser.until_state(state)
    until_marked(browser)
    return list(dict.fromkeys(browser.driver.execute_script(SHOWN)))


def act(browser: Firefox, paper: str, action: str) -> None:
    """Press a button of a card's own mark, as a reader does: the mouse goes to the card first."""
    for last in (False, False, True):
        try:
            browser.point(browser.find(title(paper)))
            time.sleep(0.3)
            return browser.inside(mark(paper), f'[data-action="{action}"]').click()
        except (StaleElementException, NoSuchShadowRootException):
            # The page drew the card anew in between.
            if last:
                raise
    return None


def until_kept(browser: Firefox, paper: str, sign: str) -> None:
    """Wait until a card's mark says that what was pressed is kept."""
    browser.until(
        """const one = document.querySelector(arguments[0]);
           return one && one.dataset.sign === arguments[1] && !("asked" in one.dataset)""",
        mark(paper),
        sign,
    )


def fill(browser: Firefox, selector: str, words: str) -> None:
    field = browser.find(selector)
    field.clear()
    field.send_keys(words)


def text(browser: Firefox, selector: str) -> str:
    return str(browser.driver.execute_script("return document.querySelector(arguments[0]).textContent", [selector]))


def until_text(browser: Firefox, selector: str, part: str) -> None:
    """Wait until an element says something."""
    browser.until(
        "return document.querySelector(arguments[0])?.textContent.includes(arguments[1])", selector, part, seconds=45
    )


def count(browser: Firefox, selector: str, wanted: int) -> None:
    """Wait until there are so many elements."""
    browser.until("return document.querySelectorAll(arguments[0]).length === arguments[1]", selector, wanted)


def steps(browser: Firefox) -> list[list[Any]]:
    """Return the steps of pairing as they are shown: the words, and whether it went well."""
    found = browser.driver.execute_script(
        """return [...document.querySelectorAll('#steps li')]
             .map((one) => [one.textContent, one.classList.contains('good')])"""
    )
    return list(found)


def connect(browser: Firefox, address: str, *, good: bool) -> list[list[Any]]:
    """Type an address into the form, press Connect and return the steps once the last is shown."""
    browser.until("return document.querySelector('#device')?.value !== ''")
    fill(browser, "#address", address)
    browser.find("#submit").click()
    browser.until(
        """return !document.querySelector('#submit').disabled
             && document.querySelector('#steps li:last-child')?.classList.contains(arguments[0])""",
        "good" if good else "bad",
    )
    return steps(browser)


def link_of(server: Server) -> str:
    return str(server.ask("/v1/pairing-codes", {"reader": "me"})["link"])


def switch(browser: Firefox, call: str) -> None:
    """Switch the extension off ("disable") or on ("enable"), as on about:addons."""
    with browser.driver.using_context("chrome"):
        fault = browser.driver.execute_async_script(WITH_ADDON, [ADDON, call])
    assert fault is None, fault
