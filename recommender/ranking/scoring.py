"""A score: parts brought to one scale, weighed by the blend, with priors; and its shares, which add up to it.

Axes: n rows of taste, N papers on the shelf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.config import DAY, Config
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import UNTRAINED, Blend
from recommender.model.model import Model
from recommender.ranking.components import BY_WORDS, Part, parts_of
from recommender.ranking.paper_index import Shelf
from recommender.ranking.profile import Taste

MOST_UPVOTES = 100.0  # where the popularity prior reaches its full weight
NO_TASTE_READERS = 0.3  # the readers' prior where nothing is known of the reader
MUTED_AT = 0.15  # a paper whose words are this similar to a muted text gets the whole penalty,
CHANCE, BEYOND_CHANCE = 1.5, 3.0  # and so does one whose vector is as near as 1.5 + 3 spreads of all papers' cosines


@dataclass(frozen=True)
class Weighed:
    """One part with its factor for every paper, float32 (N,): blend weight over the part's spread."""

    part: Part
    factor: np.ndarray
    by_words: bool


@dataclass(frozen=True)
class Scored:
    """Every paper on the shelf with its score, float32 (N,), and what the score is made of.

    `priors` are float32 (N,) by reason kind. Papers that nothing is known of have a score of nan.
    """

    shelf: Shelf
    vocabulary: Vocabulary
    taste: Taste
    scores: np.ndarray
    parts: Sequence[Weighed]
    priors: dict[str, np.ndarray]

    def basis(self, row: int) -> str:
        """Say what the score of a row rests on."""
        if np.isnan(self.scores[row]):
            return "none"
        if not len(self.taste) or not (self.shelf.trained[row] or self.shelf.has_words[row]):
            return "fallback"
        return "model" if self.shelf.trained[row] else "text"

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        added = np.zeros((len(rows), len(groups)), np.float32)
        for weighed in self.parts:
            added += weighed.factor[rows, None] * weighed.part.by_group(rows, groups)
        return added

    def shares(self, rows: np.ndarray, by_words: bool) -> np.ndarray:
        """Return what each row of taste adds to rows (M,), float64 (M, n): by words directly, or by factors."""
        shares = np.zeros((len(rows), len(self.taste)))
        for weighed in self.parts:
            if weighed.by_words == by_words:
                shares += weighed.factor[rows, None] * weighed.part.shares(rows).astype(np.float64)
        return shares


def score(
    taste: Taste, shelf: Shelf, model: Model | None, vocabulary: Vocabulary, *, config: Config, now: float
) -> Scored:
    """Score every paper on the shelf for one reader."""
    blend = model.blend if model else UNTRAINED
    parts = _weighed(taste, shelf, model, blend, config) if len(taste) else []
    priors = _priors(taste, shelf, blend, config, now)
    scores = np.zeros(len(shelf), np.float32)
    for weighed in parts:
        scores += weighed.factor * weighed.part.scores
    for prior in priors.values():
        scores += prior
    scores[~shelf.known] = np.nan
    return Scored(shelf, vocabulary, taste, scores, parts, priors)


def _weighed(taste: Taste, shelf: Shelf, model: Model | None, blend: Blend, config: Config) -> list[Weighed]:
    """Bring each part to unit spread and weigh it by the blend."""
    parts = parts_of(taste, shelf, model, blend.parts, config.text_regularization)
    factors = {
        name: blend.weight(name, shelf.readers, taste.liked_papers) * _unit(part.scores[: shelf.starts[1]])
        for name, part in parts.items()
    }
    return [Weighed(part, factors[name], name in BY_WORDS) for name, part in parts.items()]


def _unit(scores: np.ndarray) -> np.float32:
    """Return one over the spread of scores of the first block's papers, which newer papers do not change."""
    spread = float(scores.std())
    return np.float32(1 / spread if spread > 1e-12 else 0)


def _priors(taste: Taste, shelf: Shelf, blend: Blend, config: Config, now: float) -> dict[str, np.ndarray]:
    priors = {}
    if config.freshness:
        half_lives = ((now - shelf.published) / (DAY * config.fresh_half_life)).astype(np.float32)
        fresh = np.float32(config.freshness) * np.exp2(-np.maximum(half_lives, 0))
        priors["fresh"] = np.where(np.isnan(fresh), np.float32(0), fresh)
    if config.popularity:
        priors["popular"] = np.float32(config.popularity / np.log1p(MOST_UPVOTES)) * shelf.log_upvotes
    readers = blend.prior(shelf.readers, taste.liked_papers) if len(taste) else NO_TASTE_READERS * shelf.log_readers
    if readers.any():
        priors["readers"] = readers.astype(np.float32)
    if len(taste.passed):
        priors["explore"] = np.zeros(len(shelf), np.float32)
        # Once is no verdict: a list must not be another at every reload.
        priors["explore"][taste.passed] = -config.passed_over * np.log2(taste.times)
    if taste.muted.nnz:
        priors["interest"] = -np.float32(config.mute_weight) * _muted(taste, shelf)
    return priors


def _muted(taste: Taste, shelf: Shelf) -> np.ndarray:
    """Return how far each paper is what the reader muted, float32 (N,) from 0 to 1: by its words or by its vector."""
    by_words = shelf.times_words(np.asarray(taste.muted.sum(axis=0), np.float32)[0]) / np.float32(MUTED_AT)
    muted = np.maximum.reduce([by_words, *(_near(vector, shelf) for vector in taste.muted_vectors)])
    return np.asarray(np.clip(muted, 0, 1), np.float32)


def _near(vector: np.ndarray, shelf: Shelf) -> np.ndarray:
    """Return how much nearer than papers are by chance each is to a vector (D,): 0 at `CHANCE` spreads of cosine."""
    cosines = shelf.times_vector(vector) / shelf.lengths
    spread = max(float(cosines[: shelf.starts[1]].std()), 1e-12)
    return (cosines / np.float32(spread) - np.float32(CHANCE)) / np.float32(BEYOND_CHANCE)
