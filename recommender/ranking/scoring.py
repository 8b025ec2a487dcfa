"""A score: components of unit spread, weighted by the blend, plus priors; and its shares, which add up to it.

Axes: n rows of the profile, N papers in the index, M row numbers asked for, C interests, D factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.config import DAY, Config
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import UNTRAINED, Blend
from recommender.model.model import Model
from recommender.ranking.components import CONTENT_COMPONENTS, Component, score_components
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.profile import Profile

MAX_UPVOTES = 100.0  # where the popularity prior reaches its full weight
UNKNOWN_READER_PRIOR = 0.3  # weight of the readers' prior where nothing is known of the reader
# A paper is like a disliked one from the first cosine of their TF-IDF rows, and wholly at the second. Of 25,975 papers
# of citeulike-t, 200 pass the first, in the median, and 5 the second.
DISLIKED_FROM, DISLIKED_WHOLLY = 0.1, 0.3
# The penalty of a muted text grows with the cosine of TF-IDF rows, up to its full weight at this one,
MUTED_COSINE = 0.15
# and with the cosine of vectors, from 1.5 standard deviations of all papers' cosines up to 4.5.
MUTED_FROM, MUTED_RANGE = 1.5, 3.0


@dataclass(frozen=True)
class WeightedComponent:
    """One component and its weight for every paper, float32 (N,): the blend's weight over the component's spread."""

    component: Component
    weight: np.ndarray
    content_based: bool


@dataclass(frozen=True)
class CatalogueScores:
    """The score of every paper in the index, `total` float32 (N,), and what it is made of.

    `priors` maps a reason's kind to float32 (N,). Papers that nothing is known of have a total of nan.
    """

    index: PaperIndex
    vocabulary: Vocabulary
    profile: Profile
    total: np.ndarray
    components: Sequence[WeightedComponent]
    priors: dict[str, np.ndarray]

    def basis(self, row: int) -> str:
        """Return what the score of a row rests on: "model", "text", "fallback" (priors alone) or "none"."""
        if np.isnan(self.total[row]):
            return "none"
        if not len(self.profile) or not (self.index.trained[row] or self.index.has_words[row]):
            return "fallback"
        return "model" if self.index.trained[row] else "text"

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        shares = np.zeros((len(rows), len(groups)), np.float32)
        for weighted in self.components:
            shares += weighted.weight[rows, None] * weighted.component.group_shares(rows, groups)
        return shares

    def shares(self, rows: np.ndarray, *, content_based: bool) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float64 (M, n).

        Through the components that know only content, or through those that also know other readers.
        """
        shares = np.zeros((len(rows), len(self.profile)))
        for weighted in self.components:
            if weighted.content_based == content_based:
                shares += weighted.weight[rows, None] * weighted.component.shares(rows).astype(np.float64)
        return shares


def score_papers(
    profile: Profile, index: PaperIndex, model: Model | None, vocabulary: Vocabulary, *, config: Config, now: float
) -> CatalogueScores:
    """Score every paper in the index for one reader; `now` is in epoch seconds."""
    blend = model.blend if model else UNTRAINED
    components = _weigh_components(profile, index, model, blend, config) if len(profile) else []
    priors = _score_priors(profile, index, blend, config, now)
    total = np.zeros(len(index), np.float32)
    for weighted in components:
        total += weighted.weight * weighted.component.scores
    for prior in priors.values():
        total += prior
    total[~index.known] = np.nan
    return CatalogueScores(index, vocabulary, profile, total, components, priors)


def _weigh_components(
    profile: Profile, index: PaperIndex, model: Model | None, blend: Blend, config: Config
) -> list[WeightedComponent]:
    """Bring each component to unit spread and weigh it by the blend."""
    components = score_components(profile, index, model, blend.components, config.text_regularization)
    weights = {
        name: blend.weight(name, index.readers, profile.liked_rows)
        * _inverse_spread(component.scores[: index.block_starts[1]])
        for name, component in components.items()
    }
    return [
        WeightedComponent(component, weights[name], name in CONTENT_COMPONENTS)
        for name, component in components.items()
    ]


