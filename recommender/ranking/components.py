"""The parts of a score. Each is linear in what the reader likes, with its matrix held fixed: so it can be shared out.

Axes: n rows of taste, N papers on the shelf, W words, D factors.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from recommender.features.encoders import Encoded
from recommender.model.foldin import Fold, fold
from recommender.model.model import Model
from recommender.model.neighbours import Steps
from recommender.ranking.paper_index import Shelf
from recommender.ranking.profile import Taste


class Part(Protocol):
    """One way of scoring papers for one reader."""

    @property
    def scores(self) -> np.ndarray:
        """Float32 (N,)."""
        ...

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of taste adds to the scores of shelf rows (M,), float32 (M, n); summed, the scores."""
        ...

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        ...


@dataclass(frozen=True)
class StackPart:
    """The reader folded into the factorisation."""

    scores: np.ndarray
    folded: Fold
    shelf: Shelf

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of taste adds to the scores of shelf rows (M,), float32 (M, n)."""
        return self.folded.shares(self.shelf.shown(rows))

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        return self.shelf.shown(rows) @ self.folded.solved((groups @ self.folded.parts).T)


def stack_part(model: Model, taste: Taste, shelf: Shelf) -> StackPart:
    """Fold the reader in and score the shelf."""
    confidence = model.config.alpha * np.abs(taste.weight)
    folded = fold(model.stack.paper_gram, taste.vectors, confidence, taste.liked, model.config.regularization)
    return StackPart(shelf.times_vector(folded.vector), folded, shelf)


@dataclass(frozen=True)
class GraphPart:
    """How far what the reader likes reaches along a graph: `reached` float32 CSR (n, P), weighed by `weight` (n,)."""

    scores: np.ndarray
    reached: sp.csr_matrix
    weight: np.ndarray
    shelf: Shelf

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of taste adds to the scores of shelf rows (M,), float32 (M, n)."""
        return (self.shelf.places(rows) @ self.reached.T).toarray() * self.weight

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        return self.shelf.places(rows) @ (self.reached.T @ (groups * self.weight).T)


def graph_part(steps: Steps, taste: Taste, shelf: Shelf) -> GraphPart:
    """Walk from where the taste's rows stand."""
    weight = np.abs(taste.weight) * taste.liked
    reached = steps.reach(taste.places)
    return GraphPart(shelf.spread(reached.T @ weight), reached, weight, shelf)


@dataclass(frozen=True)
class TextPart:
    """Kernel ridge regression over the TF-IDF rows of what the reader likes; `dual` float32 (n,)."""

    scores: np.ndarray
    dual: np.ndarray
    words: sp.csr_matrix
    shelf: Shelf

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of taste adds to the scores of shelf rows (M,), float32 (M, n)."""
        return (self.shelf.words(rows) @ self.words.T).toarray() * self.dual

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        return self.shelf.words(rows) @ (self.words.T @ (groups * self.dual).T)


def text_part(taste: Taste, shelf: Shelf, ridge: float) -> TextPart:
    """Solve the ridge and score the shelf."""
    dual = _dual(np.asarray((taste.words @ taste.words.T).todense(), np.float32), taste, ridge)
    return TextPart(shelf.times_words(taste.words.T @ dual), dual, taste.words, shelf)


@dataclass(frozen=True)
class MeaningPart:
    """The same regression over an encoder's vectors: `vectors` float32 (n, E), `dual` (n,), less what all have."""

    scores: np.ndarray
    dual: np.ndarray
    vectors: np.ndarray
    encoded: Encoded
    shelf: Shelf

    def shares(self, rows: np.ndarray) -> np.ndarray:
        """Return what each row of taste adds to the scores of shelf rows (M,), float32 (M, n)."""
        return (_meaning(self.encoded, self.shelf.places(rows)) @ self.vectors.T) * self.dual

    def by_group(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Return what groups (C, n) of rows of taste together add to shelf rows (M,), float32 (M, C)."""
        return _meaning(self.encoded, self.shelf.places(rows)) @ (self.vectors.T @ (groups * self.dual).T)


def meaning_part(encoded: Encoded, taste: Taste, shelf: Shelf, ridge: float) -> MeaningPart:
    """Solve the ridge and score the shelf; what is newer than the model has the meaning of where it stands."""
    vectors = _meaning(encoded, taste.places)
    dual = _dual(vectors @ vectors.T, taste, ridge)
    weights = vectors.T @ dual
    scores = encoded.vectors @ weights - encoded.mean @ weights
    return MeaningPart(shelf.spread(scores), dual, vectors, encoded, shelf)


def _meaning(encoded: Encoded, places: sp.csr_matrix) -> np.ndarray:
    there = np.asarray(places.sum(axis=1), np.float32)
    return np.asarray(places @ encoded.vectors, np.float32) - there * encoded.mean


def _dual(kernel: np.ndarray, taste: Taste, ridge: float) -> np.ndarray:
    """Return the weights (n,) of kernel ridge regression; a row of weight w is fitted as w copies of it would be."""
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge) / np.abs(taste.weight)
    return np.linalg.solve(kernel, taste.liked).astype(np.float32)


PARTS = ("stack", "text", "joint", "words", "meaning")
BY_WORDS = ("text", "words", "meaning")  # what these parts know, they know from words alone


def parts_of(taste: Taste, shelf: Shelf, model: Model | None, wanted: Collection[str], ridge: float) -> dict[str, Part]:
    """Return those of the wanted parts that there is anything for, by name."""
    makers: dict[str, Callable[[], Part]] = {"words": lambda: text_part(taste, shelf, ridge)}
    if model:
        makers["stack"] = lambda: stack_part(model, taste, shelf)
        steps = {"text": model.graph.text, "joint": model.graph.joint}
        makers |= {name: partial(graph_part, one, taste, shelf) for name, one in steps.items() if one}
        if model.encoded:
            makers["meaning"] = partial(meaning_part, model.encoded, taste, shelf, ridge)
    return {name: makers[name]() for name in PARTS if name in makers and name in wanted}
