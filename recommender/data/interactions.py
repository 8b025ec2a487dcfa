"""Events to one weight a (reader, paper) pair, by the kind and age of its events, and the matrix of them.

The weight becomes a confidence and a preference in the factorisation (Hu, Koren and Volinsky 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import DAY, Config
from recommender.data.categorical import Categorical
from recommender.data.tables import KINDS, Events, Papers

_CODES = {name: code for code, name in enumerate(KINDS)}
_OPEN, _SAVE, _UNSAVE, _HIDE, _UNHIDE, _DISLIKE, _UNDISLIKE, _IMPRESSION = range(len(KINDS))


@dataclass(frozen=True)
class Interactions:
    """One row per (reader, paper) pair, Q of them, sorted by reader, then paper.

    `reader` and `paper` int64 are row numbers. `weight` float32 is positive if liked, negative if hidden or
    disliked, 0 if only shown. `seen` bool: opened at any time, saved and not unsaved, hidden and not unhidden, or
    `disliked` bool and not undisliked. `passed` float32 counts
    the impressions of a paper never opened nor saved. `time` float64 is the newest event, `first` float64 the first
    open or save (inf without any), both in epoch seconds, -inf where unknown.
    """

    reader: np.ndarray
    paper: np.ndarray
    weight: np.ndarray
    seen: np.ndarray
    disliked: np.ndarray
    passed: np.ndarray
    time: np.ndarray
    first: np.ndarray


def build_interactions(papers: Papers, events: Events, config: Config, now: float) -> tuple[Interactions, list[str]]:
    """Return the weighted pairs and the readers' ids by row, in order of first event; unknown papers are ignored."""
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    readers = Categorical.of(events.readers)
    paper = Categorical.of(events.papers).translate(lambda one: row_of.get(one, -1), np.int32)
    known = np.flatnonzero(paper >= 0)
    reader, seen = _number_by_appearance(readers.codes[known], len(readers.categories))
    kept = Events([], [], Categorical.of(events.kinds).take(known), events.times[known])
    return weigh_events(reader, paper[known], kept, config, now), [readers.categories[one] for one in seen.tolist()]


def _number_by_appearance(codes: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return codes below `size` numbered in order of first appearance, int32 (V,), and the code of each number."""
    first = np.full(size, len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of several values for one place numpy keeps the last
    seen = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(codes))]
    number = np.empty(size, np.int32)
    number[seen] = np.arange(len(seen))
    return number[codes], seen


def interaction_matrix(interactions: Interactions, readers: int, papers: int) -> sp.csr_matrix:
    """Return the weights as float32 CSR (U, P), without pairs of weight 0."""
    nonzero = interactions.weight != 0
    cells = (interactions.weight[nonzero], (interactions.reader[nonzero], interactions.paper[nonzero]))
    return sp.csr_matrix(cells, shape=(readers, papers), dtype=np.float32)


def weigh_events(reader: np.ndarray, paper: np.ndarray, events: Events, config: Config, now: float) -> Interactions:
    """Weigh each pair at `now` in epoch seconds; `reader` and `paper` int64 (V,) are the rows of the events' ids."""
    kind = Categorical.of(events.kinds).translate(_CODES.__getitem__, np.int8)
    time = np.where(np.isnan(events.times), -np.inf, events.times)
    pair, pair_of = _unique_pairs(reader, paper)
    pairs = len(pair)
    order = np.argsort(time, kind="stable")
    opposites = ((_SAVE, _UNSAVE), (_HIDE, _UNHIDE), (_DISLIKE, _UNDISLIKE), (_OPEN, _OPEN))
    saved, hidden, disliked, opened = (_latest(pair_of, kind, order, pairs, on=on, off=off) for on, off in opposites)
    save = np.where(saved >= 0, config.save_weight * _decay(time, saved, config.save_half_life, now, config), 0)
    opens = np.where(opened >= 0, config.open_weight * _decay(time, opened, config.open_half_life, now, config), 0)
    weight = np.where(hidden >= 0, -config.hide_weight, np.maximum(save, opens))
    weight = np.where(disliked >= 0, -config.dislike_weight, weight)
    shown = np.bincount(pair_of[kind == _IMPRESSION], minlength=pairs)
    reads = (kind == _OPEN) | (kind == _SAVE)
    newest, first = np.full(pairs, -np.inf), np.full(pairs, np.inf)
    np.maximum.at(newest, pair_of, time)
    np.minimum.at(first, pair_of[reads], time[reads])
    return Interactions(
        reader=pair[:, 0],
        paper=pair[:, 1],
        weight=weight.astype(np.float32),
        seen=np.max([saved, hidden, disliked, opened], axis=0) >= 0,
        disliked=disliked >= 0,
        passed=np.where(first < np.inf, 0, shown).astype(np.float32),
        time=newest,
        first=first,
    )


def _unique_pairs(reader: np.ndarray, paper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs, int64 (Q, 2), and the pair of each event, int64 (V,)."""
    if len(reader) == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64)
    width = int(paper.max()) + 1
    keys, pair_of = np.unique(reader.astype(np.int64) * width + paper, return_inverse=True)
    return np.stack(np.divmod(keys, width), axis=1), pair_of


def _latest(pair_of: np.ndarray, kind: np.ndarray, order: np.ndarray, pairs: int, *, on: int, off: int) -> np.ndarray:
    """Return each pair's latest `on` event, int64 (Q,), or -1 if it has none or a later `off` undid it."""
    rows = order[(kind[order] == on) | (kind[order] == off)]
    last = np.full(pairs, -1, np.int64)
    last[pair_of[rows]] = rows  # oldest first, and of several values for one place numpy keeps the last
    stands = last >= 0
    stands[stands] = kind[last[stands]] == on
    return np.where(stands, last, -1)


def _decay(time: np.ndarray, rows: np.ndarray, half_life: float, now: float, config: Config) -> np.ndarray:
    """Return the share of its weight that each event at `rows` has left; all of it if its time is unknown."""
    if len(time) == 0:
        return np.ones(len(rows))
    at = time[np.maximum(rows, 0)]
    age = np.where(np.isfinite(at), np.maximum(now - at, 0), 0)
    return np.maximum(np.exp2(-age / DAY / half_life), config.oldest_share)
