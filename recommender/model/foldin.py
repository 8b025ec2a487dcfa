"""Fold-in: the vector of a new row or column, with the other side's vectors held fixed.

It is the closed-form least squares step of implicit ALS, and its split into contributions the explanation of a score
(Hu, Koren and Volinsky 2008, sections 4 and 5). `implicit` has the same step in `recalculate_user` and
`recalculate_item`; this one uses precomputed grams and float32, so that it works on read-only memory maps and the scan
of all papers that follows is not slowed by a float64 vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve


@dataclass(frozen=True)
class Fold:
    """One solved fold-in of n weighted vectors.

    `vector` float32 (D,) is the solution; `contributions` float32 (n, D) is what each of the n added to the right-hand
    side; `factor` float32 (D, D) is the Cholesky factor of the matrix. With the matrix held fixed, `vector` is the sum
    of the solutions for the single contributions.
    """

    vector: np.ndarray
    contributions: np.ndarray
    factor: np.ndarray

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        """Return what each of the n adds to the product of the solution with `vectors` (M, D), float32 (M, n)."""
        return (self.contributions @ self.solve(vectors.astype(np.float32).T)).T

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the solutions for right-hand sides (D,) or (D, C), the matrix held fixed."""
        return cho_solve((self.factor, True), right, check_finite=False)


def fold(gram: np.ndarray, vectors: np.ndarray, confidence: np.ndarray, preference: np.ndarray, ridge: float) -> Fold:
    """Fold in a row with n cells, whose `vectors` (n, D) are of the other side; all float32.

    Solves (YᵀY + Yₙᵀ(C − I)Yₙ + λI) x = YₙᵀCp: `gram` (D, D) is YᵀY over the whole other side, `confidence` (n,) the
    diagonal of C, where an empty cell has 1, `preference` (n,) is p, 1 for liked and 0 or less for disliked, and
    `ridge` is λ.
    """
    vectors = np.asarray(vectors, np.float32)
    matrix = gram + (vectors.T * (confidence - 1).astype(np.float32)) @ vectors
    matrix[np.diag_indices_from(matrix)] += np.float32(ridge)
    contributions = vectors * (confidence * preference).astype(np.float32)[:, None]
    factor, _ = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    solution = cho_solve((factor, True), contributions.sum(axis=0), check_finite=False)
    return Fold(solution, contributions, factor)
