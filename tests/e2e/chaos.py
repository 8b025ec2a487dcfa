"""A reader at work in four tabs while everything beneath them breaks, and what must be true in the end.

What the extension promises, and what is checked here to the letter:

- A press counts once the page says so: its mark shows and is not `data-asked` any more; an open, once its card or its
  paper's page is marked as seen. From then on it is on the server exactly once in the end, whatever was killed.
- A press in whose very moment the browser is killed, before the page could say so, counts once or not at all, never
  twice; and what the page shows of that paper after the restart is what the server holds in the end.
- Taking back leaves either nothing, or the event and its opposite.
- Whatever was in the extension's storage (what was only shown, too) is on the server exactly once in the end.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as BrowserTimeout

from tests.e2e import verdict
from tests.e2e.chromium import Chromium, visit
from tests.e2e.conftest import Server
from tests.e2e.histories import OPENS, OPPOSITE, Histories, logged, sign_of
from tests.e2e.proxy import MOODS, Proxy

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

LISTINGS = tuple(
    f"https://huggingface.co/papers/{one}"
    for one in ("date/2026-11-20", "date/2026-11-19", "week/2026-W47", "trending")
)
# How the reader does it, and how often in a hundred.
WAYS = {"click": 12, "control": 15, "middle": 15, "save": 26, "hide": 12, "unsave": 8, "undo": 12}
KILLS = (
    "stop the worker",
    "kill the worker",
    "kill the worker",
    "kill the browser",
    "kill the worker",
    "close the browser",
)
PATIENCE_MS = 90_000
KEPT = ("queue", "ledger", "dead", "connection")

SIGNED = """([paper, wanted]) => {
  const marks = [...document.querySelectorAll(`[data-inkling="mark"][data-paper="${paper}"]`)];
  const signs = wanted ? [wanted] : ["fit", "none"];
  const isRight = ({dataset}) => !("asked" in dataset) && signs.includes(dataset.sign);
  return marks.length > 0 && marks.every(isRight);
}"""
KEEPS = """async (keys) => ({...await chrome.storage.local.get(keys), badge: await chrome.action.getBadgeText({})})"""
# Not until it is sent: under a silent server that takes its time.
SEND_NOW = """Promise.race([
  chrome.runtime.sendMessage({type: "queue/flush"}).catch(() => {}),
  new Promise((go) => setTimeout(go, 500)),
])"""
SAID = """(paper) => [
  ...[...document.querySelectorAll(`[data-inkling="mark"][data-paper="${paper}"]`)].map(({dataset}) => ({...dataset})),
  document.documentElement.dataset.inklingState,
  ...[...document.querySelectorAll('[data-inkling]')].map((one) => one.shadowRoot.querySelector("[role=status]")),
].filter(Boolean).map((one) => one.textContent ?? one)"""
PAPERS = """() => [...new Set([...document.querySelectorAll('[data-inkling="mark"]')]
  .filter((one) => one.getClientRects().length && !one.closest("header")).map(({dataset}) => dataset.paper))]"""


@dataclass
class Tab:
    """One of the four, its listing, and the paper last pressed in it whose press can be taken back."""

    page: Page
    listing: str
    last: str | None = None


@dataclass
class Outcome:
    """The figures of one run."""

    actions: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    troubles: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0
    drained_in: float = 0
    events: int = 0
    shown: int = 0
    told_again: int = 0
    wrong: list[str] = field(default_factory=list)


class Chaos:
    """One run: `run`, then `settle`, then `faults` says what is wrong."""

    def __init__(self, seed: int, browser: Chromium, server: Server, proxy: Proxy) -> None:
        self.random = random.Random(seed)
        self.browser, self.server, self.proxy = browser, server, proxy
        self.histories, self.outcome = Histories(), Outcome()
        self.stored: dict[str, dict[str, Any]] = {}
        self.undone: set[str] = set()
        self.own = ""
        self._thread = ThreadPoolExecutor(1)
        self._starting: Future | None = None
        moods = [mood for mood in MOODS if mood != "well"]
        self.random.shuffle(moods)
        self._moods, self._kills = cycle(moods), cycle(KILLS)

    # ── The tabs ────────────────────────────────────────────────────────────────────────────────────────────────────
    def begin(self) -> None:
        self.own = f"chrome-extension://{self.browser.worker().url.split('/')[2]}/src/options/options.html"
        self.browser.store(serverUrl=self.proxy.url, token=self.server.token)
        self.open_tabs()

    def open_tabs(self) -> None:
        self.tabs = [Tab(self.browser.context.new_page(), listing) for listing in LISTINGS]
        for tab in self.tabs:
            self.show(tab)

    def show(self, tab: Tab) -> None:
        """Bring a tab to its listing, marked."""
        tab.last = None
        visit(tab.page, tab.listing)
        tab.page.wait_for_selector('[data-inkling="mark"]', state="attached", timeout=PATIENCE_MS)

    def kept(self) -> dict[str, Any]:
        """Return what the extension keeps, asked of a page of its own: that needs no worker."""
        found = self.ask_own(KEEPS, list(KEPT))
        for one in [*found.get("queue", []), *found.get("ledger", [])]:
            self.stored[one["event"]["id"]] = one["event"]
        return dict(found)

    def send_now(self) -> None:
        """Press "Send now" as on the options page: the back-off would else spare most of the troubles."""
        self.ask_own(SEND_NOW)

    def ask_own(self, script: str, given: Any = None) -> Any:
        """Run a script in a page of the extension's own; once more where it died with the worker."""
        for is_last in (False, False, True):
            page = self.browser.context.new_page()
            try:
                page.goto(self.own)
                return page.evaluate(script, given)
            except BrowserError:
                if is_last:
                    raise
            finally:
                page.close()
        return None

    # ── What the reader does ────────────────────────────────────────────────────────────────────────────────────────
    def choose(self) -> tuple[Tab, str, str]:
        """Choose a tab, a way and a paper that is in the state for it."""
        while True:
            tab = self.random.choice(self.tabs)
            (way,) = self.random.choices([*WAYS], [*WAYS.values()])
            if way == "undo":
                if tab.last and tab.last not in self.histories.unsure:
                    return tab, way, tab.last
                continue
            papers = [one for one in tab.page.evaluate(PAPERS) if self.is_for(way, one)]
            if papers:
                return tab, way, self.random.choice(papers[:25])

    def is_for(self, way: str, paper: str) -> bool:
        sign = self.histories.sign(paper)
        if paper in self.histories.unsure:
            return False
        if way in OPENS:
            # An open shows only where nothing else does.
            return paper not in self.histories.of
        return {"save": sign not in {"saved", "hidden"}, "unsave": sign == "saved", "hide": sign != "hidden"}[way]

    def press(self, tab: Tab, way: str, paper: str) -> None:
        """Do it with the mouse, in the tab brought to the front."""
        tab.page.bring_to_front()
        card = tab.page.locator(f'article:has(h3 a[href="/papers/{paper}"])').first
        link = card.locator(f'h3 a[href="/papers/{paper}"]').first
        if way == "click":
            link.click()
        elif way == "control":
            link.click(modifiers=["Control"])
        elif way == "middle":
            link.click(button="middle")
        else:
            card.hover()
            button = {"unsave": "save"}.get(way, way)
            tab.page.locator(f'[data-inkling="mark"][data-paper="{paper}"] [data-action="{button}"]').first.click()

    def note(self, tab: Tab, way: str, paper: str, *, sure: bool) -> None:
        self.outcome.actions[way] += 1
        self.outcome.unsure += not sure
        if way == "undo":
            self.histories.took_back(paper, sure=sure)
            self.undone.add(paper)
        else:
            self.histories.did(paper, "open" if way in OPENS else way, sure=sure)
        for one in self.tabs:
            if one.last == paper:
                one.last = None
        if way in {"save", "hide", "unsave"}:
            tab.last = paper

    def until_said(self, page: Page, paper: str, sign: str | None) -> None:
        """Wait until a page says that it is kept."""
        began = time.monotonic()
        try:
            page.wait_for_function(SIGNED, arg=[paper, sign], timeout=PATIENCE_MS)
        except BrowserTimeout:
            self.write(f"never said: {page.evaluate(SAID, paper)}")
            kept = self.kept()
            mine = {name: [one for one in kept.get(name, []) if one["event"]["paper"] == paper] for name in KEPT[:3]}
            self.write(f"kept: {mine}, {kept['connection']}")
            raise
        self.outcome.waits.append(time.monotonic() - began)

    def act(self, tab: Tab, way: str, paper: str, during: Callable[[], None] = lambda: None) -> None:
        """Do one thing, with something happening to it meanwhile, and wait until the page says that it is kept."""
        wanted = self.preview(way, paper)
        self.write(f"{way} {paper} on {tab.listing}, to be {wanted}")
        self.press(tab, way, paper)
        during()
        if way == "click":
            tab.page.wait_for_url(f"**/papers/{paper}")
        self.until_said(tab.page, paper, wanted)

    def write(self, line: str) -> None:
        """Tell what happens, for whoever has to find out why it went wrong."""
        log.info("%s%s: %s", self.proxy.mood, "" if self.proxy.readable else ", unreadable", line)

    def preview(self, way: str, paper: str) -> str | None:
        """Return the sign that a paper has once something more was done with it."""
        (history, *_) = self.histories.of.get(paper, {()})
        if way == "undo":
            # Whether the event is gone or its opposite stands: what it shows is the same.
            return sign_of((*history, OPPOSITE[history[-1]]))
        return sign_of((*history, "open" if way in OPENS else way))

    def go_on(self, tab: Tab, way: str) -> None:
        """After an open: back to the listing, or close the tab that it opened, soon or once it was there."""
        if way == "click":
            self.show(tab)
        for page in self.browser.context.pages:
            if page not in [one.page for one in self.tabs] and "/papers/" in page.url:
                if self.random.random() < 0.5:
                    page.wait_for_load_state()
                page.close()

    # ── What breaks ─────────────────────────────────────────────────────────────────────────────────────────────────
    def weather(self, at: int) -> None:
        """Between two actions: another mood of the proxy, the server killed or started again."""
        if at % 3 == 0:
            self.proxy.mood = next(self._moods) if at % 2 else "well"
            self.proxy.readable = self.random.random() < 0.6
            self.send_now()
        if at % 20 == 8:
            self.outcome.troubles["kill the server"] += 1
            self.write("kill the server")
            if self._starting:
                self._starting.result(120)
            self.server.kill()
            self._starting = None
        if at % 20 == 13:
            self.write("start the server")
            self._starting = self._thread.submit(self.server.start)

    def act_while_killing(self, kill: str, tab: Tab, way: str, paper: str) -> None:
        """Do one thing while the worker or the browser is ended: before it, in it, or after it."""
        self.outcome.troubles[kill] += 1
        self.write(kill)
        if kill == "close the browser":
            self.act(tab, way, paper)
            self.note(tab, way, paper, sure=True)
            return self.revive()
        if kill == "stop the worker":
            self.act(tab, way, paper, during=lambda: self.browser.stop_worker(self.tabs[0].page))
            return self.note(tab, way, paper, sure=True)
        strike = self.browser.kill if kill == "kill the browser" else self.browser.kill_worker
        timer = threading.Timer(self.random.uniform(0, 0.5), strike)
        timer.start()
        sure = True
        try:
            self.act(tab, way, paper)
        except BrowserError:
            if kill != "kill the browser" or timer.is_alive():
                raise
            sure = False
        timer.join()
        self.note(tab, way, paper, sure=sure)
        if kill == "kill the browser":
            self.revive()
        if not sure:
            self.see(LISTINGS.index(tab.listing), paper)
        return None

    def revive(self) -> None:
        self.browser.restart()
        self.open_tabs()

    def see(self, at: int, paper: str) -> None:
        """Hold the page to what it shows after the restart."""
        page = self.tabs[at].page
        mark = f'[data-inkling="mark"][data-paper="{paper}"]'
        page.wait_for_selector(mark, state="attached", timeout=PATIENCE_MS)
        sign = page.locator(mark).first.get_attribute("data-sign")
        self.write(f"after the restart {paper} is {sign}")
        self.histories.shown(paper, None if sign in {"fit", "none"} else sign)

    # ── A whole run ─────────────────────────────────────────────────────────────────────────────────────────────────
    def run(self, actions: int) -> None:
        began = time.monotonic()
        for at in range(1, actions + 1):
            self.weather(at)
            tab, way, paper = self.choose()
            if at % 5 == 0:
                before = self.browser.context
                self.act_while_killing(next(self._kills), tab, way, paper)
                if self.browser.context is not before:
                    continue
            else:
                self.act(tab, way, paper)
                self.note(tab, way, paper, sure=True)
            self.go_on(tab, way)
            if at % 10 == 0:
                self.kept()
        self.outcome.seconds = time.monotonic() - began

    def settle(self, seconds: float = 240) -> None:
        """Let all be well again, look at every listing as a reader would, and wait until nothing waits."""
        began = time.monotonic()
        self.proxy.mood = "well"
        self.end()
        if self.server.up.process.poll() is not None:
            self.server.start()
        for tab in self.tabs:
            self.show(tab)
        # What the last looks at the listings showed is told of after a second, and sent two seconds later.
        quiet = 0
        while quiet < 3 and time.monotonic() - began < seconds:
            self.tabs[0].page.wait_for_timeout(1_500)
            kept = self.kept()
            quiet = 0 if kept.get("queue") or kept["badge"] else quiet + 1
        self.outcome.drained_in = time.monotonic() - began

    def end(self) -> None:
        """Wait for a server that is still being started: who ends it must know of it."""
        if self._starting:
            self._starting.result(120)
        self._thread.shutdown()

    def faults(self) -> list[str]:
        """Return all that is not as it must be."""
        kept, events = self.kept(), self.server.events()
        self.outcome.events = len(events)
        self.outcome.shown = sum(one["kind"] == "impression" for one in events)
        self.outcome.told_again = sum(seen["duplicate"] for seen in self.proxy.verdicts.values())
        self.outcome.wrong = [
            *verdict.of_the_console(self.browser.console),
            *verdict.of_the_storage(kept),
            *verdict.of_the_log(events, self.histories.of),
            *verdict.of_the_ids(events, kept["ledger"], self.proxy.verdicts),
            *verdict.of_what_was_stored(events, self.stored, self.undone),
            *self._of_the_pages(events),
        ]
        return self.outcome.wrong

    def _of_the_pages(self, events: list[dict[str, Any]]) -> list[str]:
        """Every listing shows of each paper what the server holds."""
        there = logged(events)
        return [
            f"{paper} is not shown as {sign_of(there.get(paper, ()))} on {tab.listing}"
            for tab in self.tabs
            for paper in tab.page.evaluate(PAPERS)
            if not tab.page.evaluate(SIGNED, [paper, sign_of(there.get(paper, ()))])
        ]
