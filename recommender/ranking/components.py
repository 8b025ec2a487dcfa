"""The components of a score: factors, propagation along graphs, item regression, ridge over words and embeddings.

Each is linear in the rows of the profile with its matrix held fixed, so its scores split into one share per row. What
solving for a reader takes is done when a component is built; scoring papers costs what those papers have.
Axes: n rows of the profile, M papers of a slice, N papers in the index, P papers of the model, C interests, W words,
D factors, E dimensions of an encoder, S papers that a profile reaches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from recommender.features.encoders import Embeddings
from recommender.model.foldin import Fold, fold
from recommender.model.model import Model
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.paper_slices import (
    PaperSelection,
    PaperSlice,
    SparseColumn,
    iterate_block,
    iterate_spans,
)
from recommender.ranking.profile import Profile


@dataclass(frozen=True)
class Component(ABC):
    """One way of scoring the papers of an index for one reader."""

    index: PaperIndex

    @abstractmethod
    def score(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores of some papers, float32 (M,)."""

    @abstractmethod
    def shares(self, papers: PaperSelection) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float32 (M, n); the sum over n is the score."""

    @abstractmethod
    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""

    @property
    def sums(self) -> SparseColumn | None:
        """The scores of the model's papers, if only few of them have any."""
        return None

    @property
    def scores(self) -> np.ndarray:
        """The score of every paper in the index, float32 (N,)."""
        return np.concatenate([self.score(span) for span in iterate_spans(self.index)])

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the first block's scores, which newer papers do not change."""
        return float(np.concatenate([self.score(span) for span in iterate_block(self.index, 0)]).std())


