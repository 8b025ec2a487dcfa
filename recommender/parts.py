"""The parts of a score. Each is linear in what the reader likes, with its matrix held fixed: so it can be shared out.

Axes: n rows of taste, N papers on the shelf, W words, D factors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from recommender.foldin import Fold, fold
from recommender.model import Model
from recommender.shelf import Shelf
from recommender.taste import Taste


class Part(Protocol):
    """One way of scoring papers for one reader."""

    @property
    def scores(self) -> np.ndarray:
        """Float32 (N,)."""
        ...

    def shares(self, row: int) -> np.ndarray:
        """Return what each row of taste adds to the score of a shelf row, float32 (n,); their sum is the score."""
        ...


@dataclass(frozen=True)
class StackPart:
    """The reader folded into the factorisation."""

    scores: np.ndarray
    folded: Fold
    shelf: Shelf

    def shares(self, row: int) -> np.ndarray:
        """Return what each row of taste adds to the score of a shelf row, float32 (n,)."""
        return self.folded.shares(self.shelf.vectors(np.array([row]))[0])


def stack_part(model: Model, taste: Taste, shelf: Shelf) -> StackPart:
    """Fold the reader in and score the shelf."""
    confidence = model.config.alpha * np.abs(taste.weight)
    folded = fold(model.stack.paper_gram, taste.vectors, confidence, taste.liked, model.config.regularization)
    return StackPart(shelf.times_vector(folded.vector), folded, shelf)


@dataclass(frozen=True)
class TextPart:
    """Kernel ridge regression over the TF-IDF rows of what the reader likes; `dual` float32 (n,)."""

    scores: np.ndarray
    dual: np.ndarray
    words: sp.csr_matrix
    shelf: Shelf

    def shares(self, row: int) -> np.ndarray:
        """Return what each row of taste adds to the score of a shelf row, float32 (n,)."""
        target = self.shelf.words(np.array([row]))
        return self.dual * np.asarray((self.words @ target.T).todense(), np.float32)[:, 0]


def text_part(taste: Taste, shelf: Shelf, ridge: float) -> TextPart:
    """Solve the ridge and score the shelf. A row of weight w is fitted as w copies of it would be."""
    kernel = np.asarray((taste.words @ taste.words.T).todense(), np.float32)
    weight = np.abs(taste.weight)
    kernel[np.diag_indices_from(kernel)] += np.float32(ridge) / weight
    dual = np.linalg.solve(kernel, taste.liked).astype(np.float32)
    return TextPart(shelf.times_words(taste.words.T @ dual), dual, taste.words, shelf)
