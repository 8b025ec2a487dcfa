"""The priors of a score: what is added to the components, each by a stated amount and with a name in the reasons.

Axes: M papers of a slice, n rows of the profile, W words, D factors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.config import DAY, Config
from recommender.model.blend import Blend
from recommender.model.model import Model
from recommender.model.moments import row_norms
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.paper_slices import PaperSlice, SparseColumn
from recommender.ranking.profile import Profile

MAX_HALF_LIVES = 100  # after which a paper counts as no older
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
class Reactions:
    """What one reader's profile adds to single papers: those passed over, followed, muted and like disliked ones."""

    profile: Profile
    index: PaperIndex
    model: Model | None
    config: Config

    @cached_property
    def columns(self) -> dict[str, SparseColumn]:
        """By kind, what is added to papers that were passed over, and to those with a followed name."""
        profile, size = self.profile, len(self.index)
        columns = {}
        if len(profile.passed_over):
            # One impression is not evidence of disinterest; counting it would reorder the list on every reload.
            amounts = -np.float32(self.config.passed_over) * np.log2(profile.impressions)
            columns["explore"] = SparseColumn(profile.passed_over, amounts, size)
        amount_of = {
            "author": self.config.followed_author,
            "organization": self.config.followed_organization,
            "category": self.config.followed_category,
        }
        for kind in dict.fromkeys(one.name.kind for one in profile.followed):
            # Once for each kind, however many names of it a paper has.
            rows = np.unique(np.concatenate([one.rows for one in profile.followed if one.name.kind == kind]))
            columns[kind] = SparseColumn(rows, np.full(len(rows), amount_of[kind], np.float32), size)
        return columns

    def penalties(self, papers: PaperSlice) -> Iterator[tuple[str, np.ndarray]]:
        """Yield by kind what is taken off papers that match what the reader muted or dislikes, float32 (M,)."""
        if self.profile.muted_words.nnz or len(self.profile.muted_rows):
            yield "interest", -np.float32(self.config.mute_weight) * self._match_muted(papers)
        if len(self.profile.disliked):
            yield "disliked", -np.float32(self.config.dislike_penalty) * self._match_disliked(papers)

    @property
    def has_penalties(self) -> bool:
        """Whether anything is taken off any paper."""
        profile = self.profile
        return bool(profile.muted_words.nnz or len(profile.muted_rows) or len(profile.disliked))

    @cached_property
    def _disliked_words(self) -> sp.csr_matrix:
        return self.index.words(self.profile.disliked).T.tocsr()

    def _match_disliked(self, papers: PaperSlice) -> np.ndarray:
        """Return how much each paper is like the nearest of the disliked ones, float32 (M,) from 0 to 1."""
        nearest = (papers.words() @ self._disliked_words).max(axis=1).toarray().ravel()
        return np.clip((nearest - np.float32(DISLIKED_FROM)) / np.float32(DISLIKED_WHOLLY - DISLIKED_FROM), 0, 1)

    @cached_property
    def _muted_column(self) -> SparseColumn:
        rows = np.unique(self.profile.muted_rows)
        return SparseColumn(rows, np.ones(len(rows), np.float32), len(self.index))

    @cached_property
    def _muted_weights(self) -> np.ndarray:
        return np.asarray(self.profile.muted_words.sum(axis=0), np.float32).ravel()

    @cached_property
    def _muted_spreads(self) -> list[float]:
        """The standard deviation of all papers' cosines with each muted text's vector."""
        moments = self.model.derived.cosine_moments if self.model and len(self.profile.muted_vectors) else None
        return [max(moments.deviation(vector), 1e-12) for vector in self.profile.muted_vectors] if moments else []

    def _match_muted(self, papers: PaperSlice) -> np.ndarray:
        """Return how well each paper matches what the reader muted, float32 (M,) from 0 to 1, by words or vectors."""
        matches = np.asarray(papers.words() @ self._muted_weights, np.float32) / np.float32(MUTED_COSINE)
        if self._muted_spreads:
            vectors = papers.column("scoring_vectors")
            norms = row_norms(vectors)
            for muted, spread in zip(self.profile.muted_vectors, self._muted_spreads, strict=True):
                cosines = np.vecdot(vectors, muted) / norms
                by_vector = (cosines / np.float32(spread) - np.float32(MUTED_FROM)) / np.float32(MUTED_RANGE)
                np.maximum(matches, by_vector, out=matches)
        np.maximum(matches, papers.pick(self._muted_column), out=matches)
        return np.clip(matches, 0, 1)


@dataclass(frozen=True)
class Priors:
    """All priors for one reader at `now`, in epoch seconds."""

    reactions: Reactions
    blend: Blend
    config: Config
    now: float
    corrections: SparseColumn | None = None

    def additions(self, papers: PaperSlice) -> Iterator[tuple[str, np.ndarray]]:
        """Yield by kind what is added to papers, float32 (M,), but for the penalties."""
        if self.config.freshness:
            yield "fresh", self._fresh(papers.column("published"))
        if self.config.popularity:
            scale = np.float32(self.config.popularity / np.log1p(MAX_UPVOTES))
            yield "popular", scale * papers.column("derived.log_upvotes")
        if not len(self.reactions.profile):
            yield "readers", np.float32(UNKNOWN_READER_PRIOR) * papers.column("derived.log_readers")
        elif self.blend.cold or self.blend.readers or self.blend.readers_short_history:
            yield "readers", self.blend.prior(papers.column("readers"), self.reactions.profile.liked_rows)
        for kind, column in self.reactions.columns.items():
            yield kind, papers.pick(column)
        if self.corrections is not None:
            yield "recent", papers.pick(self.corrections)

    def _fresh(self, published: np.ndarray) -> np.ndarray:
        half_lives = ((published - self.now) * (1 / (DAY * self.config.fresh_half_life))).astype(np.float32)
        # Unknown ones stay nan. The smallest numbers of float32 would take twenty times as long, and add nothing.
        np.clip(half_lives, -MAX_HALF_LIVES, 0, out=half_lives)
        np.exp2(half_lives, out=half_lives)
        half_lives *= np.float32(self.config.freshness)
        half_lives[np.isnan(half_lives)] = 0
        return half_lives

    def penalties(self, papers: PaperSlice) -> Iterator[tuple[str, np.ndarray]]:
        """Yield by kind what is taken off papers, float32 (M,)."""
        yield from self.reactions.penalties(papers)
