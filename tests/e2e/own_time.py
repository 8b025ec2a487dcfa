"""Where the time of a page's main thread goes: what of it is the extension's, from the browser's own profiler.

In milliseconds of the processor, not of the clock: on a shared machine the clock also counts others' work.
"""

from __future__ import annotations

import itertools
import json
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab

LONG = 50.0  # what browsers call a long task, in milliseconds
OURS = ("chrome-extension://", "moz-extension://")
# Whose work a stack is: the first of its files, from the innermost, that is named here.
PARTS = {
    "/src/sites/": "read",
    "/src/features/marks.js": "mark",
    "/src/features/panel.js": "panel",
    "/src/features/": "other features",
    "/src/hydration.js": "await hydration",
    "/src/page/hydration-gate.js": "await hydration",
}
PAGE = "the page"


@dataclass
class Spent:
    """What a page's main thread did, in milliseconds of the processor."""

    whole: float = 0.0
    parts: Counter[str] = field(default_factory=Counter)
    page: float = 0.0  # the page's own scripts
    longest: float = 0.0  # ours, in one task (Chromium), or (Firefox) between two beats of the page, which hold it
    samples: int = 0

    @property
    def own(self) -> float:
        return sum(self.parts.values())


def part_of(files: list[str]) -> str | None:
    """Return whose work a stack of files, innermost first, is: a part of ours, PAGE, or None for the browser's own."""
    ours = [file for file in files if file.startswith(OURS)]
    named = (part for file in ours for place, part in PARTS.items() if place in file)
    if not ours:
        return PAGE if any(file.startswith("https://") for file in files) else None
    return next(named, "start, messages, the rest")


@contextmanager
def profiled(tab: Tab, folder: Path) -> Iterator[Spent]:
    """Profile the listing in a tab; what is given is filled in at the end."""
    spent = Spent()
    if isinstance(tab, ChromiumTab):
        yield from _in_chromium(tab, spent)
    else:
        assert isinstance(tab, FirefoxTab)
        yield from _in_firefox(tab, spent, folder / "profile.json")


# ── Chromium: a trace has each task with its processor time, and samples of the stack ──────────────────────────────
CATEGORIES = [
    "-*",
    *("blink.user_timing", "disabled-by-default-devtools.timeline"),
    *("disabled-by-default-v8.cpu_profiler", "disabled-by-default-v8.cpu_profiler.hires"),
]
HERE = "profiled here"


def _in_chromium(tab: ChromiumTab, spent: Spent) -> Iterator[Spent]:
    browser = tab.browser.context.browser
    assert browser
    browser.start_tracing(page=tab.page, categories=CATEGORIES)
    yield spent
    tab.run("performance.mark(arguments[0])", HERE)
    trace = json.loads(browser.stop_tracing())["traceEvents"]
    _add_thread(spent, trace, *_page_thread(trace))


def _page_thread(trace: list[dict[str, Any]]) -> tuple[int, int]:
    """Return the process and thread of the page that was there at the end."""
    [(process, thread)] = {(one["pid"], one["tid"]) for one in trace if one["name"] == HERE}
    return process, thread


def _add_thread(spent: Spent, trace: list[dict[str, Any]], process: int, thread: int) -> None:
    times, parts = _samples(trace, process, thread)
    for task in trace:
        if (task["name"], task["pid"], task["tid"]) != ("RunTask", process, thread) or "tdur" not in task:
            continue
        spent.whole += task["tdur"] / 1000
        seen = parts[bisect_left(times, task["ts"]) : bisect_left(times, task["ts"] + task["dur"])]
        ours = Counter(part for part in seen if part)
        spent.page += task["tdur"] / 1000 * ours.pop(PAGE, 0) / max(len(seen), 1)
        for part, count in ours.items():
            spent.parts[part] += task["tdur"] / 1000 * count / len(seen)
        if ours:
            spent.longest = max(spent.longest, task["tdur"] / 1000 * ours.total() / len(seen))
    spent.samples += len(times)


def _samples(trace: list[dict[str, Any]], process: int, thread: int) -> tuple[list[float], list[str | None]]:
    """Return when each sample of a thread was taken, and whose work it saw."""
    [profile] = [one for one in trace if (one["name"], one["pid"], one["tid"]) == ("Profile", process, thread)]
    chunks = [
        one for one in trace if (one["name"], one["pid"], one.get("id", 0)) == ("ProfileChunk", process, profile["id"])
    ]
    nodes: dict[int, dict[str, Any]] = {}
    whose: dict[int, str | None] = {}
    now, times, parts = profile["args"]["data"]["startTime"], [], []
    for chunk in sorted(chunks, key=lambda one: one["ts"]):
        told = chunk["args"]["data"].get("cpuProfile", {})
        nodes.update((node["id"], node) for node in told.get("nodes", []))
        for sample, delta in zip(told.get("samples", []), chunk["args"]["data"].get("timeDeltas", []), strict=False):
            if sample not in whose:
                whose[sample] = part_of(_files(nodes, sample))
            now += delta
            times.append(now)
            parts.append(whose[sample])
    order = sorted(range(len(times)), key=times.__getitem__)
    return [times[at] for at in order], [parts[at] for at in order]


