"""A score: parts brought to one scale, weighed by the blend, with priors; and its shares, which add up to it.

Axes: n rows of the profile, N papers in the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.config import DAY, Config
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import UNTRAINED, Blend
from recommender.model.model import Model
from recommender.ranking.components import BY_WORDS, Component, score_components
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.profile import Profile

MAX_UPVOTES = 100.0  # where the popularity prior reaches its full weight
NO_TASTE_READERS = 0.3  # the readers' prior where nothing is known of the reader
MUTED_AT = 0.15  # a paper whose words are this similar to a muted text gets the whole penalty,
CHANCE, BEYOND_CHANCE = 1.5, 3.0  # and so does one whose vector is as near as 1.5 + 3 spreads of all papers' cosines


@dataclass(frozen=True)
class WeightedComponent:
    """One part with its factor for every paper, float32 (N,): blend weight over the part's spread."""

    component: Component
    factor: np.ndarray
    by_words: bool


@dataclass(frozen=True)
class CatalogueScores:
    """Every paper in the index with its score, float32 (N,), and what the score is made of.

    `priors` are float32 (N,) by reason kind. Papers that nothing is known of have a score of nan.
    """

    index: PaperIndex
    vocabulary: Vocabulary
    profile: Profile
    scores: np.ndarray
    components: Sequence[WeightedComponent]
    priors: dict[str, np.ndarray]

    def basis(self, row: int) -> str:
        """Say what the score of a row rests on."""
        if np.isnan(self.scores[row]):
            return "none"
        if not len(self.profile) or not (self.index.trained[row] or self.index.has_words[row]):
            return "fallback"
        return "model" if self.index.trained[row] else "text"

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        added = np.zeros((len(rows), len(groups)), np.float32)
        for weighted in self.components:
            added += weighted.factor[rows, None] * weighted.component.by_group(rows, groups)
        return added

    def shares(self, rows: np.ndarray, by_words: bool) -> np.ndarray:
        """Return what each row of the profile adds to rows (M,), float64 (M, n): by words directly, or by factors."""
        shares = np.zeros((len(rows), len(self.profile)))
        for weighted in self.components:
            if weighted.by_words == by_words:
                shares += weighted.factor[rows, None] * weighted.component.shares(rows).astype(np.float64)
        return shares


def score(
    profile: Profile, index: PaperIndex, model: Model | None, vocabulary: Vocabulary, *, config: Config, now: float
) -> CatalogueScores:
    """Score every paper in the index for one reader."""
    blend = model.blend if model else UNTRAINED
    components = _weigh_components(profile, index, model, blend, config) if len(profile) else []
    priors = _priors(profile, index, blend, config, now)
    scores = np.zeros(len(index), np.float32)
    for weighted in components:
        scores += weighted.factor * weighted.component.scores
    for prior in priors.values():
        scores += prior
    scores[~index.known] = np.nan
    return CatalogueScores(index, vocabulary, profile, scores, components, priors)


def _weigh_components(
    profile: Profile, index: PaperIndex, model: Model | None, blend: Blend, config: Config
) -> list[WeightedComponent]:
    """Bring each part to unit spread and weigh it by the blend."""
    components = score_components(profile, index, model, blend.components, config.text_regularization)
    factors = {
        name: blend.weight(name, index.readers, profile.liked_papers) * _unit(component.scores[: index.starts[1]])
        for name, component in components.items()
    }
    return [WeightedComponent(component, factors[name], name in BY_WORDS) for name, component in components.items()]


def _unit(scores: np.ndarray) -> np.float32:
    """Return one over the spread of scores of the first block's papers, which newer papers do not change."""
    spread = float(scores.std())
    return np.float32(1 / spread if spread > 1e-12 else 0)


def _priors(profile: Profile, index: PaperIndex, blend: Blend, config: Config, now: float) -> dict[str, np.ndarray]:
    priors = {}
    if config.freshness:
        half_lives = ((now - index.published) / (DAY * config.fresh_half_life)).astype(np.float32)
        fresh = np.float32(config.freshness) * np.exp2(-np.maximum(half_lives, 0))
        priors["fresh"] = np.where(np.isnan(fresh), np.float32(0), fresh)
    if config.popularity:
        priors["popular"] = np.float32(config.popularity / np.log1p(MAX_UPVOTES)) * index.log_upvotes
    readers = blend.prior(index.readers, profile.liked_papers) if len(profile) else NO_TASTE_READERS * index.log_readers
    if readers.any():
        priors["readers"] = readers.astype(np.float32)
    if len(profile.passed):
        priors["explore"] = np.zeros(len(index), np.float32)
        # Once is no verdict: a list must not be another at every reload.
        priors["explore"][profile.passed] = -config.passed_over * np.log2(profile.times)
    if profile.muted.nnz:
        priors["interest"] = -np.float32(config.mute_weight) * _muted(profile, index)
    return priors


def _muted(profile: Profile, index: PaperIndex) -> np.ndarray:
    """Return how far each paper is what the reader muted, float32 (N,) from 0 to 1: by its words or by its vector."""
    by_words = index.times_words(np.asarray(profile.muted.sum(axis=0), np.float32)[0]) / np.float32(MUTED_AT)
    muted = np.maximum.reduce([by_words, *(_closeness(vector, index) for vector in profile.muted_vectors)])
    return np.asarray(np.clip(muted, 0, 1), np.float32)


def _closeness(vector: np.ndarray, index: PaperIndex) -> np.ndarray:
    """Return how much nearer than papers are by chance each is to a vector (D,): 0 at `CHANCE` spreads of cosine."""
    cosines = index.times_vector(vector) / index.lengths
    spread = max(float(cosines[: index.starts[1]].std()), 1e-12)
    return (cosines / np.float32(spread) - np.float32(CHANCE)) / np.float32(BEYOND_CHANCE)
