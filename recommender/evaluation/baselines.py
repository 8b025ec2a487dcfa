"""What the ranker is measured against: each baseline learns from the same split and scores every paper.

Axes: U training readers, R readers scored, P papers, W words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from recommender.evaluation.splits import papers_of

MAX_SVM_READERS = 150


class Baseline(Protocol):
    """One way of ranking."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def max_readers(self) -> int | None:
        """How many readers it scores at most; None for all."""
        ...

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Learn from readers' papers, float32 CSR (U, P), and the papers' TF-IDF rows, float32 CSR (P, W)."""

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return scores float32 (R, P) for readers with these papers, float32 CSR (R, P)."""


@dataclass
class Popularity:
    """The same list for everyone: papers ordered by their number of readers."""

    name: str = "popularity"
    max_readers: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Count readers."""
        self.counts = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float32)

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return the counts for each reader."""
        return np.tile(self.counts, (history.shape[0], 1))


@dataclass
class TextMean:
    """Similarity to the mean of the reader's TF-IDF rows: Rocchio's relevance feedback (1971) without negatives."""

    name: str = "TF-IDF mean"
    max_readers: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return the products with the sum of the rows, which orders papers as the mean does."""
        return np.asarray(((history @ self.words) @ self.words.T).todense(), np.float32)


@dataclass
class KernelRidge:
    """Kernel ridge regression of ones over the reader's TF-IDF rows.

    Saunders, Gammerman and Vovk, "Ridge Regression Learning Algorithm in Dual Variables" (ICML 1998).
    """

    name: str = "kernel ridge"
    max_readers: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Solve for each reader, then score."""
        weights = history.astype(np.float32).tolil()
        for reader in range(history.shape[0]):
            rows = self.words[papers_of(history, reader)]
            kernel = np.asarray((rows @ rows.T).todense())
            weights.data[reader] = np.linalg.solve(kernel + np.eye(len(kernel)), np.ones(len(kernel))).tolist()
        return np.asarray(((weights.tocsr() @ self.words) @ self.words.T).todense(), np.float32)


@dataclass
class LinearSvm:
    """A linear SVM for each reader, their papers against all others, as in arxiv-sanity-lite.

    Slow, so only for the first readers.
    """

    name: str = "linear SVM"
    max_readers: int | None = MAX_SVM_READERS

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Fit one classifier for each reader."""
        return np.stack([self._score_one(papers_of(history, reader)) for reader in range(history.shape[0])])

    def _score_one(self, papers: np.ndarray) -> np.ndarray:
        liked = np.zeros(self.words.shape[0], bool)
        liked[papers] = True
        classifier = LinearSVC(C=0.01, class_weight="balanced").fit(self.words, liked)
        return classifier.decision_function(self.words).astype(np.float32)


@dataclass
class ItemNeighbours:
    """Item-based nearest neighbours with BM25 weights, by `implicit`; Deshpande and Karypis (2004)."""

    name: str = "BM25 kNN"
    max_readers: int | None = None
    nearest: int = 300

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Find each paper's neighbours."""
        self.model = ItemItemRecommender(K=self.nearest)
        self.model.fit(bm25_weight(train.astype(np.float64)).tocsr(), show_progress=False)

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Sum the similarities to the reader's papers."""
        return np.asarray((history.astype(np.float64) @ self.model.similarity).todense(), np.float32)


@dataclass
class Als:
    """Implicit-feedback ALS on readers alone, by `implicit`, which folds new readers in.

    Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM 2008).
    """

    factors: int
    regularization: float
    alpha: float
    iterations: int = 15
    seed: int = 0
    max_readers: int | None = None

    @property
    def name(self) -> str:
        """The method with its parameters."""
        return f"ALS f={self.factors} reg={self.regularization:g} α={self.alpha:g}, {self.iterations} iterations"

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Factorise readers' papers; words are not used."""
        with threadpool_limits(1, "blas"):
            self.model = AlternatingLeastSquares(
                self.factors,
                self.regularization,
                self.alpha,
                iterations=self.iterations,
                random_state=self.seed,
                dtype=np.float32,
            )
            self.model.fit(train, show_progress=False)

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Fold each reader in and multiply."""
        vectors = self.model.recalculate_user(np.arange(history.shape[0]), history.copy())
        return vectors @ self.model.item_factors.T


def als_grid(seed: int) -> Iterator[Als]:
    """Yield the settings ALS is chosen from: `implicit`'s default of 15 iterations, and 7 with more regularisation.

    A regularisation of 100 is for data of many readers a paper.
    """
    for factors, regularization, alpha in itertools.product((128, 256), (1.0, 10.0), (20.0, 40.0, 80.0)):
        yield Als(factors, regularization, alpha, seed=seed)
    strong = [(30.0, 20.0), (30.0, 40.0), (30.0, 80.0), (100.0, 40.0), (100.0, 80.0)]
    for factors, (regularization, alpha) in itertools.product((128, 256), strong):
        yield Als(factors, regularization, alpha, iterations=7, seed=seed)


def content_baselines() -> list[Baseline]:
    """Return the baselines that need no other reader."""
    return [TextMean(), KernelRidge(), LinearSvm()]


def collaborative_baselines() -> list[Baseline]:
    """Return the baselines that learn from other readers, except those whose settings are chosen first."""
    return [Popularity(), ItemNeighbours()]
