"""The interactions as the protocol wants them: a binary matrix X, and the events behind any part of it.

Axes: U readers, P papers, V events.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.categorical import Categorical
from recommender.data.interactions import build_interactions
from recommender.data.tables import Events, Papers
from recommender.evaluation.splits import HISTORY_SIZES, SPLITS, SPLITS_BY_HISTORY, Split, split_by_time

TASKS = (*SPLITS, *SPLITS_BY_HISTORY, "time")


@dataclass(frozen=True)
class InteractionLog:
    """Readers' liked papers, with their times and events.

    `X` float32 CSR (U, P) is one where a reader likes a paper. `times` float64 CSR (U, P) is that pair's newest event
    in epoch seconds; None unless all times are known. `keys` int64 (V,) is each event's pair as reader * P + paper, -1
    where the paper is unknown.
    """

    events: Events
    readers: list[str]
    X: sp.csr_matrix
    times: sp.csr_matrix | None
    keys: np.ndarray

    @classmethod
    def of(cls, papers: Papers, events: Events, config: Config) -> InteractionLog:
        """Number the readers in order of first appearance and the papers in the order of their table."""
        weights, readers = build_interactions(papers, events, config, now=0.0)
        liked = weights.weight > 0
        shape = (len(readers), len(papers))
        pairs = (weights.reader[liked], weights.paper[liked])
        when = weights.time[liked]
        reader_of = {reader: row for row, reader in enumerate(readers)}
        paper_of = {paper: row for row, paper in enumerate(papers.ids)}
        reader = Categorical.of(events.readers).translate(lambda one: reader_of.get(one, 0))
        paper = Categorical.of(events.papers).translate(lambda one: paper_of.get(one, -1))
        return cls(
            events=events,
            readers=readers,
            X=sp.csr_matrix((np.ones(len(when), np.float32), pairs), shape=shape),
            times=sp.csr_matrix((when, pairs), shape=shape) if len(when) and np.isfinite(when).all() else None,
            keys=np.where(paper >= 0, reader * len(papers) + paper, -1),
        )

    def select_events(self, pairs: sp.csr_matrix, readers: np.ndarray | None = None) -> Events:
        """Return the events of the pairs in a matrix (R, P) with rows `readers` int64 (R,), by default all in order."""
        table = pairs.tocoo()
        rows = table.row if readers is None else readers[table.row]
        wanted = rows.astype(np.int64) * self.X.shape[1] + table.col
        return self.events.take(np.flatnonzero(np.isin(self.keys, wanted)))

    def split(self, task: str, seed: int) -> list[tuple[str, Split]]:
        """Return the splits of a task by name: one, or one for every history size.

        Raises ValueError if no reader has enough papers, or the task needs times that are not all known.
        """
        splits = [(name, split) for name, split in self._make_splits(task, seed) if len(split.readers)]
        if not splits:
            raise ValueError(f"no reader has papers enough for the task {task}")
        return splits

    def _make_splits(self, task: str, seed: int) -> list[tuple[str, Split]]:
        if task in SPLITS:
            return [(task, SPLITS[task](self.X, seed))]
        if task in SPLITS_BY_HISTORY:
            return [(f"{task} k={k}", SPLITS_BY_HISTORY[task](self.X, seed, k)) for k in HISTORY_SIZES[task]]
        if self.times is None:
            raise ValueError("the time task needs a time on every interaction; these have none or only some")
        return [(task, split_by_time(self.X, self.times, seed))]
