"""Learning a blend: a search, one weight at a time, for what ranks held-out papers best on a validation split.

Papers with readers are weighed among themselves, then papers without; last, how one kind counts against the other.
Searched together, the many easy targets of one kind would be paid for with the other's.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from recommender.bootstrap import bootstrap_interval
from recommender.model.blend import Blend, ComponentWeight
from recommender.training.blend_validation import ValidationLists

DEPTH = 20
ROUNDS = 8
STEP = 0.1
MIN_GAIN = 2e-4
SHRINK = 0.05  # what a squared unit away from the start has to gain
READ, UNREAD = ("base", "low_support", "short_history"), ("cold", "cold_short_history")
COLD_SCALES = np.arange(0.7, 1.21, 0.05)  # tried for papers without readers, in long histories
COLD_SCALES_SHORT_HISTORY = (0.0, 0.1, 0.2)  # and what short ones add
MIN_KEPT_NDCG = 0.9  # of what the factors alone find of papers with readers, when unread papers join the list
LOSS_PENALTY = 3.0  # what each lost below that costs
MIN_HISTORY = 4  # papers known of a reader whose list says what is kept; with fewer, no read paper is held out

_DISCOUNT = 1 / np.log2(np.arange(DEPTH) + 2)
_IDEAL = np.cumsum(_DISCOUNT)


def search_blend(lists: ValidationLists, begin: Blend, tell: Callable[[str], None] = lambda stage: None) -> Blend:
    """Return the blend that ranks these lists best, searched from `begin`."""
    is_read = lists.readers > 0
    tell("papers with readers")
    blend = _search_if_better(
        lists.of(is_read), begin, [*_fields(begin, READ), ("", "readers"), ("", "readers_short_history")]
    )
    tell("papers without")
    blend = _search_if_better(lists.of(~is_read), blend, list(_fields(begin, UNREAD)))
    tell("both together")
    return dataclasses.replace(_scale_cold(lists, blend), learned=True)


def try_embedding(lists: ValidationLists, begin: Blend, without: Blend, seed: int) -> Blend:
    """Return `without`, or a blend that has an encoder's part too where that serves these lists better beyond noise.

    Both are searched on half of the lists and compared on the other half, reader by reader.
    """
    more = dataclasses.replace(begin, components={**begin.components, "embedding": ComponentWeight()})
    learned_on = np.random.default_rng([seed, 2]).random(len(lists.targets)) < 0.5
    half, other = lists.take(learned_on), lists.take(~learned_on)
    gains = list_qualities(other, blend_scores(other, search_blend(half, more))) - list_qualities(
        other, blend_scores(other, search_blend(half, begin))
    )
    low, _ = bootstrap_interval(gains)
    return search_blend(lists, more) if low > 0 else without


def _fields(blend: Blend, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what may move; the first part's first weight stands, as the unit of the others."""
    first = next(iter(blend.components))
    yield from (
        (component, name) for component in blend.components for name in names if (component, name) != (first, names[0])
    )


def _search_if_better(lists: ValidationLists, begin: Blend, moving: list[tuple[str, str]]) -> Blend:
    """Search, if what a search on every other list finds is better than `begin` beyond noise on the lists between."""
    every_other = np.arange(len(lists.targets)) % 2 == 0
    half, other = lists.take(every_other), lists.take(~every_other)
    if not len(other.targets):
        return begin
    found = _search(half, begin, moving)
    low, _ = bootstrap_interval(
        list_qualities(other, blend_scores(other, found)) - list_qualities(other, blend_scores(other, begin))
    )
    return _search(lists, begin, moving) if low > 0 else begin


def _search(lists: ValidationLists, begin: Blend, moving: list[tuple[str, str]]) -> Blend:
    if not len(lists.targets):
        return begin
    blend, steps = begin, dict.fromkeys(moving, STEP)
    best = mean_quality(lists, blend_scores(lists, blend))
    for _ in range(ROUNDS):
        for one in moving:
            for step in (steps[one], -steps[one]):
                moved = _move(blend, *one, step)
                found = mean_quality(lists, blend_scores(lists, moved)) - SHRINK * _distance(moved, begin, moving)
                if found > best + MIN_GAIN:
                    best, blend = found, moved
                    steps[one] *= 1.25
                    break
            else:
                steps[one] *= 0.6
    return blend


