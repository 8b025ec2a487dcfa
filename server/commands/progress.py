"""Progress of long work: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)

REPORT_EVERY = 30.0  # seconds between two log lines


@contextmanager
def stage_progress(work: str) -> Iterator[Callable[[str, float], None]]:
    """Give a callback that takes the name of a stage and the share of the whole work done, from 0 to 1."""
    if not sys.stderr.isatty():
        seen: set[str] = set()

        def log_stage(stage: str, _share: float) -> None:
            if stage not in seen:
                seen.add(stage)
                logger.info("%s: %s", work, stage)

        yield log_stage
        return
    with tqdm(total=100, bar_format="{desc:<10}{bar:30} {n:.0f}%  {elapsed}") as bar:

        def draw(stage: str, share: float) -> None:
            bar.set_description_str(stage)
            bar.update(100 * share - bar.n)

        yield draw


@contextmanager
def count_progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback that takes how many are done and how many there are; silent except on a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with tqdm(unit=unit, bar_format="{bar:30} {n_fmt}/{total_fmt} {unit}  {elapsed}") as bar:

        def draw(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield draw


@contextmanager
def fill_progress(work: str) -> Iterator[Callable[[float, int, float | None], None]]:
    """Give a callback that takes the share done from 0 to 1, how many papers are new, and the seconds left if known."""
    told = 0.0
    bar = tqdm(total=100, bar_format="{bar:30} {n:.0f}%  {desc}") if sys.stderr.isatty() else None

    def tell(share: float, papers: int, seconds_left: float | None) -> None:
        nonlocal told
        line = f"{papers} new papers, {describe_time_left(seconds_left)}"
        if bar is not None:
            bar.set_description_str(line, refresh=False)
            bar.update(100 * share - bar.n)
        elif time.monotonic() - told > REPORT_EVERY or share == 1:
            told = time.monotonic()
            logger.info("%s: %.0f%%, %s", work, 100 * share, line)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()


def describe_time_left(seconds: float | None) -> str:
    """Return how long it will still take, no more exact than can be known."""
    if seconds is None:
        return "time left not known yet"
    if seconds < 90:
        return "about a minute left" if seconds else "done"
    minutes = seconds / 60
    return f"about {minutes:.0f} min left" if minutes < 100 else f"about {minutes / 60:.0f} h left"
