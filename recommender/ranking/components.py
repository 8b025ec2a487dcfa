"""The parts of a score. Each is linear in what the reader likes, with its matrix held fixed: so it can be shared out.

Axes: n rows of the profile, N papers in the index, W words, D factors.
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
        """Float32 (N,)."""
        ...

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to index rows (M,), float32 (M, n); their sum is the scores."""
        ...

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        ...


@dataclass(frozen=True)
class FactorsComponent:
    """The reader folded into the factorisation."""

    scores: np.ndarray
    folded: Fold
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to the scores of index rows (M,), float32 (M, n)."""
        return self.folded.shares(self.index.scoring_vectors(rows))

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        return self.index.scoring_vectors(rows) @ self.folded.solve((groups @ self.folded.terms).T)


def score_factors(model: Model, profile: Profile, index: PaperIndex) -> FactorsComponent:
    """Fold the reader in and score the index."""
    confidence = model.config.alpha * np.abs(profile.weight)
    folded = fold(
        model.factors.paper_gram, profile.vectors, confidence, profile.preference, model.config.regularization
    )
    return FactorsComponent(index.times_vector(folded.vector), folded, index)


@dataclass(frozen=True)
class GraphComponent:
    """How far what the reader likes reaches along a graph: `reach` float32 CSR (n, P), weighed by `weight` (n,)."""

    scores: np.ndarray
    reach: sp.csr_matrix
    weight: np.ndarray
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to the scores of index rows (M,), float32 (M, n)."""
        return (self.index.graph_rows(rows) @ self.reach.T).toarray() * self.weight

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        return self.index.graph_rows(rows) @ (self.reach.T @ (groups * self.weight).T)


def score_graph(steps: Propagation, profile: Profile, index: PaperIndex) -> GraphComponent:
    """Walk from where the profile's rows stand."""
    weight = np.abs(profile.weight) * profile.preference
    reach = steps.propagate(profile.graph_rows)
    return GraphComponent(index.extend(reach.T @ weight), reach, weight, index)


@dataclass(frozen=True)
class RidgeComponent:
    """Kernel ridge regression over the TF-IDF rows of what the reader likes; `dual` float32 (n,)."""

    scores: np.ndarray
    dual: np.ndarray
    words: sp.csr_matrix
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to the scores of index rows (M,), float32 (M, n)."""
        return (self.index.words(rows) @ self.words.T).toarray() * self.dual

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        return self.index.words(rows) @ (self.words.T @ (groups * self.dual).T)


def score_ridge(profile: Profile, index: PaperIndex, ridge: float) -> RidgeComponent:
    """Solve the ridge and score the index."""
    dual = _dual(np.asarray((profile.words @ profile.words.T).todense(), np.float32), profile, ridge)
    return RidgeComponent(index.times_words(profile.words.T @ dual), dual, profile.words, index)


@dataclass(frozen=True)
class EmbeddingComponent:
    """The same regression over an encoder's vectors: `vectors` float32 (n, E), `dual` (n,), less what all have."""

    scores: np.ndarray
    dual: np.ndarray
    vectors: np.ndarray
    embeddings: Embeddings
    index: PaperIndex

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of the profile adds to the scores of index rows (M,), float32 (M, n)."""
        return (_meaning(self.embeddings, self.index.graph_rows(rows)) @ self.vectors.T) * self.dual

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of the profile together add to index rows (M,), float32 (M, C)."""
        return _meaning(self.embeddings, self.index.graph_rows(rows)) @ (self.vectors.T @ (groups * self.dual).T)


def score_embedding(embeddings: Embeddings, profile: Profile, index: PaperIndex, ridge: float) -> EmbeddingComponent:
    """Solve the ridge and score the index; what is newer than the model has the meaning of where it stands."""
    vectors = _meaning(embeddings, profile.graph_rows)
    dual = _dual(vectors @ vectors.T, profile, ridge)
    weights = vectors.T @ dual
    scores = embeddings.vectors @ weights - embeddings.mean @ weights
    return EmbeddingComponent(index.extend(scores), dual, vectors, embeddings, index)


def _meaning(embeddings: Embeddings, graph_rows: sp.csr_matrix) -> np.ndarray:
    there = np.asarray(graph_rows.sum(axis=1), np.float32)
    return np.asarray(graph_rows @ embeddings.vectors, np.float32) - there * embeddings.mean


def _dual(kernel: np.ndarray, profile: Profile, ridge: float) -> np.ndarray:
    """Return the weights (n,) of kernel ridge regression; a row of weight w is fitted as w copies of it would be."""
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge) / np.abs(profile.weight)
    return np.linalg.solve(kernel, profile.preference).astype(np.float32)


COMPONENTS = ("factors", "text_graph", "joint_graph", "word_ridge", "embedding")
BY_WORDS = ("text_graph", "word_ridge", "embedding")  # what these parts know, they know from words alone


def score_components(
    profile: Profile, index: PaperIndex, model: Model | None, wanted: Collection[str], ridge: float
) -> dict[str, Component]:
    """Return those of the wanted parts that there is anything for, by name."""
    makers: dict[str, Callable[[], Component]] = {"word_ridge": lambda: score_ridge(profile, index, ridge)}
    if model:
        makers["factors"] = lambda: score_factors(model, profile, index)
        steps = {"text_graph": model.graph.text, "joint_graph": model.graph.joint}
        makers |= {name: partial(score_graph, one, profile, index) for name, one in steps.items() if one}
        if model.embeddings:
            makers["embedding"] = partial(score_embedding, model.embeddings, profile, index, ridge)
    return {name: makers[name]() for name in COMPONENTS if name in makers and name in wanted}