def _distance(blend: Blend, begin: Blend, moving: list[tuple[str, str]]) -> float:
    return float(sum((_weight(blend, *one) - _weight(begin, *one)) ** 2 for one in moving))


def _weight(blend: Blend, component: str, name: str) -> float:
    return float(getattr(blend.components[component] if component else blend, name))


def _move(blend: Blend, component: str, name: str, step: float) -> Blend:
    if not component:
        return dataclasses.replace(blend, **{name: getattr(blend, name) + step})
    weight: ComponentWeight = dataclasses.replace(
        blend.components[component], **{name: getattr(blend.components[component], name) + step}
    )
    return dataclasses.replace(blend, components={**blend.components, component: weight})


def blend_scores(lists: ValidationLists, blend: Blend) -> np.ndarray:
    """Return the lists' scores before the two kinds of papers meet, float32 (L, M)."""
    n = lists.history[:, None]
    scores = np.zeros(lists.there.shape, np.float32)
    for name in (
        name for name in blend.components if name in lists.components
    ):  # in one order: float32 sums depend on it
        scores += blend.weight(name, lists.readers, n) * lists.components[name]
    return scores + blend.prior(lists.readers, n)


def mean_quality(lists: ValidationLists, scores: np.ndarray) -> float:
    """Return the mean over lists of NDCG and recall in the first 20, added up."""
    return float(list_qualities(lists, scores).mean())


def list_qualities(lists: ValidationLists, scores: np.ndarray) -> np.ndarray:
    """Return NDCG and recall in the first 20, added up, of each list with a target, float64 (L,)."""
    hits, some = _hits(lists, scores), lists.targets > 0
    return ndcg(hits, lists.targets) + hits[some].sum(axis=1) / lists.targets[some]


def ndcg(hits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the NDCG of hits bool (L, 20) of each list with a target (L,)."""
    some = targets > 0
    return (hits * _DISCOUNT).sum(axis=1)[some] / _IDEAL[np.minimum(targets[some], DEPTH) - 1]


def _hits(lists: ValidationLists, scores: np.ndarray) -> np.ndarray:
    return np.pad(np.take_along_axis(lists.target, _top_places(lists, scores), axis=1), ((0, 0), (0, DEPTH)))[:, :DEPTH]


def _top_places(lists: ValidationLists, scores: np.ndarray) -> np.ndarray:
    scores = np.where(lists.there, scores, -np.inf)
    best = np.argpartition(-scores, min(DEPTH, scores.shape[1]) - 1, axis=1)[:, :DEPTH]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def _scale_cold(lists: ValidationLists, blend: Blend) -> Blend:
    """Weigh unread papers against the others: what serves whole lists best and keeps to `MIN_KEPT_NDCG`."""
    is_read = lists.readers > 0
    wanted = lists.target & is_read & (lists.history >= MIN_HISTORY)[:, None]
    read = dataclasses.replace(lists, target=wanted, targets=wanted.sum(axis=1))
    if not read.targets.any() or (lists.target <= is_read).all():
        return blend
    factors = np.where(is_read, lists.components["factors"], -np.inf)
    least = MIN_KEPT_NDCG * ndcg(_hits(read, factors), read.targets).mean()
    best, chosen = -np.inf, blend
    for long, short_history in itertools.product(COLD_SCALES, COLD_SCALES_SHORT_HISTORY):
        met = dataclasses.replace(blend, cold_scale=float(long), cold_scale_short_history=float(short_history))
        scores = blend_scores(lists, met)
        lost = max(0.0, least - ndcg(_hits(read, scores), read.targets).mean())
        away = (long - blend.cold_scale) ** 2 + (short_history - blend.cold_scale_short_history) ** 2
        found = ndcg(_hits(lists, scores), lists.targets).mean() - LOSS_PENALTY * lost - SHRINK * away
        if found > best:
            best, chosen = found, met
    return chosen
