"""Events to weights and matrices: what each reader thinks of each paper they met, by kind and age of the events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import DAY, Config
from recommender.data.tables import Events, Papers

_CODES = {"open": 0, "save": 1, "unsave": 2, "hide": 3, "unhide": 4, "impression": 5}
_OPEN, _SAVE, _UNSAVE, _HIDE, _UNHIDE, _IMPRESSION = range(6)


@dataclass(frozen=True)
class Interactions:
    """One row a (reader, paper) pair, E' of them, sorted by reader then paper.

    `weight` float32: positive liked, negative hidden, 0 only shown. `seen` bool: opened, saved or hidden by the last
    word on it, or opened ever. `passed` float32: times shown when never opened nor saved. `time` float64: newest event;
    `first` float64: first open or save, inf without any. Of both, -inf is unknown.
    """

    reader: np.ndarray
    paper: np.ndarray
    weight: np.ndarray
    seen: np.ndarray
    passed: np.ndarray
    time: np.ndarray
    first: np.ndarray


def build_interactions(papers: Papers, events: Events, config: Config, now: float) -> tuple[Interactions, list[str]]:
    """Return the weighted pairs of known papers, and the readers in order of first appearance."""
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    reader_of: dict[str, int] = {}
    known = [row for row, paper in enumerate(events.papers) if paper in row_of]
    reader = np.array([reader_of.setdefault(events.readers[row], len(reader_of)) for row in known], np.int64)
    paper = np.array([row_of[events.papers[row]] for row in known], np.int64)
    kept = Events([], [], [events.kinds[row] for row in known], events.times[known])
    return weigh_events(reader, paper, kept, config, now), list(reader_of)


def interaction_matrix(weights: Interactions, readers: int, papers: int) -> sp.csr_matrix:
    """Return the weights as a matrix, float32 (readers, papers): a cell for every pair that says something."""
    nonzero = weights.weight != 0
    cells = (weights.weight[nonzero], (weights.reader[nonzero], weights.paper[nonzero]))
    return sp.csr_matrix(cells, shape=(readers, papers), dtype=np.float32)


def weigh_events(reader: np.ndarray, paper: np.ndarray, events: Events, config: Config, now: float) -> Interactions:
    """Give each pair its weight; `reader` and `paper` are the int64 (E,) numbers of the events' ids."""
    kind = np.array([_CODES[kind] for kind in events.kinds], np.int64)
    time = np.where(np.isnan(events.times), -np.inf, events.times)
    pair, index = _unique_pairs(reader, paper)
    n = len(pair)
    order = np.lexsort((np.arange(len(time)), time))
    saved, hidden = (
        _latest(index, kind, order, n, on=_SAVE, off=_UNSAVE),
        _latest(index, kind, order, n, on=_HIDE, off=_UNHIDE),
    )
    opened = _latest(index, kind, order, n, on=_OPEN, off=_OPEN)
    save = np.where(saved >= 0, config.save_weight * _decay(time, saved, config.save_half_life, now, config), 0)
    opens = np.where(opened >= 0, config.open_weight * _decay(time, opened, config.open_half_life, now, config), 0)
    weight = np.where(hidden >= 0, -config.hide_weight, np.maximum(save, opens))
    shown = np.bincount(index[kind == _IMPRESSION], minlength=n)
    touching = (kind == _OPEN) | (kind == _SAVE)
    newest, first = np.full(n, -np.inf), np.full(n, np.inf)
    np.maximum.at(newest, index, time)
    np.minimum.at(first, index[touching], time[touching])
    return Interactions(
        reader=pair[:, 0],
        paper=pair[:, 1],
        weight=weight.astype(np.float32),
        seen=(saved >= 0) | (hidden >= 0) | (opened >= 0),
        passed=np.where(first < np.inf, 0, shown).astype(np.float32),
        time=newest,
        first=first,
    )


def _unique_pairs(reader: np.ndarray, paper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(reader) == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64)
    width = int(paper.max()) + 1
    keys, index = np.unique(reader.astype(np.int64) * width + paper, return_inverse=True)
    return np.stack(np.divmod(keys, width), axis=1), index


def _latest(index: np.ndarray, kind: np.ndarray, order: np.ndarray, n: int, *, on: int, off: int) -> np.ndarray:
    """Return for each pair the row of its latest `on` event, or -1 where there is none or a later `off` undid it."""
    rows = order[(kind[order] == on) | (kind[order] == off)]
    last = np.full(n, -1, np.int64)
    last[index[rows]] = rows  # rows are oldest first and of equal targets numpy keeps the last
    stands = last >= 0
    stands[stands] = kind[last[stands]] == on
    return np.where(stands, last, -1)


def _decay(time: np.ndarray, rows: np.ndarray, half_life: float, now: float, config: Config) -> np.ndarray:
    """Return the share left at `now` of the events at `rows`; without a time nothing fades, and never to nothing."""
    if len(time) == 0:
        return np.ones(len(rows))
    at = time[np.maximum(rows, 0)]
    age = np.where(np.isfinite(at), np.maximum(now - at, 0), 0)
    return np.maximum(np.exp2(-age / DAY / half_life), config.oldest_share)
