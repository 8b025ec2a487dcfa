"""Every kind of listing page in each state it can come in, and what the extension must make of it: a table of cases.

`tests/e2e/test_matrix.py` runs a sample in which any two values of any two columns meet; `tests/long/matrix`, all.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from tests.e2e.conftest import Server, eventually
from tests.e2e.tabs import Tab
from tests.pages.server import PagesServer

TODAY = "2026-11-20"
HOST = "https://huggingface.co"
PAPER = "2611.10021"


@dataclass(frozen=True)
class Kind:
    path: str
    page: str  # what the extension calls it
    papers: int


KINDS = {
    "daily": Kind(f"/papers/date/{TODAY}", f"daily/{TODAY}", 45),
    "weekly": Kind("/papers/week/2026-W47", "weekly/2026-W47", 105),
    "monthly": Kind("/papers/month/2026-11", "monthly/2026-11", 105),
    "trending": Kind("/papers/trending", "trending", 50),
    "search": Kind("/papers?q=attention", "search", 53),
    "paper": Kind(f"/papers/{PAPER}", "paper", 1),
}


@dataclass(frozen=True)
class Case:
    """A page as it may come: what it is, its framework, the state of its data, who reads it, how late it lives."""

    kind: str
    generation: str
    props: str
    reader: str  # "out" or "in": logged out or logged in
    delay: int  # milliseconds before the page's framework takes it over

    def __str__(self) -> str:
        return "-".join(str(value) for value in astuple(self))


COLUMNS = (tuple(KINDS), ("2024", "2026"), ("ok", "missing", "invalid", "renamed"), ("out", "in"), (1, 300, 2500))
LATEST = [Case("daily", "2026", "ok", "out", 12_000), Case("trending", "2024", "missing", "in", 12_000)]
ALL = [Case(*values) for values in itertools.product(*COLUMNS)]


def pairs(case: Case) -> set[tuple[Any, ...]]:
    """Return each two of a case's values, with their columns."""
    return set(itertools.combinations(enumerate(astuple(case)), 2))


def sample() -> list[Case]:
    """Return cases, few, in which any two values of any two columns meet; the same ones each time."""
    left = set().union(*map(pairs, ALL))
    used: Counter[Any] = Counter()
    found = []
    while left:
        # Of those in which as much meets for the first time, the one whose values came least so far.
        best = max(ALL, key=lambda case: (len(left & pairs(case)), -sum(used[one] for one in enumerate(astuple(case)))))
        found.append(best)
        used.update(enumerate(astuple(best)))
        left -= pairs(best)
    return sorted(found, key=ALL.index)


# ── What a page must look like ─────────────────────────────────────────────────────────────────────────────────────
STATE = "return document.documentElement.dataset.inklingState === arguments[0]"
HYDRATED = "return document.body.dataset.hydrated !== undefined"
TOLD = """const data = JSON.parse(document.querySelector('script[data-for="DailyPapers"]').textContent).listing;
          return (data.searchResults ?? data.dailyPapers).map(({paper}) => paper.id)"""
CARDS = """const cards = [...document.querySelectorAll('[data-target="DailyPapers"] article')];
           const paper = (card) => card.querySelector('h3 a')?.getAttribute('href').replace('/papers/', '');
           const marks = (card) => [...card.querySelectorAll('[data-inkling="mark"]')].map((one) => one.dataset.paper);
           const papers = cards.map(paper), marked = cards.flatMap(marks);"""
MARKED = f"{CARDS} return papers.length > 0 && papers.join() === marked.join()"
SHOWN = f"{CARDS} return {{papers, marked}}"
PANEL = """return document.querySelectorAll('[data-inkling="panel"]').length === 1 &&
  document.querySelector('[data-inkling="panel"]').shadowRoot.querySelectorAll('[data-paper] a[href]').length >= 5"""
BAR = """const bars = [...document.querySelectorAll('[data-inkling="mark"]')];
         return bars.length === 1 && bars[0].dataset.paper === arguments[0] && !bars[0].closest('[data-target]')"""
ORDER_ON = """return [...document.querySelectorAll('[data-target="DailyPapers"] [style*="order"]')].length > 1"""
# The page's own list, all that is ours left out; a picture's class tells only whether it has come yet.
OWN = """const list = document.querySelector('[data-target="DailyPapers"]')?.cloneNode(true);
         for (const ours of list?.querySelectorAll('[data-inkling]') ?? []) ours.remove();
         for (const one of list?.querySelectorAll('[style]') ?? []) one.removeAttribute('style');
         for (const picture of list?.querySelectorAll('img') ?? []) picture.removeAttribute('class');
         const own = list?.innerHTML ?? '';"""
OTHER_THAN = f"{OWN} return document.body.dataset.hydrated !== undefined && own !== '' && own !== arguments[0]"
UNTOUCHED = "return document.querySelectorAll('[data-inkling], [style]').length === 0"


# Kind, framework, and which signs of a card the page's makers took away. Of these tables CI runs the first few.
DRIFTS = [
    ("daily", "2026", "mixed"),
    ("weekly", "2024", "addresses"),
    ("paper", "2026", "headings"),
    ("monthly", "2024", "headings"),
    ("trending", "2024", "mixed"),
    ("search", "2026", "addresses"),
]
# Kind, framework, what a period tab does, and who reads: pages ordered "For you", whose every control is pressed.
ORDERED = [
    ("daily", "2026", "cards", "in"),
    ("trending", "2024", "island", "out"),
    ("search", "2026", "island", "in"),
    ("weekly", "2024", "cards", "in"),
    ("monthly", "2026", "island", "out"),
    ("daily", "2024", "island", "in"),
    ("trending", "2026", "cards", "in"),
    ("search", "2024", "cards", "out"),
    ("weekly", "2026", "island", "out"),
    ("monthly", "2024", "cards", "in"),
]
# What a period tab does, and framework.
CONTROLS = [
    ("cards", "2024"),
    ("island", "2026"),
    ("reload", "2024"),
    ("cards", "2026"),
    ("island", "2024"),
    ("reload", "2026"),
]


