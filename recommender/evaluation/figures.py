"""The figures of many ranked lists: every metric, reader by reader.

Axes: R readers evaluated, P papers, W words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.sparse as sp

from recommender.evaluation.metrics import coverage, diversity, ndcg, novelty, recall, reciprocal_rank
from recommender.evaluation.splits import Split, papers_of

DEPTH = 100  # places ranked, for recall@100

Lists = list[np.ndarray]


def compute_figures(lists: Lists, split: Split, words: sp.csr_matrix | None) -> dict[str, np.ndarray]:
    """Return every metric of these lists, float64 (R,); nan where a reader has no such target.

    `words` float32 CSR (P, W) are TF-IDF rows; without them, metrics beyond accuracy are left out.
    """
    targets = [set(papers_of(split.test, reader).tolist()) for reader in range(len(lists))]
    figures = {f"recall@{k}": _map_readers(lists, targets, partial(recall, k=k)) for k in (20, 50, 100)}
    figures |= {"ndcg@20": _map_readers(lists, targets, ndcg), "mrr": _map_readers(lists, targets, reciprocal_rank)}
    if split.is_cold is not None:
        for half, flag in (("warm", False), ("cold", True)):
            some = [{paper for paper in one if split.is_cold[paper] == flag} for one in targets]
            figures[f"{half} recall@20"] = _map_readers(lists, some, partial(recall, k=20))
            figures[f"{half} ndcg@20"] = _map_readers(lists, some, ndcg)
    if words is not None:
        figures |= _measure_beyond_accuracy(lists, split, words)
    return figures


def _measure_beyond_accuracy(lists: Lists, split: Split, words: sp.csr_matrix) -> dict[str, np.ndarray]:
    readers = np.bincount(split.train.indices, minlength=split.train.shape[1])
    total_readers = int((np.diff(split.train.indptr) > 0).sum())
    return {
        "coverage": np.array([coverage(lists, len(split.candidates))]),
        "novelty": np.array([novelty(ranking, readers, total_readers) for ranking in lists]),
        "diversity": np.array([diversity(ranking, words) for ranking in lists]),
    }


def _map_readers(lists: Lists, targets: list[set[int]], metric: Callable[..., float]) -> np.ndarray:
    pairs = zip(lists, targets, strict=True)
    return np.array([metric(ranking.tolist(), some) if some else np.nan for ranking, some in pairs])
