"""The mean and covariance of vectors, by which the spread of their products with any vector is known without a scan.

Axes: N vectors of D dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHUNK = 8192  # vectors multiplied at once
SMALLEST_NORM = 1e-12  # a shorter vector counts as this long


@dataclass(frozen=True)
class Moments:
    """`mean` float64 (D,) and `covariance` float64 (D, D) of N vectors."""

    mean: np.ndarray
    covariance: np.ndarray

    def deviation(self, vector: np.ndarray) -> float:
        """Return the standard deviation of the N products with `vector` (D,)."""
        wide = vector.astype(np.float64)
        return float(np.sqrt(max(wide @ self.covariance @ wide, 0.0)))


def measure_moments(vectors: np.ndarray) -> Moments:
    """Return the moments of vectors, float32 (N, D); they are centred first, so that float32 products are exact enough.

    Costs N · D² multiplications once a model.
    """
    count, size = len(vectors), vectors.shape[1]
    chunks = [vectors[start : start + CHUNK] for start in range(0, count, CHUNK)]
    mean = sum((chunk.sum(axis=0, dtype=np.float64) for chunk in chunks), np.zeros(size)) / max(count, 1)
    centre, squares, rest = mean.astype(np.float32), np.zeros((size, size)), np.zeros(size)
    for chunk in chunks:
        centred = chunk - centre
        squares += centred.T @ centred
        rest += centred.sum(axis=0, dtype=np.float64)
    rest /= max(count, 1)  # what rounding the mean to float32 left
    return Moments(mean, squares / max(count, 1) - np.outer(rest, rest))


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (N, D) of unit length."""
    return vectors / row_norms(vectors)[:, None]


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths of vectors (N, D), float32 (N,), none of them zero."""
    return np.maximum(np.sqrt(np.vecdot(vectors, vectors)), np.float32(SMALLEST_NORM))