def begin(tab: Tab, pages: PagesServer, kind: str, **knobs: Any) -> None:
    """Load a page of a kind, made as the knobs say."""
    pages.set(today=TODAY, **knobs)
    tab.complaints()
    tab.go(HOST + KINDS[kind].path)


def expect_silence(tab: Tab) -> None:
    """Fail where a page, its framework or the extension said anything in the console."""
    complaints = tab.complaints()
    assert not complaints, complaints


def check(tab: Tab, pages: PagesServer, case: Case) -> float:
    """Load the page of a case and see that the extension reads and shows what it should; return the seconds it took."""
    began = time.time()
    kind = KINDS[case.kind]
    login = {"login": 1, "upvoted": PAPER} if case.reader == "in" else {}
    begin(tab, pages, case.kind, generation=case.generation, props=case.props, delay=case.delay, **login)
    tab.until(STATE, "ready")
    tab.until(HYDRATED)
    if case.kind == "paper":
        papers = [PAPER]
        tab.until(BAR, PAPER)
    else:
        papers = tab.run(TOLD)
        tab.until(MARKED)
        assert tab.run(SHOWN) == {"papers": papers, "marked": papers}
        tab.until(PANEL)
    assert len(papers) == kind.papers, len(papers)
    eventually(lambda: ranked(tab, kind.page, began), papers)
    expect_silence(tab)
    return time.time() - began


def ranked(tab: Tab, page: str, since: float) -> list[str] | None:
    """Return the ids of the cards that were sent for ranking from a page since a time, in their order."""
    # The last one of that name: each search and each list of arXiv's has one of its own.
    found = [
        one for key, one in tab.kept("lists").items() if key.split()[0] == page and one["fetched_at"] >= since * 1000
    ]
    return [card["input_id"] for card in found[-1]["cards"]] if found else None


def reports(server: Server) -> float:
    """Return how often pages were reported as changed."""
    lines = server.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("inkling_client_reports_total{"))


def check_drift(tab: Tab, pages: PagesServer, server: Server, kind: str, **knobs: Any) -> float:
    """Load a page that has changed: it is left alone and reported, and the popup says so and has the list."""
    began, before = time.time(), reports(server)
    begin(tab, pages, kind, **knobs)
    tab.until(STATE, "drift")
    tab.until(HYDRATED)
    tab.until(UNTOUCHED)
    eventually(lambda: reports(server), before + 1)
    shown = tab.popup()
    assert "This page has changed: left alone" in shown
    assert shown.count("Hide") >= 5, shown
    assert tab.run(UNTOUCHED)
    expect_silence(tab)
    return time.time() - began


PRESSES = ["reverse", "upvote", "drop", "week", "drop", "upvote", "reverse", "day", "month", "drop"]


def press_all(tab: Tab, reader: str) -> Iterator[str]:
    """Press the page's own controls in turn, and yield the page's own list as it is before and after each."""
    own = tab.run(f"{OWN} return own")
    yield own
    for press in PRESSES:
        if press == "upvote" and reader == "out":  # a link that leads away
            continue
        tab.press("article label.upvote" if press == "upvote" else f'[data-control="{press}"]')
        tab.until(OTHER_THAN, own)
        own = tab.run(f"{OWN} return own")
        yield own


def check_ordered(tab: Tab, plain: Tab, pages: PagesServer, case: tuple[str, str, str, str]) -> float:
    """Order a page "For you" and press its every control: its own list is what it is without us after each press."""
    began = time.time()
    kind, generation, tabs, reader = case
    knobs = {"generation": generation, "tabs": tabs, **({"login": 1} if reader == "in" else {})}
    begin(plain, pages, kind, **knobs)
    plain.until(HYDRATED)
    expected = list(press_all(plain, reader))
    begin(tab, pages, kind, **knobs)
    tab.until(HYDRATED)
    tab.until(MARKED)
    tab.until(PANEL)
    tab.press('[data-order="foryou"]', host='[data-inkling="panel"]')
    tab.until(ORDER_ON)
    for step, (found, wanted) in enumerate(zip(press_all(tab, reader), expected, strict=True)):
        assert found == wanted, f"another list after press {step} of {PRESSES}"
    expect_silence(tab)
    tab.keep(preferences={**tab.kept("preferences"), "order": "original"})
    return time.time() - began


def check_controls(tab: Tab, pages: PagesServer, tabs: str, generation: str) -> float:
    """Press the page's period tabs and its controls: on every list that comes, each card has its own mark."""
    began = time.time()
    begin(tab, pages, "daily", generation=generation, tabs=tabs)
    tab.until(MARKED)
    for control, count in (("week", 105), ("reverse", 105), ("drop", 104), ("day", 45), ("drop", 44), ("month", 105)):
        before = tab.run(SHOWN)["papers"]
        tab.until(HYDRATED)
        tab.press(f'[data-control="{control}"]')
        tab.until(
            f"{CARDS} return papers.length === arguments[0] && papers.join() !== arguments[1]", count, ",".join(before)
        )
        tab.until(MARKED)
    tab.until(PANEL)
    expect_silence(tab)
    return time.time() - began
