"""Seeded splits of readers' papers into training and test: the protocol every ranking figure is stated on.

X is the binary matrix of readers and papers, float32 CSR (U, P), with sorted columns and readers in order of first
appearance. A reader's training papers are never candidates for that reader.
Axes: U readers, P papers, R readers evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

MAX_READERS, MAX_ALONE_READERS = 1500, 500  # readers evaluated
HOLDOUT_SHARE = 0.2  # of the papers, readers or pairs that a split holds out
MIN_PAPERS_TO_SPLIT = 5  # of a reader, for any to be held out
MIN_NEW_READER_PAPERS = 11  # enough for the largest history of a new reader and one target


@dataclass(frozen=True)
class Split:
    """Training interactions, and the histories and targets of the readers evaluated.

    `train` float32 CSR (U, P) is what a model may learn from; `history` and `test` float32 CSR (R, P) are what it knows
    of the readers evaluated, and what it has to find. `candidates` int64 are the columns to rank, `readers` int64 (R,)
    the rows in X. `is_cold` bool (P,) marks cold papers in a split that mixes them with others.
    """

    train: sp.csr_matrix
    history: sp.csr_matrix
    test: sp.csr_matrix
    candidates: np.ndarray
    readers: np.ndarray
    is_cold: np.ndarray | None = None


def split_warm(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out a fifth of each reader's papers; rank everything."""
    random = np.random.default_rng(seed)
    train, test = _hold_out(X, random)
    return _build_split(train, test, np.arange(X.shape[1]), _sample_readers(random, train, test))


def split_cold(X: sp.csr_matrix, seed: int) -> Split:
    """Take a fifth of the papers out of training, with all their interactions, and rank only those."""
    random = np.random.default_rng(seed)
    cold, warm = _draw_cold(X, random)
    train, test = _keep_papers(X, warm), _keep_papers(X, cold)
    return _build_split(train, test, cold, _sample_readers(random, train, test))


