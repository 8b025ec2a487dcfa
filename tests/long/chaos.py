"""The chaos story in full, two hundred actions a seed: `python -m tests.long.chaos [SEED...]`, from the clone.

It writes `tests/long/reports/chaos.md` from what it saw, seed by seed: ten minutes each, more where others work too.
"""

from __future__ import annotations

import logging
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e import chromium
from tests.e2e.chaos import LISTINGS, Chaos
from tests.e2e.chromium import EXTENSION, Chromium
from tests.e2e.conftest import Server
from tests.e2e.proxy import MOODS, Proxy
from tests.long.machine import described, revision
from tests.pages.server import PagesServer

REPORT = Path(__file__).parent / "reports" / "chaos.md"
SEEDS, ACTIONS = (1, 2, 3), 200
COLUMNS = (
    *("seed", "actions", "in doubt", "events on the server", "of them shown", "told again"),
    *("lost", "doubled", "other faults", "minutes", "quiet after s"),
)
log = logging.getLogger(__name__)


def run(seed: int, playwright: Playwright, pages: PagesServer, folder: Path) -> Chaos:
    """Tell the story once; what went wrong is in its outcome."""
    pages.set()
    server = Server(folder / "home", pages)
    proxy = Proxy(server.port)
    # A copy, for whoever works on the extension while this runs.
    extension = shutil.copytree(EXTENSION, folder / "extension")
    browser = Chromium(playwright, folder / "profile", pages.https_port, extension=extension)
    chaos = Chaos(seed, browser, server, proxy)
    try:
        chaos.begin()
        chaos.run(ACTIONS)
        chaos.settle()
        chaos.faults()
    except (BrowserError, AssertionError) as error:
        log.exception("seed %s", seed)
        chaos.outcome.wrong.append(str(error).splitlines()[0])
    finally:
        chaos.end()
        browser.close()
        proxy.close()
        server.end()
    chaos.outcome.wrong += [f"nothing ever met the mood {mood}" for mood in MOODS if not proxy.met[mood]]
    log.info("seed %s: %s", seed, chaos.outcome)
    return chaos


def report(done: dict[int, Chaos], load: float) -> str:
    """The figures of all runs, as Markdown."""
    browser = subprocess.run([chromium.executable(), "--version"], capture_output=True, text=True, check=True).stdout
    waits = sorted(wait for chaos in done.values() for wait in chaos.outcome.waits)
    met, ended, acts = (Counter[str]() for _ in range(3))
    for chaos in done.values():
        met.update(chaos.proxy.met)
        ended.update(chaos.outcome.troubles)
        acts.update(chaos.outcome.actions)
    rows = "\n".join(row(seed, chaos) for seed, chaos in done.items())
    faults = "\n".join(f"- {seed}: {fault}" for seed, chaos in done.items() for fault in chaos.outcome.wrong)
    return f"""# Chaos: each action once

Written by `python -m tests.long.chaos` on {datetime.now(UTC):%Y-%m-%d} at {revision()}, {browser.strip()},
{described(load)}. What is promised, and so checked, is in the first lines of `tests/e2e/chaos.py`. Each run:
{ACTIONS} actions over {len(LISTINGS)} tabs of a real Chromium, the real server, and a proxy between them.

| {" | ".join(COLUMNS)} |
|{" ---: |" * len(COLUMNS)}
{rows}

*In doubt*: the browser was killed before the page could say that the press was kept; such a press is there once or not
at all, as the page shows it after the restart. *Told again*: events that the server had taken already when they were
sent once more, for its answer had been lost; each counted once. *Quiet after*: from all being well to nothing waiting.

- What the reader did: {listed(acts)}.
- What was ended: {listed(ended)}.
- Requests by what they met at the proxy: {listed(met)}.
- From a press to the page's word that it is kept: median {statistics.median(waits):.2f} s, nine in ten within
  {waits[len(waits) * 9 // 10]:.2f} s, the longest {waits[-1]:.1f} s, with whatever was being killed at the time.
{f"{chr(10)}## What was wrong, by seed{chr(10)}{chr(10)}{faults}{chr(10)}" if faults else ""}"""


def row(seed: int, chaos: Chaos) -> str:
    """One run as a line of the table."""
    one = chaos.outcome
    if not one.events:
        # Broken off before anything could be judged.
        return f"| {seed} | {sum(one.actions.values())} |{' – |' * (len(COLUMNS) - 2)}"
    kinds = Counter(kind_of(fault) for fault in one.wrong)
    figures = [
        *(seed, sum(one.actions.values()), one.unsure, one.events, one.shown, one.told_again),
        *(kinds["lost"], kinds["doubled"], kinds["other"], f"{one.seconds / 60:.1f}", f"{one.drained_in:.0f}"),
    ]
    return f"| {' | '.join(map(str, figures))} |"


def kind_of(fault: str) -> str:
    return "lost" if "not there" in fault else "doubled" if "twice" in fault else "other"


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def main(seeds: list[int]) -> int:
    """Run each seed; return how many of them found something wrong."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    load, done = os.getloadavg()[0], {}
    pages = PagesServer()
    with sync_playwright() as playwright:
        for seed in seeds or SEEDS:
            with tempfile.TemporaryDirectory(prefix="inkling-chaos-", ignore_cleanup_errors=True) as folder:
                done[seed] = run(seed, playwright, pages, Path(folder))
            REPORT.parent.mkdir(exist_ok=True)
            REPORT.write_text(report(done, load))
    pages.close()
    return sum(bool(chaos.outcome.wrong) for chaos in done.values())


if __name__ == "__main__":
    sys.exit(main([int(seed) for seed in sys.argv[1:]]))