def _files(nodes: dict[int, dict[str, Any]], node: int | None) -> list[str]:
    files = []
    while node:
        files.append(nodes[node]["callFrame"].get("url", ""))
        node = nodes[node].get("parent")
    return files


# ── Firefox: each sample has the processor time since the one before ───────────────────────────────────────────────
START = """const done = arguments[arguments.length - 1];
           Services.profiler.StartProfiler(8_000_000, 0.5, ["js", "cpu"], ["GeckoMain"]).then(() => done(true))"""
STOP = """const [path, done] = arguments, {profiler} = Services;
          profiler.dumpProfileToFileAsync(path).then(() => profiler.StopProfiler()).then(() => done(true))"""


def _in_firefox(tab: FirefoxTab, spent: Spent, file: Path) -> Iterator[Spent]:
    with tab.driver.using_context("chrome"):
        tab.driver.execute_async_script(START)
    yield spent
    with tab.driver.using_context("chrome"):
        tab.driver.execute_async_script(STOP, [str(file)])
    for process in _processes(json.loads(file.read_text())):
        for thread in process["threads"]:
            if thread.get("eTLD+1") == "https://huggingface.co" and thread["name"] == "GeckoMain":
                _add_gecko(spent, thread)


def _processes(profile: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield profile
    for process in profile.get("processes", []):
        yield from _processes(process)


def _add_gecko(spent: Spent, thread: dict[str, Any]) -> None:
    column = thread["samples"]["schema"]
    whose, beats = _whose(thread), _beats(thread)
    between: Counter[int] = Counter()
    for sample in thread["samples"]["data"]:
        stack, delta = (
            sample[column[name]] if len(sample) > column[name] else None for name in ("stack", "threadCPUDelta")
        )
        spent.samples += 1
        spent.whole += (delta or 0) / 1e6
        part = whose(stack)
        if part == PAGE:
            spent.page += (delta or 0) / 1e6
        elif part:
            spent.parts[part] += (delta or 0) / 1e6
            between[bisect_left(beats, sample[column["time"]])] += (delta or 0) / 1e6
    spent.longest = max(spent.longest, *between.values(), 0.0)


def _beats(thread: dict[str, Any]) -> list[float]:
    """Return the times of the page's own marks, which it makes every few milliseconds (knob `pulse`)."""
    column = thread["markers"]["schema"]
    marks = (one for one in thread["markers"]["data"] if len(one) > column["data"])
    return sorted(one[column["startTime"]] for one in marks if (one[column["data"]] or {}).get("name") == "beat")


def _whose(thread: dict[str, Any]) -> Any:
    stacks, frames, strings = thread["stackTable"], thread["frameTable"], thread["stringTable"]
    prefix, frame, place = stacks["schema"]["prefix"], stacks["schema"]["frame"], frames["schema"]["location"]
    known: dict[int, str | None] = defaultdict()

    def whose(stack: int | None) -> str | None:
        if stack is None:
            return None
        if stack not in known:
            files, at = [], stack
            while at is not None:
                location = strings[frames["data"][stacks["data"][at][frame]][place]]
                files.append(location.partition("(")[2] or location)
                at = stacks["data"][at][prefix]
            known[stack] = part_of(files)
        return known[stack]

    return whose


# ── What is measured ───────────────────────────────────────────────────────────────────────────────────────────────
TODAY = "2026-11-20"
LISTING = "https://huggingface.co/papers/month/2026-11"
CARDS = 105
READY = """return document.querySelectorAll('[data-inkling="mark"]').length === arguments[0] &&
  document.querySelector('[data-inkling="panel"]')?.shadowRoot.querySelectorAll('[data-paper]').length >= 5"""
TIMES = """const [{loadEventEnd}] = performance.getEntriesByType('navigation');
           return loadEventEnd > 0 && document.body.dataset.hydrated !== undefined"""
LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
SEARCH = '[data-target="DailyPapers"] input[type="search"]'
AFTER = 1.0  # seconds that are watched after the last mark is there: what follows is drawn in idle moments
WORDS = "long contexts without a cache"


def load(tab: Tab, folder: Path, *, extension: bool = True, cards: int = CARDS) -> tuple[Spent, float]:
    """Load the month's listing; return where its time went and when, by the clock, its load event was over."""
    tab.go("about:blank")
    with profiled(tab, folder) as spent:
        tab.go(LISTING)
        tab.until(TIMES)
        if extension:
            tab.until(READY, cards)
        time.sleep(AFTER)
        loaded = float(tab.run(LOADED))
    return spent, loaded


def scroll(tab: Tab, folder: Path) -> Spent:
    """Scroll through the listing from its top to its end and back, the page as `load` left it."""
    with profiled(tab, folder) as spent:
        for step in itertools.chain([1500] * 12, [-1500] * 12):
            tab.scroll(step)
            time.sleep(0.2)
    return spent


def typing(tab: Tab, folder: Path) -> Spent:
    """Type into the page's own search field, the page as `load` left it."""
    with profiled(tab, folder) as spent:
        tab.type(SEARCH, WORDS)
        tab.until("return document.querySelector(arguments[0]).value.endsWith(arguments[1])", SEARCH, WORDS)
    return spent
