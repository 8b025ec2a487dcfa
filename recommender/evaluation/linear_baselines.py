"""Linear item-item baselines: a score is a sum of learned weights from the reader's papers to the paper scored.

Axes: U training readers, R readers scored, P papers, W words, K neighbours of a paper.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import ItemItemRecommender
from scipy.linalg import LinAlgError
from scipy.linalg.lapack import spotrf, spotri
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet
from sklearn.preprocessing import normalize

from recommender.evaluation.splits import papers_of

RIDGES = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
L1_PENALTIES, L2_PENALTIES = (0.1, 0.5), (10.0, 20.0, 50.0, 100.0)
PAPERS_AT_ONCE = 4096  # rows of the readers' inverse multiplied at once, to bound memory
MAX_SWEEPS = 100  # of coordinate descent


@dataclass
class Ease:
    """EASE: each paper's readers regressed on all other papers, with a ridge, in closed form.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019). With N = (I + X'X / ridge)^-1 its weights
    are I - N / diag(N). Of readers and papers, the fewer are inverted: N is also I - Z'(I + ZZ')^-1 Z with
    Z = X / sqrt(ridge).
    """

    ridge: float
    max_readers: int | None = None

    @property
    def name(self) -> str:
        """The method with its parameter."""
        return f"EASE λ={self.ridge:g}"

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Invert; words are not used."""
        rows = train[np.diff(train.indptr) > 0].astype(np.float32) / np.float32(np.sqrt(self.ridge))
        self.rows = rows.tocsr()
        self.by_readers = rows.shape[0] < rows.shape[1]
        self.inverse = _invert((self.rows @ self.rows.T if self.by_readers else self.rows.T @ self.rows).toarray())
        self.diagonal = 1 - self._explained() if self.by_readers else np.diag(self.inverse).copy()

    def _explained(self) -> np.ndarray:
        """Return the diagonal of Z'(I + ZZ')^-1 Z, float32 (P,)."""
        columns = self.rows.T.tocsr()
        starts = range(0, columns.shape[0], PAPERS_AT_ONCE)
        parts = (columns[start : start + PAPERS_AT_ONCE] for start in starts)
        return np.concatenate([np.asarray(part.multiply(part @ self.inverse).sum(axis=1)).ravel() for part in parts])

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Multiply with the weights, which are never formed."""
        if self.by_readers:
            shares = (history @ self.rows.T).toarray() @ self.inverse
            product = history.toarray() - shares @ self.rows
        else:
            product = history @ self.inverse
        return (history.toarray() - product / self.diagonal).astype(np.float32)


def _invert(gram: np.ndarray) -> np.ndarray:
    """Return (I + gram)^-1 of a symmetric float32 matrix, by Cholesky, in its place."""
    gram[np.diag_indices_from(gram)] += 1
    factor, failed = spotrf(gram.T, overwrite_a=True)  # the same matrix in LAPACK's order
    inverse, singular = spotri(factor, overwrite_c=True)
    if failed or singular:
        raise LinAlgError("the Gram matrix is not positive definite")
    upper = np.triu(inverse)
    return upper + np.triu(upper, 1).T


@dataclass
class Slim:
    """SLIM: each paper's readers regressed on its nearest papers by cosine, an elastic net without negative weights.

    Ning and Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems" (ICDM 2011), with their choice of
    features (fsSLIM). The penalties are those of the paper: |y - Xw|^2 / 2 + l2 |w|^2 / 2 + l1 |w|.
    """

    l1: float
    l2: float
    nearest: int = 400
    max_readers: int | None = None

    @property
    def name(self) -> str:
        """The method with its parameters."""
        return f"SLIM β={self.l2:g} λ={self.l1:g}"

    def fit(self, train: sp.csr_matrix, words: sp.csr_matrix) -> None:
        """Solve for one paper after another; words are not used."""
        columns = train.tocsc().astype(np.float64)
        neighbours = _find_neighbours(train, self.nearest)
        net = self._build_net(columns.shape[0])
        weights = []
        with config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for paper in range(columns.shape[1]):
                weights.append(_regress(net, columns, paper, papers_of(neighbours, paper)))
        data = np.concatenate(weights).astype(np.float32)
        self.weights = sp.csr_matrix((data, neighbours.indices, neighbours.indptr), neighbours.shape).T.tocsr()
        self.weights.eliminate_zeros()

    def _build_net(self, readers: int) -> ElasticNet:
        """Return scikit-learn's elastic net, whose loss is a mean over readers where SLIM's is a sum."""
        penalty = self.l1 + self.l2
        return ElasticNet(
            alpha=penalty / readers,
            l1_ratio=self.l1 / penalty,
            positive=True,
            fit_intercept=False,
            tol=1e-3,
            max_iter=MAX_SWEEPS,
        )

    def scores(self, history: sp.csr_matrix) -> np.ndarray:
        """Sum the weights from the reader's papers."""
        return (history.astype(np.float32) @ self.weights).toarray()


def _find_neighbours(train: sp.csr_matrix, nearest: int) -> sp.csr_matrix:
    """Return each paper's nearest others by the cosine of their readers, CSR (P, P) with at most K in a row."""
    model = ItemItemRecommender(K=nearest + 1)
    model.fit(normalize(train.astype(np.float64), axis=0).tocsr(), show_progress=False)
    found = model.similarity.tocoo()
    others = found.row != found.col
    return sp.csr_matrix((found.data[others], (found.row[others], found.col[others])), shape=found.shape)


def _regress(net: ElasticNet, columns: sp.csc_matrix, paper: int, others: np.ndarray) -> np.ndarray:
    """Return the weights float64 (K,) from some papers to one."""
    if not len(others):
        return np.empty(0)
    readers = np.zeros(columns.shape[0])
    readers[columns.indices[columns.indptr[paper] : columns.indptr[paper + 1]]] = 1
    return net.fit(columns[:, others], readers).coef_


def ease_grid() -> Iterator[Ease]:
    """Yield the settings EASE is chosen from."""
    yield from (Ease(ridge) for ridge in RIDGES)


def slim_grid() -> Iterator[Slim]:
    """Yield the settings SLIM is chosen from."""
    yield from (Slim(l1, l2) for l1, l2 in itertools.product(L1_PENALTIES, L2_PENALTIES))
