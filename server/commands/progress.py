"""How far a piece of work is: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)


@contextmanager
def stage_progress(work: str) -> Iterator[Callable[[str, float], None]]:
    """Give a function to be told a stage's name and the share of the whole that is done."""
    if not sys.stderr.isatty():
        seen: set[str] = set()

        def tell(stage: str, _share: float) -> None:
            if stage not in seen:
                seen.add(stage)
                logger.info("%s: %s", work, stage)

        yield tell
        return
    with tqdm(total=100, bar_format="{desc:<10}{bar:30} {n:.0f}%  {elapsed}") as bar:

        def draw(stage: str, share: float) -> None:
            bar.set_description_str(stage)
            bar.update(100 * share - bar.n)

        yield draw


@contextmanager
def count_progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to be told how many of how many are done; elsewhere than on a terminal it says nothing."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with tqdm(unit=unit, bar_format="{bar:30} {n_fmt}/{total_fmt} {unit}  {elapsed}") as bar:

        def draw(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield draw