@dataclass(frozen=True)
class FactorsComponent(Component):
    """The reader folded into the factorisation.

    The shares are those of Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets" (ICDM
    2008), section 5.
    """

    folded: Fold
    model: Model

    def score(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores of some papers, float32 (M,)."""
        # One dot product a row: it reads at the memory's bandwidth, and equal rows get equal scores wherever they are.
        return np.vecdot(papers.column("scoring_vectors"), self.folded.vector)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the first block's scores, from the covariance of their vectors."""
        return self.model.derived.scoring_moments.deviation(self.folded.vector)

    def shares(self, papers: PaperSelection) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float32 (M, n)."""
        return self.folded.shares(papers.column("scoring_vectors"))

    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""
        return papers.column("scoring_vectors") @ self.folded.solve((groups @ self.folded.contributions).T)


def build_factors(model: Model, profile: Profile, index: PaperIndex) -> FactorsComponent:
    """Fold the reader into the factorisation."""
    confidence = model.config.alpha * np.abs(profile.weight)
    folded = fold(
        model.factors.paper_gram, profile.vectors, confidence, profile.preference, model.config.regularization
    )
    return FactorsComponent(index, folded, model)


class Propagation(Protocol):
    """What carries a preference for papers over to others: a graph of papers, or the item regression."""

    def propagate(self, graph_rows: sp.csr_matrix) -> sp.csr_matrix:
        """Return how far `graph_rows` (n, P) reach the papers, float32 CSR (n, P)."""
        ...


@dataclass(frozen=True)
class GraphComponent(Component):
    """Propagation of the profile along a graph of papers: `reach` float32 CSR (n, P), weighted by `weight` (n,).

    Truncated random walks, as in Cooper et al., "Random Walks in Recommender Systems" (WWW 2014); or the weights of
    the item regression.
    """

    propagation: Propagation
    reach: sp.csr_matrix
    weight: np.ndarray

    @cached_property
    def reached(self) -> np.ndarray:
        """The papers of the model that the profile reaches, int64 (S,) in order."""
        is_reached = np.zeros(self.reach.shape[1], bool)
        is_reached[self.reach.indices] = True
        return np.flatnonzero(is_reached)

    @cached_property
    def sums(self) -> SparseColumn:
        """The scores of the model's papers."""
        return SparseColumn(self.reached, np.asarray(self.reach.T @ self.weight)[self.reached], self.reach.shape[1])

    def score(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores of some papers, float32 (M,)."""
        return papers.propagate(self.sums)

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the first block's scores."""
        return self.sums.deviation()

    def shares(self, papers: PaperSelection) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float32 (M, n)."""
        return self._reach_to(papers) * self.weight

    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""
        return self._reach_to(papers) @ (groups * self.weight).T

    def _reach_to(self, papers: PaperSelection) -> np.ndarray:
        """Return how far each row of the profile reaches some papers, float32 (M, n)."""
        reach = np.zeros((len(papers), self.reach.shape[0]), np.float32)
        for block, places, offsets in papers.parts:
            if block.neighbours is not None and len(places):
                reach[places] = self._reach_to_mixtures(block.neighbours[offsets])
            elif len(places):
                once, place = np.unique(offsets, return_inverse=True)
                found = np.zeros((len(once), reach.shape[1]), np.float32)
                cells, columns, rows = self._find_columns(once)
                found[columns, rows] = self.reach.data[cells]
                reach[places] = found[place]
        return reach

    def _reach_to_mixtures(self, papers: sp.csr_matrix) -> np.ndarray:
        """Return the same for mixtures (M, P) of the model's papers."""
        once, place = np.unique(papers.indices, return_inverse=True)
        cells, columns, rows = self._find_columns(once)
        shape = (len(once), self.reach.shape[0])
        found = sp.csr_matrix((self.reach.data[cells], (columns, rows)), shape=shape)
        mixed = sp.csr_matrix((papers.data, place, papers.indptr), shape=(papers.shape[0], len(once)))
        return np.asarray((mixed @ found).toarray())

    def _find_columns(self, papers: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return which cells of `reach` are in columns of papers (M,), in order and each once: cells, columns, rows.

        Going through all cells for the few that count takes a quarter of transposing them, and nothing is kept.
        """
        is_asked = np.zeros(self.reach.shape[1], bool)
        is_asked[papers] = True
        cells = np.flatnonzero(is_asked[self.reach.indices])
        rows = np.searchsorted(self.reach.indptr, cells, side="right") - 1
        return cells, np.searchsorted(papers, self.reach.indices[cells]), rows


@dataclass(frozen=True)
class EarlierComponents:
    """The components of the same reader before; row i of the profile was their row `rows[i]`, -1 if there was none."""

    components: Mapping[str, Component]
    rows: np.ndarray

    def reach(self, propagation: Propagation) -> sp.csr_matrix | None:
        """Return how far each row of the earlier profile reaches along a graph, None if that is not known."""
        graphs = (one for one in self.components.values() if isinstance(one, GraphComponent))
        return next((one.reach for one in graphs if one.propagation is propagation), None)


def build_graph(
    propagation: Propagation, profile: Profile, index: PaperIndex, earlier: EarlierComponents | None
) -> GraphComponent:
    """Propagate from those rows of the profile of which it is not known from before how far they reach."""
    weight = np.abs(profile.weight) * profile.preference
    known = earlier.reach(propagation) if earlier else None
    if earlier is None or known is None:
        return GraphComponent(index, propagation, propagation.propagate(profile.graph_rows), weight)
    new = propagation.propagate(profile.graph_rows[np.flatnonzero(earlier.rows < 0)])
    return GraphComponent(index, propagation, _merge_rows(known, new, earlier.rows), weight)


def _merge_rows(known: sp.csr_matrix, new: sp.csr_matrix, rows: np.ndarray) -> sp.csr_matrix:
    """Return the rows of `known` that `rows` int64 (n,) tell, and for each -1 the next of `new`, CSR (n, P).

    Rows that stay together are copied together, once: there may be a million cells, of which one row is new.
    """
    is_new = rows < 0
    sources = np.where(is_new, known.shape[0] + np.cumsum(is_new), rows)
    ends = np.flatnonzero(np.diff(sources, append=-1) != 1)
    data, indices, lengths = [], [], []
    for first, last in zip(sources[np.concatenate([[0], ends[:-1] + 1])].tolist(), sources[ends].tolist(), strict=True):
        matrix, start = (new, known.shape[0] + 1) if first > known.shape[0] else (known, 0)
        indptr = matrix.indptr[first - start : last - start + 2]
        data.append(matrix.data[indptr[0] : indptr[-1]])
        indices.append(matrix.indices[indptr[0] : indptr[-1]])
        lengths.append(np.diff(indptr))
    indptr = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(known.indptr.dtype)
    parts = (np.concatenate(data), np.concatenate(indices), indptr)
    return sp.csr_matrix(parts, shape=(len(rows), known.shape[1]), copy=False)


@dataclass(frozen=True)
class RidgeComponent(Component):
    """Kernel ridge regression over the profile's TF-IDF rows; `dual` float32 (n,) holds the dual coefficients.

    Saunders, Gammerman and Vovk, "Ridge Regression Learning Algorithm in Dual Variables" (ICML 1998).
    """

    dual: np.ndarray
    words: sp.csr_matrix

    @cached_property
    def weights(self) -> np.ndarray:
        """The weight of each word, float32 (W,)."""
        return np.asarray(self.words.T @ self.dual, np.float32)

    def score(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores of some papers, float32 (M,)."""
        return np.asarray(papers.words() @ self.weights, np.float32)

    def shares(self, papers: PaperSelection) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float32 (M, n)."""
        return (papers.words() @ self.words.T).toarray() * self.dual

    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""
        return papers.words() @ (self.words.T @ (groups * self.dual).T)


def build_ridge(profile: Profile, index: PaperIndex, ridge: float) -> RidgeComponent:
    """Solve the regression over words."""
    dual = _solve_ridge(np.asarray((profile.words @ profile.words.T).todense(), np.float32), profile, ridge)
    return RidgeComponent(index, dual, profile.words)


@dataclass(frozen=True)
class EmbeddingComponent(Component):
    """The same regression over an encoder's vectors, centred on their mean: `vectors` float32 (n, E), `dual` (n,).

    Newer papers get their graph neighbours' scores.
    """

    dual: np.ndarray
    vectors: np.ndarray
    embeddings: Embeddings

    @cached_property
    def weights(self) -> np.ndarray:
        """The weight of each dimension, float32 (E,)."""
        return self.vectors.T @ self.dual

    def score(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores of some papers, float32 (M,)."""
        return papers.propagate(self._score_model)

    def _score_model(self, rows: slice | np.ndarray) -> np.ndarray:
        if isinstance(rows, slice):
            return np.vecdot(self.embeddings.vectors[rows], self.weights) - self._mean_score
        once, places = np.unique(rows, return_inverse=True)
        return (np.vecdot(self.embeddings.vectors[once], self.weights) - self._mean_score)[places]

    @cached_property
    def _mean_score(self) -> np.float32:
        return np.float32(self.embeddings.mean @ self.weights)

    def shares(self, papers: PaperSelection) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float32 (M, n)."""
        return (_embed(self.embeddings, self.index.graph_rows(papers.rows)) @ self.vectors.T) * self.dual

    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""
        return _embed(self.embeddings, self.index.graph_rows(papers.rows)) @ (self.vectors.T @ (groups * self.dual).T)


def build_embedding(embeddings: Embeddings, profile: Profile, index: PaperIndex, ridge: float) -> EmbeddingComponent:
    """Solve the regression over embeddings."""
    vectors = _embed(embeddings, profile.graph_rows)
    return EmbeddingComponent(index, _solve_ridge(vectors @ vectors.T, profile, ridge), vectors, embeddings)


def _embed(embeddings: Embeddings, graph_rows: sp.csr_matrix) -> np.ndarray:
    """Return the embeddings of graph rows (M, P), less the mean of all, float32 (M, E)."""
    mass = np.asarray(graph_rows.sum(axis=1), np.float32)
    return np.asarray(graph_rows @ embeddings.vectors, np.float32) - mass * embeddings.mean


def _solve_ridge(kernel: np.ndarray, profile: Profile, ridge: float) -> np.ndarray:
    """Return the dual coefficients, float32 (n,), from a kernel (n, n); a row of weight w counts as w copies of it."""
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge) / np.abs(profile.weight)
    return np.linalg.solve(kernel, profile.preference).astype(np.float32)


COMPONENTS = ("factors", "text_graph", "joint_graph", "item_regression", "word_ridge", "embedding")
CONTENT_COMPONENTS = ("text_graph", "word_ridge", "embedding")  # these know nothing of other readers


def build_components(
    profile: Profile,
    index: PaperIndex,
    model: Model | None,
    wanted: Collection[str],
    ridge: float,
    *,
    earlier: EarlierComponents | None = None,
) -> dict[str, Component]:
    """Return the wanted components by name, without those the model has nothing for."""
    builders: dict[str, Callable[[], Component]] = {"word_ridge": lambda: build_ridge(profile, index, ridge)}
    if model:
        builders["factors"] = lambda: build_factors(model, profile, index)
        graphs = {
            "text_graph": model.graph.text,
            "joint_graph": model.graph.joint,
            "item_regression": model.item_regression,
        }
        builders |= {
            name: partial(build_graph, graph, profile, index, earlier) for name, graph in graphs.items() if graph
        }
        if model.embeddings:
            builders["embedding"] = partial(build_embedding, model.embeddings, profile, index, ridge)
    return {name: builders[name]() for name in COMPONENTS if name in builders and name in wanted}