def _inverse_spread(scores: np.ndarray) -> np.float32:
    """Return one over the standard deviation of the first block's scores, which newer papers do not change."""
    spread = float(scores.std())
    return np.float32(1 / spread if spread > 1e-12 else 0)


def _score_priors(
    profile: Profile, index: PaperIndex, blend: Blend, config: Config, now: float
) -> dict[str, np.ndarray]:
    priors = {}
    if config.freshness:
        half_lives = ((now - index.published) / (DAY * config.fresh_half_life)).astype(np.float32)
        fresh = np.float32(config.freshness) * np.exp2(-np.maximum(half_lives, 0))
        priors["fresh"] = np.where(np.isnan(fresh), np.float32(0), fresh)
    if config.popularity:
        priors["popular"] = np.float32(config.popularity / np.log1p(MAX_UPVOTES)) * index.log_upvotes
    if len(profile):
        readers = blend.prior(index.readers, profile.liked_rows)
    else:
        readers = UNKNOWN_READER_PRIOR * index.log_readers
    if readers.any():
        priors["readers"] = readers.astype(np.float32)
    if len(profile.passed_over):
        priors["explore"] = np.zeros(len(index), np.float32)
        # One impression is not evidence of disinterest; counting it would reorder the list on every reload.
        priors["explore"][profile.passed_over] = -config.passed_over * np.log2(profile.impressions)
    if profile.muted_words.nnz or len(profile.muted_rows):
        priors["interest"] = -np.float32(config.mute_weight) * _match_muted(profile, index)
    if len(profile.disliked):
        priors["disliked"] = -np.float32(config.dislike_penalty) * _match_disliked(profile, index)
    return priors | _score_followed(profile, index, config)


def _match_disliked(profile: Profile, index: PaperIndex) -> np.ndarray:
    """Return how much each paper is like the nearest of the disliked ones, float32 (N,) from 0 to 1."""
    nearest = np.zeros(len(index), np.float32)
    for row in index.words(profile.disliked):
        np.maximum(nearest, index.dot_words(row.toarray()[0]), out=nearest)
    return np.clip((nearest - np.float32(DISLIKED_FROM)) / np.float32(DISLIKED_WHOLLY - DISLIKED_FROM), 0, 1)


def _score_followed(profile: Profile, index: PaperIndex, config: Config) -> dict[str, np.ndarray]:
    """Return what following names adds to each paper by kind of name, float32 (N,): once for each kind."""
    weights = {
        "author": config.followed_author,
        "organization": config.followed_organization,
        "category": config.followed_category,
    }
    priors: dict[str, np.ndarray] = {}
    for followed in profile.followed:
        prior = priors.setdefault(followed.name.kind, np.zeros(len(index), np.float32))
        prior[followed.rows] = weights[followed.name.kind]
    return priors


def _match_muted(profile: Profile, index: PaperIndex) -> np.ndarray:
    """Return how well each paper matches what the reader muted, float32 (N,) from 0 to 1, by words or by vectors."""
    words = np.asarray(profile.muted_words.sum(axis=0), np.float32)[0]
    by_words = index.dot_words(words) / np.float32(MUTED_COSINE)
    matches = np.maximum.reduce([by_words, *(_match_vector(vector, index) for vector in profile.muted_vectors)])
    matches[profile.muted_rows] = 1
    return np.asarray(np.clip(matches, 0, 1), np.float32)


def _match_vector(vector: np.ndarray, index: PaperIndex) -> np.ndarray:
    """Return how well each paper matches a muted text's vector (D,): 0 at `MUTED_FROM`, 1 after `MUTED_RANGE` more."""
    cosines = index.dot_vector(vector) / index.scoring_norms
    spread = max(float(cosines[: index.block_starts[1]].std()), 1e-12)
    return (cosines / np.float32(spread) - np.float32(MUTED_FROM)) / np.float32(MUTED_RANGE)
