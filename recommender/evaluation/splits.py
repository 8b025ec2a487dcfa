"""Seeded splits of readers' papers into training and test: the protocol every ranking figure is stated on.

X is readers x papers (U, P), binary CSR with sorted columns, readers in order of first appearance. A reader's training
papers are never candidates for that reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

SAMPLE = 1500  # readers evaluated, at most
HELD_OUT = 0.2
ALONE_READERS = 500


@dataclass(frozen=True)
class Split:
    """`train` (U, P) is what a model may learn from; `history` (R, P) and `test` (R, P) are of the readers evaluated.

    `readers` (R,) are their rows in X, so that their other facts can be found. `candidates` are paper columns.
    `is_cold` bool (P,) where the split makes cold papers. `hidden` papers take no part in training but by their text.
    """

    train: sp.csr_matrix
    history: sp.csr_matrix
    test: sp.csr_matrix
    candidates: np.ndarray
    readers: np.ndarray
    is_cold: np.ndarray | None = None


def warm(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out a fifth of each reader's papers; rank everything."""
    random = np.random.default_rng(seed)
    train, test = _hold_out(X, random)
    return _of_sample(train, test, np.arange(X.shape[1]), _sample(random, train, test))


def cold(X: sp.csr_matrix, seed: int) -> Split:
    """Take a fifth of the papers out of training with all their interactions; rank only those."""
    random = np.random.default_rng(seed)
    new, old = _cold_and_warm(X, random)
    train, test = _keep(X, old), _keep(X, new)
    return _of_sample(train, test, new, _sample(random, train, test))


def mixed(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out cold papers and a fifth of each reader's other papers; rank everything."""
    random = np.random.default_rng(seed)
    new, old = _cold_and_warm(X, random)
    train, test = _hold_out(_keep(X, old), random)
    test = (test + _keep(X, new)).tocsr()
    is_cold = np.zeros(X.shape[1], bool)
    is_cold[new] = True
    return _of_sample(train, test, np.arange(X.shape[1]), _sample(random, train, test), is_cold)


def new(X: sp.csr_matrix, seed: int, k: int) -> Split:
    """Take a fifth of the readers out of training; rank for those with 11 papers or more, from k of theirs."""
    random = np.random.default_rng(seed)
    out = np.sort(random.permutation(X.shape[0])[: int(HELD_OUT * X.shape[0])])
    kept = np.ones(X.shape[0], np.float32)
    kept[out] = 0
    train = (sp.diags(kept) @ X).tocsr()
    train.eliminate_zeros()
    given, test, readers = _first_k(X, out, k, random, least=11)
    return Split(train, given, test, np.arange(X.shape[1]), readers)


def alone(X: sp.csr_matrix, seed: int, k: int) -> Split:
    """Train on no reader at all and rank for one at a time, from k of their papers."""
    random = np.random.default_rng(seed)
    enough = np.flatnonzero(np.diff(X.indptr) >= k + 5)
    some = np.sort(random.permutation(enough)[:ALONE_READERS])
    given, test, readers = _first_k(X, some, k, random, least=k + 5)
    return Split(sp.csr_matrix(X.shape, dtype=np.float32), given, test, np.arange(X.shape[1]), readers)


def by_time(X: sp.csr_matrix, times: sp.csr_matrix, seed: int) -> Split:
    """Train on what came before the last fifth of the pairs in time; rank everything for what came in it.

    `times` (U, P) has the epoch seconds of each pair of X.
    """
    cut = np.quantile(times.data, 1 - HELD_OUT)
    table = times.tocoo()
    late = table.data > cut
    train = _matrix(table.row[~late], table.col[~late], X.shape)
    test = _matrix(table.row[late], table.col[late], X.shape)
    return _of_sample(train, test, np.arange(X.shape[1]), _sample(np.random.default_rng(seed), train, test))


SPLITS: dict[str, Callable[[sp.csr_matrix, int], Split]] = {"warm": warm, "cold": cold, "mixed": mixed}
SPLITS_FROM_K: dict[str, Callable[[sp.csr_matrix, int, int], Split]] = {"new": new, "alone": alone}
FROM_K = {"new": (1, 3, 10), "alone": (1, 3, 10, 30)}


def one_out(X: sp.csr_matrix, seed: int) -> Split:
    """Hold out one paper of each reader: a validation split inside training papers that leaves them nearly as dense."""
    random = np.random.default_rng([seed, 4])
    train, test = _hold_out(X, random, share=0.0)
    return _of_sample(train, test, np.arange(X.shape[1]), _sample(random, train, test))


def _matrix(rows: np.ndarray | list[int], columns: np.ndarray | list[int], shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def _papers_of(X: sp.csr_matrix, reader: int) -> np.ndarray:
    return X.indices[X.indptr[reader] : X.indptr[reader + 1]]


def _hold_out(
    X: sp.csr_matrix, random: np.random.Generator, least: int = 5, share: float = HELD_OUT
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Hold out max(1, round(share * n)) random papers of each reader with at least `least`."""
    kept: list[np.ndarray] = []
    held: list[np.ndarray] = []
    for reader in range(X.shape[0]):
        papers = _papers_of(X, reader)
        n = 0
        if len(papers) >= least:
            papers = papers[random.permutation(len(papers))]
            n = max(1, round(share * len(papers)))
        held.append(papers[:n])
        kept.append(papers[n:])
    return _rows(kept, X.shape), _rows(held, X.shape)


def _rows(papers: list[np.ndarray], shape: tuple[int, int]) -> sp.csr_matrix:
    readers = np.repeat(np.arange(len(papers)), [len(row) for row in papers])
    return _matrix(readers, np.concatenate([*papers, np.empty(0, np.int32)]).astype(np.int64), shape)


def _cold_and_warm(X: sp.csr_matrix, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order = random.permutation(X.shape[1])
    n = int(HELD_OUT * X.shape[1])
    return np.sort(order[:n]), np.sort(order[n:])


def _keep(X: sp.csr_matrix, papers: np.ndarray) -> sp.csr_matrix:
    mask = np.zeros(X.shape[1], np.float32)
    mask[papers] = 1
    kept = (X @ sp.diags(mask)).tocsr()
    kept.eliminate_zeros()
    return kept


def _sample(random: np.random.Generator, train: sp.csr_matrix, test: sp.csr_matrix) -> np.ndarray:
    readers = np.flatnonzero((np.diff(train.indptr) > 0) & (np.diff(test.indptr) > 0))
    return np.sort(random.permutation(readers)[:SAMPLE])


def _of_sample(
    train: sp.csr_matrix,
    test: sp.csr_matrix,
    candidates: np.ndarray,
    readers: np.ndarray,
    is_cold: np.ndarray | None = None,
) -> Split:
    return Split(train, train[readers], test[readers], candidates, readers, is_cold)


def _first_k(
    X: sp.csr_matrix, readers: np.ndarray, k: int, random: np.random.Generator, least: int
) -> tuple[sp.csr_matrix, sp.csr_matrix, np.ndarray]:
    """Give the first k of each reader's papers in a random order that does not depend on k, and test on the rest."""
    given, rest, enough = [], [], []
    for reader in readers:
        papers = _papers_of(X, reader)
        order = random.permutation(len(papers))
        if len(papers) >= least:
            enough.append(int(reader))
            given.append(papers[order[:k]])
            rest.append(papers[order[k:]])
    shape = (len(enough), X.shape[1])
    return _rows(given, shape), _rows(rest, shape), np.array(enough, np.int64)
