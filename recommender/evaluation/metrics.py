"""How good a ranked list is: pure functions of ranked paper numbers, best first, and the set of targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.bootstrap import bootstrap_interval


def recall(ranking: Sequence[int], targets: Collection[int], k: int) -> float:
    """Return recall@k: the share of the targets that are among the first k."""
    return len(set(ranking[:k]) & set(targets)) / len(targets)


def ndcg(ranking: Sequence[int], targets: Collection[int], k: int = 20) -> float:
    """Return NDCG@k with binary relevance: the discounted gain of the first k over the largest possible.

    Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques" (2002), with discount 1/log2(1 + rank).
    """
    gain = sum(1 / np.log2(at + 2) for at, paper in enumerate(ranking[:k]) if paper in targets)
    return float(gain / sum(1 / np.log2(at + 2) for at in range(min(k, len(targets)))))


def reciprocal_rank(ranking: Sequence[int], targets: Collection[int]) -> float:
    """Return one over the rank of the first target, 0 without any; its mean over readers is MRR."""
    return next((1 / (at + 1) for at, paper in enumerate(ranking) if paper in targets), 0.0)


def coverage(rankings: Sequence[Sequence[int] | np.ndarray], candidates: int, k: int = 20) -> float:
    """Return catalogue coverage: the share of the candidates that are among the first k of at least one list.

    Ge, Delgado-Battenfeld and Jannach, "Beyond Accuracy" (RecSys 2010).
    """
    return len({paper for ranking in rankings for paper in ranking[:k]}) / candidates


def novelty(ranking: Sequence[int] | np.ndarray, readers: np.ndarray, total_readers: int, k: int = 20) -> float:
    """Return the mean self-information of the first k, in bits: -log2 of the share of readers who know a paper.

    `readers` (P,) counts each paper's readers; shares are smoothed by one. Zhou et al., "Solving the Apparent
    Diversity-Accuracy Dilemma of Recommender Systems" (2010).
    """
    shares = (readers[list(ranking[:k])] + 1) / (total_readers + 1)
    return float(-np.log2(shares).mean()) if len(ranking) else 0.0


def diversity(ranking: Sequence[int] | np.ndarray, words: sp.csr_matrix, k: int = 20) -> float:
    """Return the mean cosine distance between the first k; `words` float32 CSR (P, W) has rows of unit length.

    The intra-list similarity of Ziegler et al., "Improving Recommendation Lists Through Topic Diversification"
    (WWW 2005), as a distance.
    """
    rows = words[list(ranking[:k])]
    n = rows.shape[0]
    if n < 2:
        return 0.0
    similarity = (rows @ rows.T).sum() - rows.multiply(rows).sum()
    return float(1 - similarity / (n * (n - 1)))


def compare_paired(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Compare two methods on the same readers (R,): mean difference, its 95% bootstrap interval, ratio of means.

    The paired bootstrap of Sakai, "Evaluating Evaluation Metrics based on the Bootstrap" (SIGIR 2006).
    """
    low, high = bootstrap_interval(ours - theirs, seed)
    ratio = float(ours.mean() / theirs.mean()) if theirs.mean() else float("inf")
    return {"difference": float((ours - theirs).mean()), "low": low, "high": high, "ratio": ratio}
