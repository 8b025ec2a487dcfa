"""How good a ranked list is: pure functions of ranked paper numbers and the set of targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.bootstrap import bootstrap_interval


def recall(top: Sequence[int], targets: Collection[int], k: int) -> float:
    """Return the hits in the first k over the number of targets."""
    return len(set(top[:k]) & set(targets)) / len(targets)


def ndcg(top: Sequence[int], targets: Collection[int], k: int = 20) -> float:
    """Return the gain of the first k: binary, log2 discount, over the best possible over min(k, targets)."""
    gain = sum(1 / np.log2(at + 2) for at, paper in enumerate(top[:k]) if paper in targets)
    return float(gain / sum(1 / np.log2(at + 2) for at in range(min(k, len(targets)))))


def reciprocal_rank(top: Sequence[int], targets: Collection[int]) -> float:
    """Return one over the rank of the first hit, 0 without any."""
    return next((1 / (at + 1) for at, paper in enumerate(top) if paper in targets), 0.0)


def coverage(tops: Sequence[Sequence[int] | np.ndarray], candidates: int, k: int = 20) -> float:
    """Return the share of the candidates that are in at least one list's first k."""
    return len({paper for top in tops for paper in top[:k]}) / candidates


def novelty(top: Sequence[int] | np.ndarray, readers: np.ndarray, everyone: int, k: int = 20) -> float:
    """Return the mean information of the first k, in bits: -log2 of the smoothed share of readers who know a paper."""
    shares = (readers[list(top[:k])] + 1) / (everyone + 1)
    return float(-np.log2(shares).mean()) if len(top) else 0.0


def diversity(top: Sequence[int] | np.ndarray, words: sp.csr_matrix, k: int = 20) -> float:
    """Return the mean of one minus the cosine over pairs of the first k; `words` (P, W) has rows of unit length."""
    rows = words[list(top[:k])]
    n = rows.shape[0]
    if n < 2:
        return 0.0
    alike = (rows @ rows.T).sum() - rows.multiply(rows).sum()
    return float(1 - alike / (n * (n - 1)))


def paired(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Return the mean difference over the same readers, its 95% bootstrap interval, and the ratio of the means."""
    low, high = bootstrap_interval(ours - theirs, seed)
    ratio = float(ours.mean() / theirs.mean()) if theirs.mean() else float("inf")
    return {"difference": float((ours - theirs).mean()), "low": low, "high": high, "ratio": ratio}
