"""Learning a blend: coordinate search for the weights that rank held-out papers best on a validation split.

Papers with readers are weighted among themselves, then papers without, and last one kind against the other. Searched
together, the many easy targets of one kind would be paid for with the other's.

Coordinate ascent on the ranking metric itself, as in Metzler and Croft, "Linear Feature-Based Models for Information
Retrieval" (2007), with one step size per weight. Axes: L readers of the split, M candidates of each.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np

from recommender.bootstrap import bootstrap_interval
from recommender.model.blend import Blend, ComponentWeight
from recommender.training.blend_validation import ValidationCandidates

DEPTH = 20
ROUNDS = 8
STEP = 0.2
MIN_GAIN = 2e-4
SHRINK = 0.05  # what a squared unit away from the start has to gain
WARM_WEIGHTS, COLD_WEIGHTS = ("base", "low_support", "short_history"), ("cold", "cold_short_history")
COLD_SCALES = np.arange(1.0, 1.81, 0.1)  # tried for papers without readers, in long histories
COLD_SCALES_SHORT_HISTORY = (-0.6, -0.4, -0.2)  # added to those in short histories
MIN_COLD_SHARE = 0.35  # what the cold targets count at least: every day's new papers are cold
MIN_HISTORY = 4  # papers of a reader whose warm targets count; with fewer, no paper with readers is held out

_DISCOUNT = 1 / np.log2(np.arange(DEPTH) + 2)
_IDEAL_DCG = np.cumsum(_DISCOUNT)

Weight = tuple[str, str]  # a component's name, "" for the blend's own fields, and the field


def search_blend(candidates: ValidationCandidates, start: Blend) -> Blend:
    """Return the blend that ranks these candidates best, searched from `start`."""
    is_warm = candidates.readers > 0
    movable = [*_movable_weights(start, WARM_WEIGHTS), ("", "readers"), ("", "readers_short_history")]
    blend = _search_if_better(candidates.keep(is_warm), start, movable)
    blend = _search_if_better(candidates.keep(~is_warm), blend, list(_movable_weights(start, COLD_WEIGHTS)))
    return dataclasses.replace(_search_cold_scale(candidates, blend), learned=True)


def try_embedding(candidates: ValidationCandidates, start: Blend, without: Blend, seed: int) -> Blend:
    """Return a blend that has the component `embedding` too, if it is better beyond noise; otherwise `without`.

    Blends with and without it are searched on half of the readers and compared on the other half, reader by reader.
    """
    extended = dataclasses.replace(start, components={**start.components, "embedding": ComponentWeight()})
    in_half = np.random.default_rng([seed, 2]).random(len(candidates.target_counts)) < 0.5
    half, other = candidates.take(in_half), candidates.take(~in_half)
    differences = reader_qualities(other, blend_scores(other, search_blend(half, extended))) - reader_qualities(
        other, blend_scores(other, search_blend(half, start))
    )
    low, _ = bootstrap_interval(differences)
    return search_blend(candidates, extended) if low > 0 else without


def _movable_weights(blend: Blend, names: tuple[str, ...]) -> Iterator[Weight]:
    """Yield the weights that may move; the first component's first weight is fixed, as the unit of the others."""
    unit = (next(iter(blend.components)), names[0])
    yield from ((component, name) for component in blend.components for name in names if (component, name) != unit)


def _search_if_better(candidates: ValidationCandidates, start: Blend, movable: list[Weight]) -> Blend:
    """Search on all readers, if a blend found on every other reader is better beyond noise on the rest."""
    every_other = np.arange(len(candidates.target_counts)) % 2 == 0
    half, other = candidates.take(every_other), candidates.take(~every_other)
    if not len(other.target_counts):
        return start
    blend = _search(half, start, movable)
    low, _ = bootstrap_interval(
        reader_qualities(other, blend_scores(other, blend)) - reader_qualities(other, blend_scores(other, start))
    )
    return _search(candidates, start, movable) if low > 0 else start


def _search(candidates: ValidationCandidates, start: Blend, movable: list[Weight]) -> Blend:
    if not len(candidates.target_counts):
        return start
    blend, steps = start, dict.fromkeys(movable, STEP)
    best = mean_quality(candidates, blend_scores(candidates, blend))
    for _ in range(ROUNDS):
        for weight in movable:
            for step in (steps[weight], -steps[weight]):
                moved = _move(blend, *weight, step)
                quality = mean_quality(candidates, blend_scores(candidates, moved))
                quality -= SHRINK * _squared_distance(moved, start, movable)
                if quality > best + MIN_GAIN:
                    best, blend = quality, moved
                    steps[weight] *= 1.25
                    break
            else:
                steps[weight] *= 0.6
    return blend


