"""The components of a score: factors, propagation along two graphs, and ridge regression over words and embeddings.

Each is linear in the rows of the profile with its matrix held fixed, so its scores split into one share per row.
Axes: n rows of the profile, M rows of a list, N papers in the index, P papers of the model, C interests, W words,
D factors, E dimensions of an encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from recommender.features.encoders import Embeddings
from recommender.model.foldin import Fold, fold
from recommender.model.model import Model
from recommender.model.neighbours import Propagation
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.profile import Profile


class Component(Protocol):
    """One way of scoring papers for one reader."""

    @property
    def scores(self) -> np.ndarray:
        """The score of every paper in the index, float32 (N,)."""
        ...

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n); the sum over n is the score."""
        ...

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        ...


@dataclass(frozen=True)
class FactorsComponent:
    """The reader folded into the factorisation.

    The shares are those of Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM
    2008), section 5.
    """

    scores: np.ndarray
    folded: Fold
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n)."""
        return self.folded.shares(self.index.scoring_vectors(rows))

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        return self.index.scoring_vectors(rows) @ self.folded.solve((groups @ self.folded.contributions).T)


def score_factors(model: Model, profile: Profile, index: PaperIndex) -> FactorsComponent:
    """Fold the reader into the factorisation and score the index."""
    confidence = model.config.alpha * np.abs(profile.weight)
    folded = fold(
        model.factors.paper_gram, profile.vectors, confidence, profile.preference, model.config.regularization
    )
    return FactorsComponent(index.dot_vector(folded.vector), folded, index)


@dataclass(frozen=True)
class GraphComponent:
    """Propagation of the profile along a graph of papers: `reach` float32 CSR (n, P), weighted by `weight` (n,).

    Truncated random walks, as in Cooper et al., "Random Walks in Recommender Systems" (WWW 2014).
    """

    scores: np.ndarray
    reach: sp.csr_matrix
    weight: np.ndarray
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n)."""
        return (self.index.graph_rows(rows) @ self.reach.T).toarray() * self.weight

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        return self.index.graph_rows(rows) @ (self.reach.T @ (groups * self.weight).T)


def score_graph(propagation: Propagation, profile: Profile, index: PaperIndex) -> GraphComponent:
    """Propagate from the profile's rows and score the index."""
    weight = np.abs(profile.weight) * profile.preference
    reach = propagation.propagate(profile.graph_rows)
    return GraphComponent(index.extend(reach.T @ weight), reach, weight, index)


@dataclass(frozen=True)
class RidgeComponent:
    """Kernel ridge regression over the profile's TF-IDF rows; `dual` float32 (n,) holds the dual coefficients.

    Saunders, Gammerman and Vovk, "Ridge Regression Learning Algorithm in Dual Variables" (ICML 1998).
    """

    scores: np.ndarray
    dual: np.ndarray
    words: sp.csr_matrix
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n)."""
        return (self.index.words(rows) @ self.words.T).toarray() * self.dual

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        return self.index.words(rows) @ (self.words.T @ (groups * self.dual).T)


def score_ridge(profile: Profile, index: PaperIndex, ridge: float) -> RidgeComponent:
    """Solve the regression over words and score the index."""
    dual = _solve_ridge(np.asarray((profile.words @ profile.words.T).todense(), np.float32), profile, ridge)
    return RidgeComponent(index.dot_words(profile.words.T @ dual), dual, profile.words, index)


@dataclass(frozen=True)
class EmbeddingComponent:
    """The same regression over an encoder's vectors, centred on their mean: `vectors` float32 (n, E), `dual` (n,)."""

    scores: np.ndarray
    dual: np.ndarray
    vectors: np.ndarray
    embeddings: Embeddings
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n)."""
        return (_embed(self.embeddings, self.index.graph_rows(rows)) @ self.vectors.T) * self.dual

    def group_shares(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to index rows (M,), float32 (M, C)."""
        return _embed(self.embeddings, self.index.graph_rows(rows)) @ (self.vectors.T @ (groups * self.dual).T)


def score_embedding(embeddings: Embeddings, profile: Profile, index: PaperIndex, ridge: float) -> EmbeddingComponent:
    """Solve the regression over embeddings and score the index; newer papers get their graph neighbours' scores."""
    vectors = _embed(embeddings, profile.graph_rows)
    dual = _solve_ridge(vectors @ vectors.T, profile, ridge)
    weights = vectors.T @ dual
    scores = embeddings.vectors @ weights - embeddings.mean @ weights
    return EmbeddingComponent(index.extend(scores), dual, vectors, embeddings, index)


def _embed(embeddings: Embeddings, graph_rows: sp.csr_matrix) -> np.ndarray:
    """Return the embeddings of graph rows (M, P), less the mean of all, float32 (M, E)."""
    mass = np.asarray(graph_rows.sum(axis=1), np.float32)
    return np.asarray(graph_rows @ embeddings.vectors, np.float32) - mass * embeddings.mean


def _solve_ridge(kernel: np.ndarray, profile: Profile, ridge: float) -> np.ndarray:
    """Return the dual coefficients, float32 (n,), from a kernel (n, n); a row of weight w counts as w copies of it."""
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge) / np.abs(profile.weight)
    return np.linalg.solve(kernel, profile.preference).astype(np.float32)


COMPONENTS = ("factors", "text_graph", "joint_graph", "word_ridge", "embedding")
CONTENT_COMPONENTS = ("text_graph", "word_ridge", "embedding")  # these know nothing of other readers


def score_components(
    profile: Profile, index: PaperIndex, model: Model | None, wanted: Collection[str], ridge: float
) -> dict[str, Component]:
    """Return the wanted components by name, without those the model has nothing for."""
    builders: dict[str, Callable[[], Component]] = {"word_ridge": lambda: score_ridge(profile, index, ridge)}
    if model:
        builders["factors"] = lambda: score_factors(model, profile, index)
        graphs = {"text_graph": model.graph.text, "joint_graph": model.graph.joint}
        builders |= {name: partial(score_graph, graph, profile, index) for name, graph in graphs.items() if graph}
        if model.embeddings:
            builders["embedding"] = partial(score_embedding, model.embeddings, profile, index, ridge)
    return {name: builders[name]() for name in COMPONENTS if name in builders and name in wanted}
