"""The rows of the benchmark's table: what was measured, beside what, and what it has to reach.

A part is a module of this folder with `def rows(scale: Scale) -> Iterator[Row]`. It yields a row as soon as it is
measured; whatever it raises becomes a row that says why there is none (`measured`).
"""

from __future__ import annotations

import statistics
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Scale:
    """How much is measured: `tiny` in seconds by the tests, `quick` in minutes, `full` for the table.

    `real` is the folder with the real data, None where it is absent; `repeats` how often a thing is timed.
    """

    name: str = "full"
    real: Path | None = None

    @property
    def tiny(self) -> bool:
        return self.name == "tiny"

    @property
    def full(self) -> bool:
        return self.name == "full"

    @property
    def repeats(self) -> int:
        return 2 if self.tiny else 5

    def choose(self, *, tiny: Any, quick: Any, full: Any) -> Any:
        """Return what belongs to this scale, such as the sizes to measure."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.name]


@dataclass(frozen=True)
class Row:
    """What was measured (`ours`, some values of one unit), beside what (`theirs`, the same in the same run).

    `at_most` and `at_least` bound the ratio of the medians, or the median of ours where there is nothing beside it.
    Rows of one `series` and rising `size` are drawn as a line.
    """

    what: str
    ours: Sequence[float] = ()
    unit: str = "ms"
    beside: str = ""
    theirs: Sequence[float] = ()
    at_most: float | None = None
    at_least: float | None = None
    reach: str = ""  # in words, where a bound is not all of it
    note: str = ""  # what explains the figure, or why there is none
    series: str = ""
    size: float = 0.0

    @property
    def ratio(self) -> float | None:
        """The medians' ratio, ours to theirs; None without both."""
        if not self.ours or not self.theirs or not statistics.median(self.theirs):
            return None
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def met(self) -> bool | None:
        """Whether it reaches what it has to; None where nothing is to be reached. What is not measured is not met."""
        if self.at_most is None and self.at_least is None:
            return None
        value = self.ratio if self.theirs else statistics.median(self.ours) if self.ours else None
        if value is None:
            return False
        return (self.at_most is None or value <= self.at_most) and (self.at_least is None or value >= self.at_least)


Part = Callable[[Scale], Iterator[Row]]


def measured(name: str, part: Part, scale: Scale) -> Iterator[Row]:
    """Yield a part's rows; what it raises ends it with a row that says so, for a benchmark fails no build."""
    try:
        yield from part(scale)
    except Exception as error:
        traceback.print_exc()
        yield Row(name, note=f"not measured: {type(error).__name__}: {error}".splitlines()[0][:200])


def clock(work: Callable[[], Any]) -> float:
    """Return the milliseconds that some work takes."""
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1e6


def in_turn(
    ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int, *, warm: int = 1
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of two works done in turn, so that a slow moment of the machine meets both.

    `warm` of each are not counted.
    """
    for _ in range(warm):
        ours(), theirs()
    both = [(clock(ours), clock(theirs)) for _ in range(repeats)]
    return [one for one, _ in both], [other for _, other in both]