def _squared_distance(blend: Blend, start: Blend, movable: list[Weight]) -> float:
    return float(sum((_get_weight(blend, *weight) - _get_weight(start, *weight)) ** 2 for weight in movable))


def _get_weight(blend: Blend, component: str, name: str) -> float:
    return float(getattr(blend.components[component] if component else blend, name))


def _move(blend: Blend, component: str, name: str, step: float) -> Blend:
    if not component:
        return dataclasses.replace(blend, **{name: getattr(blend, name) + step})
    weight: ComponentWeight = dataclasses.replace(
        blend.components[component], **{name: getattr(blend.components[component], name) + step}
    )
    return dataclasses.replace(blend, components={**blend.components, component: weight})


def blend_scores(candidates: ValidationCandidates, blend: Blend) -> np.ndarray:
    """Return the candidates' blended scores, float32 (L, M)."""
    history = candidates.history[:, None]
    scores = np.zeros(candidates.mask.shape, np.float32)
    for name in blend.components:  # always in the blend's order, on which float32 sums depend
        if name in candidates.components:
            scores += blend.weight(name, candidates.readers, history) * candidates.components[name]
    return scores + blend.prior(candidates.readers, history)


def mean_quality(candidates: ValidationCandidates, scores: np.ndarray) -> float:
    """Return the mean over readers of NDCG@20 plus recall@20; `scores` are float32 (L, M)."""
    return float(reader_qualities(candidates, scores).mean())


def reader_qualities(candidates: ValidationCandidates, scores: np.ndarray) -> np.ndarray:
    """Return NDCG@20 plus recall@20 of each reader with a target, float64 (L,); `scores` are float32 (L, M)."""
    hits, has_target = _find_hits(candidates, scores), candidates.target_counts > 0
    recall = hits[has_target].sum(axis=1) / candidates.target_counts[has_target]
    return ndcg_of_hits(hits, candidates.target_counts) + recall


def ndcg_of_hits(hits: np.ndarray, target_counts: np.ndarray) -> np.ndarray:
    """Return the NDCG@20 of hits bool (L, 20) of each reader with a target, float64; `target_counts` int64 (L,)."""
    has_target = target_counts > 0
    ideal = _IDEAL_DCG[np.minimum(target_counts[has_target], DEPTH) - 1]
    return (hits * _DISCOUNT).sum(axis=1)[has_target] / ideal


def _find_hits(candidates: ValidationCandidates, scores: np.ndarray) -> np.ndarray:
    hits = np.take_along_axis(candidates.is_target, _top_columns(candidates, scores), axis=1)
    return np.pad(hits, ((0, 0), (0, DEPTH)))[:, :DEPTH]


def _top_columns(candidates: ValidationCandidates, scores: np.ndarray) -> np.ndarray:
    scores = np.where(candidates.mask, scores, -np.inf)
    top = np.argpartition(-scores, min(DEPTH, scores.shape[1]) - 1, axis=1)[:, :DEPTH]
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def _search_cold_scale(candidates: ValidationCandidates, blend: Blend) -> Blend:
    """Scale cold papers against the others for the best NDCG of both kinds of targets in whole lists.

    Each counts by its share of what readers take up, not by how many the split held out.
    """
    is_warm = candidates.readers > 0
    warm = _only(candidates, is_warm & (candidates.history >= MIN_HISTORY)[:, None])
    cold = _only(candidates, ~is_warm)
    if not warm.target_counts.any() or not cold.target_counts.any():
        return blend
    cold_share = max(MIN_COLD_SHARE, candidates.cold_share)
    best_quality, best = -np.inf, blend
    for scale, short_history in itertools.product(COLD_SCALES, COLD_SCALES_SHORT_HISTORY):
        scaled = dataclasses.replace(blend, cold_scale=float(scale), cold_scale_short_history=float(short_history))
        scores = blend_scores(candidates, scaled)
        distance = (scale - blend.cold_scale) ** 2 + (short_history - blend.cold_scale_short_history) ** 2
        each = [ndcg_of_hits(_find_hits(one, scores), one.target_counts).mean() for one in (warm, cold)]
        quality = (1 - cold_share) * each[0] + cold_share * each[1] - SHRINK * distance
        if quality > best_quality:
            best_quality, best = quality, scaled
    return best


def _only(candidates: ValidationCandidates, papers: np.ndarray) -> ValidationCandidates:
    """Return the candidates with those targets alone that are among these papers, bool (L, M)."""
    is_target = candidates.is_target & papers
    return dataclasses.replace(candidates, is_target=is_target, target_counts=is_target.sum(axis=1))
