"""What the ranker is measured against, in the same run: each learns from the same split and scores every paper.

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

SVM_READERS = 150


class Baseline(Protocol):
    """One way of ranking; `most` readers at most are scored by it, all where None."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def from_text(self) -> bool:
        """Needs no other reader."""
        ...

    @property
    def most(self) -> int | None:
        """Readers scored at most, all where None."""
        ...

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Learn from readers' papers (U, P) and the papers' TF-IDF rows (P, W)."""

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return float32 (R, P) for readers with these papers (R, P)."""


@dataclass
class Popularity:
    """The same list for everyone: papers by the number of their readers."""

    name: str = "popularity"
    from_text: bool = False
    most: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Count readers."""
        self.counts = np.bincount(train.indices, minlength=train.shape[1]).astype(np.float32)

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return the counts for each reader."""
        return np.tile(self.counts, (history.shape[0], 1))


@dataclass
class TextMean:
    """Likeness to the mean of the TF-IDF rows of the reader's papers."""

    name: str = "TF-IDF mean"
    from_text: bool = True
    most: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Return the products with the mean."""
        return np.asarray(((history @ self.words) @ self.words.T).todense(), np.float32)


@dataclass
class KernelRidge:
    """Ridge regression of ones over the TF-IDF rows of the reader's papers."""

    name: str = "kernel ridge"
    from_text: bool = True
    most: int | None = None

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Solve for each reader, then score."""
        weights = history.astype(np.float32).tolil()
        for reader in range(history.shape[0]):
            rows = self.words[_papers(history, reader)]
            kernel = np.asarray((rows @ rows.T).todense())
            weights.data[reader] = np.linalg.solve(kernel + np.eye(len(kernel)), np.ones(len(kernel))).tolist()
        return np.asarray(((weights.tocsr() @ self.words) @ self.words.T).todense(), np.float32)


@dataclass
class SupportVectors:
    """A linear SVM per reader: their papers against all others. Slow, so only for the first readers."""

    name: str = "linear SVM"
    from_text: bool = True
    most: int | None = SVM_READERS

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Keep the words."""
        self.words = words

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Fit one machine a reader."""
        return np.stack([self._one(_papers(history, reader)) for reader in range(history.shape[0])])

    def _one(self, papers: np.ndarray) -> np.ndarray:
        liked = np.zeros(self.words.shape[0], bool)
        liked[papers] = True
        machine = LinearSVC(C=0.01, class_weight="balanced").fit(self.words, liked)
        return machine.decision_function(self.words).astype(np.float32)


@dataclass
class Neighbours:
    """`implicit`'s nearest neighbours with BM25 weights."""

    name: str = "BM25 kNN"
    from_text: bool = False
    most: int | None = None
    nearest: int = 300

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Find each paper's neighbours."""
        self.model = ItemItemRecommender(K=self.nearest)
        self.model.fit(bm25_weight(train.astype(np.float64)).tocsr(), show_progress=False)

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Add up the neighbours of the reader's papers."""
        return np.asarray((history.astype(np.float64) @ self.model.similarity).todense(), np.float32)


@dataclass
class Als:
    """`implicit`'s ALS on readers alone; new readers by its own recalculation."""

    factors: int
    regularization: float
    alpha: float
    iterations: int = 15
    seed: int = 0
    from_text: bool = False
    most: int | None = None

    @property
    def name(self) -> str:
        """The method with its parameters."""
        return f"ALS f={self.factors} reg={self.regularization:g} α={self.alpha:g}, {self.iterations} iterations"

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Factorise."""
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
        """Recalculate each reader's vector and multiply."""
        vectors = self.model.recalculate_user(np.arange(history.shape[0]), history.copy())
        return vectors @ self.model.item_factors.T


def als_grid(seed: int) -> Iterator[Als]:
    """Yield the settings ALS is chosen from: `implicit`'s own 15 iterations, and fewer with a stronger hand."""
    for factors, regularization, alpha in itertools.product((128, 256), (1.0, 10.0), (20.0, 40.0, 80.0)):
        yield Als(factors, regularization, alpha, seed=seed)
    for factors, alpha in itertools.product((128, 256), (20.0, 40.0, 80.0)):
        yield Als(factors, 30.0, alpha, iterations=7, seed=seed)


def text_baselines() -> list[Baseline]:
    """Return those that need no other reader."""
    return [TextMean(), KernelRidge(), SupportVectors()]


def company_baselines() -> list[Baseline]:
    """Return those that learn from other readers, ALS apart."""
    return [Popularity(), Neighbours()]


def _papers(history: sp.csr_matrix, reader: int) -> np.ndarray:
    return history.indices[history.indptr[reader] : history.indptr[reader + 1]]
