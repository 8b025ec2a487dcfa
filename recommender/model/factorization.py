"""One ALS factorisation of readers, words and names stacked as rows over papers.

Implicit-feedback ALS (Hu, Koren and Volinsky 2008) as `implicit` computes it; sharing the papers' factors between the
readers' matrix and the words' is collective matrix factorisation (Singh and Gordon 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from recommender.config import Config

MIN_FACTORS = 16
RETRAIN_SWEEPS = 5  # that bring an older model's vectors up to date with new papers, words and events
FINISHING_SWEEPS = 3  # that bring vectors up to date with a few more events on the same papers


@dataclass(frozen=True)
class Factors:
    """The vectors of the factorisation, all float32.

    `papers` (P, D); `features` (W + F, D), words first; `paper_gram` (D, D), papersᵀ papers; `row_gram` (D, D), the
    same over readers, words and names, so that no reader's vector need be stored to fold papers in.
    """

    papers: np.ndarray
    features: np.ndarray
    paper_gram: np.ndarray
    row_gram: np.ndarray


@dataclass(frozen=True)
class WarmStart:
    """Where a factorisation begins if not at random, and how many sweeps it then takes; at most as configured.

    It begins from the vectors of `factors`, which are copied only then: `papers` int64 (P,) and `features` (W + F,) are
    their rows, -1 for what is new and begins with zeros.
    """

    factors: Factors
    papers: np.ndarray
    features: np.ndarray
    sweeps: int

    @classmethod
    def finishing(cls, factors: Factors) -> WarmStart:
        """Start from factors of the same papers, words and names, to be finished with a few more events."""
        papers, features = (np.arange(len(vectors)) for vectors in (factors.papers, factors.features))
        return cls(factors, papers, features, FINISHING_SWEEPS)

    def take_papers(self) -> np.ndarray:
        """Return the papers' vectors to begin with, float32 (P, D), which may be written to."""
        return _take(self.factors.papers, self.papers)

    def take_features(self) -> np.ndarray:
        """Return those of words and names, float32 (W + F, D)."""
        return _take(self.factors.features, self.features)


def _take(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return these rows of vectors (M, D), zeros for -1."""
    taken = vectors[rows]
    taken[rows < 0] = 0
    return taken


def choose_factors(papers: int, config: Config) -> int:
    """Return D: as configured, at most a quarter of the papers (a multiple of 8), at least 16."""
    return int(min(config.factors, max(MIN_FACTORS, papers // 4 // 8 * 8)))


def stack_matrix(readers: sp.csr_matrix, words: sp.csr_matrix, names: sp.csr_matrix, config: Config) -> sp.csr_matrix:
    """Stack `readers` (U, P), `words` (P, W) and `names` (P, F) as confidences, float32 (U + W + F, P).

    α is in them: `implicit` would make a copy of the matrix to multiply it.
    """
    features = [words.T.tocsr(), names.T.tocsr()]
    for rows, weight in zip(features, (config.word_weight, config.feature_weight), strict=True):
        rows.data *= np.float32(weight)
    matrix = sp.vstack([readers, *features], format="csr", dtype=np.float32)
    matrix.data *= np.float32(config.alpha)
    return matrix


def factorize(
    matrix: sp.csr_matrix,
    readers: int,
    config: Config,
    seed: int,
    *,
    step: Callable[[float], None] | None = None,
    start: WarmStart | None = None,
) -> Factors:
    """Factorise the stacked matrix, whose first `readers` rows are readers; `step` is called with the share done."""
    iterations = config.iterations if start is None else min(start.sweeps, config.iterations)
    with threadpool_limits(1, "blas"):  # implicit has threads of its own; two pools slow each other down severalfold
        als = AlternatingLeastSquares(
            factors=choose_factors(matrix.shape[1], config),
            regularization=config.regularization,
            alpha=1.0,
            iterations=iterations,
            dtype=np.float32,
            random_state=seed,
        )
        if start is not None:
            unread = np.zeros((readers, start.factors.papers.shape[1]), np.float32)
            als.item_factors = start.take_papers()
            als.user_factors = np.concatenate([unread, start.take_features()])
        als.fit(matrix, show_progress=False, callback=lambda done, *_: step and step((done + 1) / iterations))
    papers, rows = als.item_factors, als.user_factors
    return Factors(papers, rows[readers:].copy(), papers.T @ papers, rows.T @ rows)


@dataclass(frozen=True)
class ColdItemAdjustment:
    """The vector that a paper without readers is scored by, made from its own and its nearest papers' by text.

    It is `vector_scale` times its own vector plus `direction_scale` times the sum of two unit vectors: its own and that
    of its neighbours' mean. A vector folded in from words alone is too short, and lies apart from the papers that
    readers would put beside it.
    """

    vector_scale: float
    direction_scale: float

    def apply(self, vectors: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
        """Adjust `vectors` (M, D), given the mean vectors of their nearest papers by text (M, D)."""
        return np.float32(self.vector_scale) * vectors + np.float32(self.direction_scale) * (
            _unit_rows(vectors) + _unit_rows(neighbours)
        )


def fit_cold_adjustment(vectors: np.ndarray, readers: np.ndarray) -> ColdItemAdjustment:
    """Fit to `vectors` (P, D) and `readers` (P,): half the median length of papers with readers in each direction.

    If no paper has readers, half of each vector stays as well.
    """
    some = vectors[readers > 0] if readers.any() else vectors
    return ColdItemAdjustment(0.0 if readers.any() else 0.5, float(0.5 * np.median(np.linalg.norm(some, axis=1))))


def _unit_rows(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
