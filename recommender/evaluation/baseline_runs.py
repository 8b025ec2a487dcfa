"""Baselines on a split: their settings chosen inside the training readers, and everything ranked with them.

Axes: U training readers, R readers evaluated, P papers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.evaluation.baselines import Als, Baseline, als_grid, collaborative_baselines, content_baselines
from recommender.evaluation.figures import DEPTH, Lists, compute_figures
from recommender.evaluation.linear_baselines import Ease, Slim, ease_grid, slim_grid
from recommender.evaluation.splits import HISTORY_SIZES, Split, split_leave_one_out, split_new

BATCH_READERS = 100  # readers whose scores are in memory at once
TASKS_WITH_READERS = ("warm", "mixed", "new", "time")  # those in which other readers know the papers ranked
CHOSEN_BY = "ndcg@20"

Tuned = Als | Ease | Slim


@dataclass(frozen=True)
class Choice:
    """The settings chosen for each method that has some, by its name in reports, and all that were tried."""

    methods: dict[str, Tuned]
    tried: dict[str, list[dict[str, Any]]]


def build_grids(seed: int) -> dict[str, list[Tuned]]:
    """Return the settings that each method is chosen from, by its name in reports."""
    return {"ALS": list(als_grid(seed)), "EASE": list(ease_grid()), "SLIM": list(slim_grid())}


def choose_settings(task: str, train_on: sp.csr_matrix, seed: int, report: Callable[[str], None]) -> Choice:
    """Choose each method's settings by NDCG@20 on a split inside the training readers, float32 CSR (U, P).

    `report` is called with what is being tried.
    """
    inner_seed = seed + 1000  # the same seed would draw the readers that are held out already
    if task == "new":
        splits = [split_new(train_on, inner_seed, k) for k in HISTORY_SIZES["new"]]
    if task != "new" or not len(splits[0].readers):  # so few readers that no newcomer has papers enough
        splits = [split_leave_one_out(train_on, inner_seed)]
    methods: dict[str, Tuned] = {}
    tried: dict[str, list[dict[str, Any]]] = {}
    for method, settings in build_grids(seed).items():
        figures = [_try_setting(setting, splits, report) for setting in settings]
        best = int(np.argmax(figures))
        methods[method] = settings[best]
        tried[method] = [
            {"name": setting.name, "figure": figure, "chosen": at == best}
            for at, (setting, figure) in enumerate(zip(settings, figures, strict=True))
        ]
    return Choice(methods, tried)


def _try_setting(setting: Tuned, splits: list[Split], report: Callable[[str], None]) -> float:
    report(f"choosing {setting.name}")
    method = replace(setting)  # what it learns goes with it
    train_on = splits[0].train
    method.fit(train_on, sp.csr_matrix((train_on.shape[1], 0), dtype=np.float32))
    figures = [compute_figures(rank_baseline(method, split), split, None)[CHOSEN_BY] for split in splits]
    return float(np.mean([of_split.mean() for of_split in figures])) if len(splits[0].readers) else 0.0


def build_baselines(task: str, choice: Choice | None, seed: int) -> Iterator[tuple[str, Baseline]]:
    """Yield the baselines of a task, each with its name in reports; `choice` is needed where readers count."""
    yield from build_text_baselines()
    yield from build_reader_baselines(task, choice, seed)


def build_text_baselines() -> Iterator[tuple[str, Baseline]]:
    """Yield the baselines that learn from a reader's own papers and the texts."""
    yield from ((method.name, method) for method in content_baselines())


def build_reader_baselines(task: str, choice: Choice | None, seed: int) -> Iterator[tuple[str, Baseline]]:
    """Yield the baselines that learn from all readers and no text: none for a reader alone."""
    yield from ((method.name, method) for method in (collaborative_baselines() if task != "alone" else []))
    for name, method in choice.methods.items() if choice else ():
        yield name, replace(method, seed=seed) if isinstance(method, Als) else replace(method)


def rank_baseline(method: Baseline, split: Split) -> Lists:
    """Return each reader's best candidates by a baseline, without their own papers, int64 columns."""
    readers = min(split.history.shape[0], method.max_readers or split.history.shape[0])
    starts = range(0, readers, BATCH_READERS)
    batches = (_rank_batch(method, split, start, min(start + BATCH_READERS, readers)) for start in starts)
    return list(chain.from_iterable(batches))


def _rank_batch(method: Baseline, split: Split, start: int, stop: int) -> Iterator[np.ndarray]:
    history = split.history[start:stop]
    scores = method.scores(history)
    scores[np.repeat(np.arange(stop - start), np.diff(history.indptr)), history.indices] = -np.inf
    for row in scores[:, split.candidates]:
        best = np.argpartition(-row, min(DEPTH, len(row) - 1))[:DEPTH]
        best = best[np.lexsort((best, -row[best]))]
        yield split.candidates[best[np.isfinite(row[best])]]
