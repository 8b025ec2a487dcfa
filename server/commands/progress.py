"""Progress of long work: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)


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
