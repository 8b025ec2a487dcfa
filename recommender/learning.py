"""Learning a blend: a search, one weight at a time, for what ranks held-out papers best on a validation split.

Papers with readers are weighed among themselves, then papers without; last, how one kind counts against the other.
Searched together, the many easy targets of one kind would be paid for with the other's.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from recommender.blend import Blend, PartWeight
from recommender.validation import Lists

DEPTH = 20
ROUNDS = 6
STEP = 0.3
LEAST_GAIN = 1e-4
READ, UNREAD = ("always", "few", "short"), ("unread", "unread_short")
MEETINGS = np.linspace(0.2, 1.4, 9)  # tried for papers without readers, in long histories
MEETINGS_SHORT = (0.0, 0.4, 0.8, 1.2, 1.8)  # and what short ones add
KEPT = 0.97  # of what the factors alone find of papers with readers, at the least, when unread papers join the list

_DISCOUNT = 1 / np.log2(np.arange(DEPTH) + 2)
_IDEAL = np.cumsum(_DISCOUNT)


def learn(lists: Lists, begin: Blend, tell: Callable[[str], None] = lambda stage: None) -> Blend:
    """Return the blend that ranks these lists best, searched from `begin`."""
    is_read = lists.readers > 0
    tell("papers with readers")
    blend = _search(lists.of(is_read), begin, [*_fields(begin, READ), ("", "readers"), ("", "readers_short")])
    tell("papers without")
    blend = _search(lists.of(~is_read), blend, list(_fields(begin, UNREAD)))
    tell("both together")
    return dataclasses.replace(_met(lists, blend), learned=True)


def _fields(blend: Blend, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what may move; the first part's first weight stands, as the unit of the others."""
    first = next(iter(blend.parts))
    yield from ((part, name) for part in blend.parts for name in names if (part, name) != (first, names[0]))


def _search(lists: Lists, blend: Blend, moving: list[tuple[str, str]]) -> Blend:
    if not len(lists.targets):
        return blend
    best, steps = quality(lists, total(lists, blend)), dict.fromkeys(moving, STEP)
    for _ in range(ROUNDS):
        for one in moving:
            for step in (steps[one], -steps[one]):
                moved = _moved(blend, *one, step)
                found = quality(lists, total(lists, moved))
                if found > best + LEAST_GAIN:
                    best, blend = found, moved
                    steps[one] *= 1.3
                    break
            else:
                steps[one] *= 0.5
    return blend


def _moved(blend: Blend, part: str, name: str, step: float) -> Blend:
    if not part:
        return dataclasses.replace(blend, **{name: getattr(blend, name) + step / 3})
    weight: PartWeight = dataclasses.replace(blend.parts[part], **{name: getattr(blend.parts[part], name) + step})
    return dataclasses.replace(blend, parts={**blend.parts, part: weight})


def total(lists: Lists, blend: Blend) -> np.ndarray:
    """Return the lists' scores before the two kinds of papers meet, float32 (L, M)."""
    n = lists.history[:, None]
    scores = np.zeros(lists.there.shape, np.float32)
    for name in blend.parts.keys() & lists.parts.keys():
        scores += blend.weight(name, lists.readers, n) * lists.parts[name]
    return scores + blend.prior(lists.readers, n)


def quality(lists: Lists, scores: np.ndarray) -> float:
    """Return the mean over lists of NDCG and recall in the first 20, added up."""
    hits = _hits(lists, scores)
    some = lists.targets > 0
    hits, wanted = hits[some], lists.targets[some]
    ndcg = (hits * _DISCOUNT).sum(axis=1) / _IDEAL[np.minimum(wanted, DEPTH) - 1]
    return float((ndcg + hits.sum(axis=1) / wanted).mean())


def _hits(lists: Lists, scores: np.ndarray) -> np.ndarray:
    scores = np.where(lists.there, scores, -np.inf)
    best = np.argpartition(-scores, DEPTH - 1, axis=1)[:, :DEPTH] if scores.shape[1] > DEPTH else None
    if best is None:
        best = np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    hits = np.take_along_axis(lists.target, np.take_along_axis(best, order, axis=1), axis=1)
    return np.pad(hits, ((0, 0), (0, DEPTH - hits.shape[1])))


def _met(lists: Lists, blend: Blend) -> Blend:
    """Weigh unread papers against the others: what serves whole lists best and keeps to `KEPT`."""
    is_read = lists.readers > 0
    if not (lists.target & is_read).any() or not (lists.target & ~is_read).any():
        return blend
    alone = lists.of(is_read)
    least = KEPT * quality(alone, alone.parts["stack"])
    read_targets = dataclasses.replace(
        lists, target=lists.target & is_read, targets=(lists.target & is_read).sum(axis=1)
    )
    tried = []
    for long, short in itertools.product(MEETINGS, MEETINGS_SHORT):
        met = dataclasses.replace(blend, meeting=float(long), meeting_short=float(short))
        scores = total(lists, met)
        kept = quality(read_targets, scores)
        tried.append((kept >= least, quality(lists, scores) if kept >= least else kept, met))
    return max(tried, key=lambda one: one[:2])[2]
