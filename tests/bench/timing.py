"""How much of a request is the recommender's arithmetic: its public calls, timed from outside."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from recommender import Catalogue, RankedList


def watch() -> None:
    """Count the nanoseconds spent in the recommender's calls in `watch.recommender`; one thread."""
    watch.recommender = 0  # type: ignore[attr-defined]
    for owner, name in ((Catalogue, "prepare"), (Catalogue, "rank_scores"), (RankedList, "reasons")):
        setattr(owner, name, _timed(getattr(owner, name)))


def _timed(call: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*arguments: Any, **options: Any) -> Any:
        began = perf_counter_ns()
        try:
            return call(*arguments, **options)
        finally:
            watch.recommender += perf_counter_ns() - began  # type: ignore[attr-defined]

    return timed