def split_mixed(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out cold papers, and a fifth of each reader's other papers; rank everything."""
    random = np.random.default_rng(seed)
    cold, warm = _draw_cold(X, random)
    train, test = _hold_out(_keep_papers(X, warm), random)
    test = (test + _keep_papers(X, cold)).tocsr()
    is_cold = np.zeros(X.shape[1], bool)
    is_cold[cold] = True
    return _build_split(train, test, np.arange(X.shape[1]), _sample_readers(random, train, test), is_cold)


def split_new(X: sp.csr_matrix, seed: int, k: int) -> Split:
    """Take a fifth of the readers out of training; rank everything for those with 11 papers or more, from k of them."""
    random = np.random.default_rng(seed)
    held_out = np.sort(random.permutation(X.shape[0])[: int(HOLDOUT_SHARE * X.shape[0])])
    kept = np.ones(X.shape[0], np.float32)
    kept[held_out] = 0
    train = (sp.diags(kept) @ X).tocsr()
    train.eliminate_zeros()
    given, test, readers = _split_histories(X, held_out, k, random, MIN_NEW_READER_PAPERS)
    return Split(train, given, test, np.arange(X.shape[1]), readers)


def split_alone(X: sp.csr_matrix, seed: int, k: int) -> Split:
    """Train on no reader at all; rank everything for readers one at a time, from k of their papers."""
    random = np.random.default_rng(seed)
    enough = np.flatnonzero(np.diff(X.indptr) >= k + MIN_PAPERS_TO_SPLIT)
    chosen = np.sort(random.permutation(enough)[:MAX_ALONE_READERS])
    given, test, readers = _split_histories(X, chosen, k, random, k + MIN_PAPERS_TO_SPLIT)
    return Split(sp.csr_matrix(X.shape, dtype=np.float32), given, test, np.arange(X.shape[1]), readers)


def split_by_time(X: sp.csr_matrix, times: sp.csr_matrix, seed: int) -> Split:
    """Train on all pairs but the latest fifth, and rank everything to find that fifth.

    `times` float64 CSR (U, P) holds the epoch seconds of each pair of X.
    """
    cut = np.quantile(times.data, 1 - HOLDOUT_SHARE)
    table = times.tocoo()
    late = table.data > cut
    train = _pairs_to_matrix(table.row[~late], table.col[~late], X.shape)
    test = _pairs_to_matrix(table.row[late], table.col[late], X.shape)
    return _build_split(train, test, np.arange(X.shape[1]), _sample_readers(np.random.default_rng(seed), train, test))


SPLITS: dict[str, Callable[[sp.csr_matrix, int], Split]] = {
    "warm": split_warm,
    "cold": split_cold,
    "mixed": split_mixed,
}
SPLITS_BY_HISTORY: dict[str, Callable[[sp.csr_matrix, int, int], Split]] = {"new": split_new, "alone": split_alone}
HISTORY_SIZES = {"new": (1, 3, 10), "alone": (1, 3, 10, 30)}


def split_leave_one_out(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out one paper of each reader: a validation split that leaves the training papers nearly as dense."""
    random = np.random.default_rng([seed, 4])
    train, test = _hold_out(X, random, share=0.0)
    return _build_split(train, test, np.arange(X.shape[1]), _sample_readers(random, train, test))


def _pairs_to_matrix(
    rows: np.ndarray | list[int], columns: np.ndarray | list[int], shape: tuple[int, int]
) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def papers_of(X: sp.csr_matrix, reader: int) -> np.ndarray:
    """Return the columns of a row, int32 (papers of the reader,)."""
    return X.indices[X.indptr[reader] : X.indptr[reader + 1]]


def _hold_out(
    X: sp.csr_matrix, random: np.random.Generator, min_papers: int = MIN_PAPERS_TO_SPLIT, share: float = HOLDOUT_SHARE
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out max(1, round(share * n)) random papers of each reader with at least `min_papers`."""
    kept: list[np.ndarray] = []
    held_out: list[np.ndarray] = []
    for reader in range(X.shape[0]):
        papers = papers_of(X, reader)
        n = 0
        if len(papers) >= min_papers:
            papers = papers[random.permutation(len(papers))]
            n = max(1, round(share * len(papers)))
        held_out.append(papers[:n])
        kept.append(papers[n:])
    return _rows_to_matrix(kept, X.shape), _rows_to_matrix(held_out, X.shape)


def _rows_to_matrix(papers: list[np.ndarray], shape: tuple[int, int]) -> sp.csr_matrix:
    readers = np.repeat(np.arange(len(papers)), [len(row) for row in papers])
    return _pairs_to_matrix(readers, np.concatenate([*papers, np.empty(0, np.int32)]).astype(np.int64), shape)


def _draw_cold(X: sp.csr_matrix, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the papers drawn to be cold and the others, int64 columns in order."""
    order = random.permutation(X.shape[1])
    n = int(HOLDOUT_SHARE * X.shape[1])
    return np.sort(order[:n]), np.sort(order[n:])


def _keep_papers(X: sp.csr_matrix, papers: np.ndarray) -> sp.csr_matrix:
    mask = np.zeros(X.shape[1], np.float32)
    mask[papers] = 1
    kept = (X @ sp.diags(mask)).tocsr()
    kept.eliminate_zeros()
    return kept


def _sample_readers(random: np.random.Generator, train: sp.csr_matrix, test: sp.csr_matrix) -> np.ndarray:
    readers = np.flatnonzero((np.diff(train.indptr) > 0) & (np.diff(test.indptr) > 0))
    return np.sort(random.permutation(readers)[:MAX_READERS])


def _build_split(
    train: sp.csr_matrix,
    test: sp.csr_matrix,
    candidates: np.ndarray,
    readers: np.ndarray,
    is_cold: np.ndarray | None = None,
) -> Split:
    return Split(train, train[readers], test[readers], candidates, readers, is_cold)


def _split_histories(
    X: sp.csr_matrix, readers: np.ndarray, k: int, random: np.random.Generator, min_papers: int
) -> tuple[sp.csr_matrix, sp.csr_matrix, np.ndarray]:
    """Split each reader's papers, in a random order that does not depend on k, into the first k and the rest."""
    given, rest, enough = [], [], []
    for reader in readers:
        papers = papers_of(X, reader)
        order = random.permutation(len(papers))
        if len(papers) >= min_papers:
            enough.append(int(reader))
            given.append(papers[order[:k]])
            rest.append(papers[order[k:]])
    shape = (len(enough), X.shape[1])
    return _rows_to_matrix(given, shape), _rows_to_matrix(rest, shape), np.array(enough, np.int64)
