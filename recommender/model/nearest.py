"""The rows of a sparse matrix that have the largest products with others, in less than the square of their number.

An inverted index whose postings are capped at the heaviest rows of each column gives candidates (champion lists, as in
Manning, Raghavan and Schütze 2008, 7.1.3); their exact products give each row's first neighbours, and a round through
the neighbours of neighbours (as in NN-descent, Dong, Moses and Li 2011) finds most of those that the caps hid. Where a
sample of the rows shows that the caps hide too much (few topics with many rows each), they are wider. The work for a
row is bounded by the widest, whatever the number of rows. Matrices are float32 CSR with weights of at least zero.

Axes: P rows, W columns, M rows asked about.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import ItemItemRecommender

EXACT_PRODUCTS = 1e9  # multiplications up to which every product is computed: both ways take as long about there
EXACT_QUERY_PRODUCTS = 20_000  # the same for one row that is not in the matrix
FEW, EXACT_FEW_PRODUCTS = (
    8,
    500_000,
)  # and for one of few columns, as what a reader types: capped postings say too little
TERMS = 20  # heaviest columns by which a row asks for candidates
FORWARD, REVERSE = 20, 15  # nearest rows, and rows it is among the nearest of, by which the round goes on
SAMPLE, SAMPLED_NEAREST, SAMPLED_AT_ONCE = 64, 21, 8  # rows that choose the bounds, by so many nearest, own included
FIRST_RECALL = 0.86  # of the sample's nearest that capped postings have to find: the round then finds 95% and more
ROUNDING = 1e-5  # relative: by so much may the same product, summed in another order, differ
BLOCK_ROWS = 1_000  # rows asked about at once
CELLS = 1 << 20  # cells of the larger temporary arrays
DENSE_CELLS = 1 << 24  # cells of the dense rows asked about, for each thread
MAX_THREADS = 4  # each takes some 100 MB


class Bounds(NamedTuple):
    """How many of the heaviest rows of a column can be candidates, and of how many the products are computed first."""

    postings: int
    candidates: int


BOUNDS = (Bounds(400, 150), Bounds(800, 250), Bounds(1_600, 400))  # the first that is wide enough is taken
QUERY_BOUNDS = Bounds(800, 400)  # of rows that are not in the matrix, which are few


def find_nearest(rows: sp.csr_matrix, limit: int) -> sp.csr_matrix:
    """Return each row's `limit` largest products with the other rows, CSR (P, P), nearly all of them if P is large."""
    return (find_nearest_exactly if is_small(rows) else search_nearest)(rows, limit)


def is_small(rows: sp.csr_matrix) -> bool:
    """Return whether all products of the rows with each other are cheap enough to be computed."""
    return float(np.square(np.bincount(rows.indices).astype(np.float64)).sum()) <= EXACT_PRODUCTS


def find_nearest_exactly(rows: sp.csr_matrix, limit: int) -> sp.csr_matrix:
    """Return each row's `limit` largest products with the other rows, CSR (P, P), in time of the square of P."""
    model = ItemItemRecommender(K=limit + 1)
    model.fit(rows.T.tocsr().astype(np.float64), show_progress=False)
    found = model.similarity.tocsr()
    found.setdiag(0)
    found.eliminate_zeros()
    return found.astype(np.float32)


def search_nearest(rows: sp.csr_matrix, limit: int) -> sp.csr_matrix:
    """Return most of each row's `limit` largest products with the other rows, CSR (P, P), in time of P."""
    postings, candidates = choose_postings(rows)
    found = _in_blocks(rows.shape[0], lambda block: search_rows(block, rows, postings, candidates, limit))
    links = link_nearest(found)
    return _in_blocks(rows.shape[0], lambda block: expand_rows(block, rows, found, links, limit))


def choose_postings(rows: sp.csr_matrix) -> tuple[sp.csr_matrix, int]:
    """Return the capped postings (W, P) to search for the rows' nearest by, and how many candidates to compare."""
    by_column = rows.T.tocsr()
    bounds = choose_bounds(rows, by_column)
    return cap_postings(by_column, bounds.postings), bounds.candidates


def choose_bounds(rows: sp.csr_matrix, by_column: sp.csr_matrix) -> Bounds:
    """Return the least bounds with which capped postings find FIRST_RECALL of a sample's nearest, else the widest."""
    sample = rows[np.unique(np.linspace(0, rows.shape[0] - 1, SAMPLE).astype(int))]
    starts = range(0, sample.shape[0], SAMPLED_AT_ONCE)
    products = ((sample[start : start + SAMPLED_AT_ONCE] @ by_column).tocsr() for start in starts)
    exact = sp.vstack([keep_strongest(some, SAMPLED_NEAREST) for some in products], format="csr")
    for bounds in BOUNDS[:-1]:
        found = _search(sample, rows, cap_postings(by_column, bounds.postings), bounds.candidates)
        if _count_found(found, exact) >= FIRST_RECALL * exact.nnz:
            return bounds
    return BOUNDS[-1]


def _count_found(found: sp.csr_matrix, exact: sp.csr_matrix) -> int:
    """Return how many cells of `exact` (M, P) rows of `found` (M, P) reach; of equally near ones, any counts."""
    asked = np.flatnonzero(np.diff(exact.indptr))
    least = np.full(exact.shape[0], np.inf, np.float32)
    least[asked] = np.minimum.reduceat(exact.data, exact.indptr[asked]) if len(asked) else 0
    near = found.data >= np.repeat(least, np.diff(found.indptr)) * (1 - ROUNDING)
    reached = np.bincount(np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))[near], minlength=found.shape[0])
    return int(np.minimum(reached, np.diff(exact.indptr)).sum())


def search_rows(
    block: slice, rows: sp.csr_matrix, postings: sp.csr_matrix, candidates: int, limit: int
) -> sp.csr_matrix:
    """Return the first neighbours of a block of rows, those that capped postings find: CSR (M, P)."""
    return keep_strongest(_drop_own(_search(rows[block], rows, postings, candidates), block.start), limit)


def link_nearest(found: sp.csr_matrix) -> sp.csr_matrix:
    """Return the links by which the round goes on, both ways, from first neighbours: CSR (P, P)."""
    nearest = keep_strongest(found, FORWARD)
    return nearest.maximum(keep_strongest(nearest.T.tocsr(), REVERSE)).tocsr()


def expand_rows(
    block: slice, rows: sp.csr_matrix, found: sp.csr_matrix, links: sp.csr_matrix, limit: int
) -> sp.csr_matrix:
    """Return the neighbours of a block of rows, of those `found` and of the neighbours of neighbours: CSR (M, P)."""
    further = multiply_pairs(rows[block], rows, links[block] @ links)
    return keep_strongest(_drop_own(found[block].maximum(further).tocsr(), block.start), limit)


def cap_postings(by_column: sp.csr_matrix, postings: int = QUERY_BOUNDS.postings) -> sp.csr_matrix:
    """Return the heaviest rows of each column, CSR (W, P), of the rows transposed."""
    return keep_strongest(by_column, postings)


@dataclass(frozen=True)
class NearestIndex:
    """What finds the nearest of `rows` CSR (P, W) to rows that are not among them.

    `by_column` CSR (W, P) are the rows transposed, `postings` (W, P) the same as `cap_postings` leaves them, `links`
    (P, P) lead from each row to near ones. Without `postings` and `links` all products are computed.
    """

    rows: sp.csr_matrix
    by_column: sp.csr_matrix
    postings: sp.csr_matrix | None = None
    links: sp.csr_matrix | None = None

    def find(self, queries: sp.csr_matrix, limit: int) -> sp.csr_matrix:
        """Return nearly all of the `limit` largest products of each query (M, W) with the rows, CSR (M, P).

        All of them where few are to be computed: what is found for a query depends on no other.
        """
        if queries.shape[0] <= BLOCK_ROWS:
            return self._find(queries, limit)
        return _in_blocks(queries.shape[0], lambda block: self._find(queries[block], limit))

    def _find(self, queries: sp.csr_matrix, limit: int) -> sp.csr_matrix:
        if self.postings is None or self.links is None:
            return self._find_exactly(queries, limit)
        cheap = self._is_cheap(queries)
        order = np.argsort(np.concatenate([np.flatnonzero(cheap), np.flatnonzero(~cheap)]))
        parts = [self._find_exactly(queries[cheap], limit)]
        if not cheap.all():
            parts.append(self._search(queries[~cheap], limit, self.postings, self.links))
        return sp.vstack(parts, format="csr")[order]

    def _is_cheap(self, queries: sp.csr_matrix) -> np.ndarray:
        """Return of which queries all products are to be computed, bool (M,)."""
        ends = np.cumsum(
            np.append(0, self.by_column.indptr[queries.indices + 1] - self.by_column.indptr[queries.indices])
        )
        products, words = np.diff(ends[queries.indptr]), np.diff(queries.indptr)
        return np.asarray(products <= np.where(words <= FEW, EXACT_FEW_PRODUCTS, EXACT_QUERY_PRODUCTS))

    def _find_exactly(self, queries: sp.csr_matrix, limit: int) -> sp.csr_matrix:
        return keep_strongest((queries @ self.by_column).tocsr(), limit)

    def _search(
        self, queries: sp.csr_matrix, limit: int, postings: sp.csr_matrix, links: sp.csr_matrix
    ) -> sp.csr_matrix:
        found = _search(queries, self.rows, postings, QUERY_BOUNDS.candidates)
        nearest = keep_strongest(found, FORWARD)
        further = keep_strongest(links[nearest.indices], FORWARD + REVERSE)
        to_nearest = (nearest.data, np.arange(nearest.nnz), nearest.indptr)
        pairs = (sp.csr_matrix(to_nearest, shape=(queries.shape[0], nearest.nnz)) @ further).tocsr()
        return keep_strongest(found.maximum(multiply_pairs(queries, self.rows, pairs)).tocsr(), limit)


def keep_strongest(matrix: sp.csr_matrix, limit: int) -> sp.csr_matrix:
    """Return the matrix with each row's `limit` largest cells, of equal ones the first; no row depends on others."""
    lengths = np.diff(matrix.indptr)
    kept = np.repeat(lengths <= limit, lengths)
    for some in _rows_of_like_length(lengths, limit):
        starts = matrix.indptr[some].astype(np.int64)[:, None]
        column = np.arange(lengths[some[0]])
        cells = np.minimum(starts + column, matrix.nnz - 1)
        weakness = np.where(column < lengths[some][:, None], -matrix.data[cells], np.inf)
        last = np.partition(weakness, limit - 1, axis=1)[:, limit - 1 : limit]
        stronger, equal = weakness < last, weakness == last
        equal &= np.cumsum(equal, axis=1) <= limit - stronger.sum(axis=1, keepdims=True)
        kept[cells[stronger | equal]] = True
    ends = np.concatenate([[0], np.cumsum(np.minimum(lengths, limit))])
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape)


def multiply_pairs(queries: sp.csr_matrix, rows: sp.csr_matrix, pairs: sp.csr_matrix) -> sp.csr_matrix:
    """Return the products of those queries (M, W) and rows (P, W) that `pairs` CSR (M, P) has a cell for."""
    lengths, width = np.diff(rows.indptr)[pairs.indices], rows.shape[1]
    query_of = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    most_queries = max(1, DENSE_CELLS // max(1, width))
    dense = np.zeros(min(most_queries, pairs.shape[0]) * width, np.float32)
    products = np.empty(pairs.nnz, np.float32)
    for some in _runs_of_pairs(lengths, query_of, most_queries):
        first, last = query_of[some.start], query_of[some.stop - 1]
        asked = queries[first : last + 1]
        places = asked.indices + np.repeat(np.arange(last - first + 1) * width, np.diff(asked.indptr))
        dense[places] = asked.data
        gathered = rows[pairs.indices[some]]
        offsets = ((query_of[some] - first) * width).astype(gathered.indices.dtype)
        gathered.indices += np.repeat(offsets, lengths[some])  # each query has columns of its own in `dense`
        cells = (gathered.data, gathered.indices, gathered.indptr)
        products[some] = sp.csr_matrix(cells, shape=(gathered.shape[0], len(dense))) @ dense
        dense[places] = 0
    return sp.csr_matrix((products, pairs.indices, pairs.indptr), shape=pairs.shape)


def _search(queries: sp.csr_matrix, rows: sp.csr_matrix, postings: sp.csr_matrix, candidates: int) -> sp.csr_matrix:
    """Return the products with the best candidates by the queries' heaviest columns, CSR (M, P)."""
    best = keep_strongest((keep_strongest(queries, TERMS) @ postings).tocsr(), candidates)
    return multiply_pairs(queries, rows, best)


def _in_blocks(count: int, search: Callable[[slice], sp.csr_matrix]) -> sp.csr_matrix:
    """Search for `count` rows a block at a time, on all processors: SciPy's products let go of Python's lock."""
    blocks = [slice(start, start + BLOCK_ROWS) for start in range(0, count, BLOCK_ROWS)]
    with ThreadPoolExecutor(min(MAX_THREADS, os.cpu_count() or 1)) as threads:
        return sp.vstack(list(threads.map(search, blocks)), format="csr")


def _drop_own(found: sp.csr_matrix, start: int) -> sp.csr_matrix:
    own = np.repeat(np.arange(start, start + found.shape[0]), np.diff(found.indptr)) == found.indices
    found.data[own] = 0
    found.eliminate_zeros()
    return found


def _rows_of_like_length(lengths: np.ndarray, limit: int) -> Iterator[np.ndarray]:
    """Yield the rows of more than `limit` cells, the longest first, as many at once as CELLS has room for."""
    longer = np.flatnonzero(lengths > limit)
    longer = longer[np.argsort(-lengths[longer], kind="stable")]
    at = 0
    while at < len(longer):
        end = at + max(1, CELLS // int(lengths[longer[at]]))
        yield longer[at:end]
        at = end


def _runs_of_pairs(lengths: np.ndarray, query_of: np.ndarray, most_queries: int) -> Iterator[slice]:
    """Yield runs of pairs whose rows have CELLS cells in all or are one, and which belong to `most_queries`."""
    ends, at = np.cumsum(lengths, dtype=np.int64), 0
    while at < len(lengths):
        before = ends[at - 1] if at else 0
        full = int(np.searchsorted(ends, before + CELLS, side="right"))
        end = min(max(at + 1, full), int(np.searchsorted(query_of, query_of[at] + most_queries)))
        yield slice(at, end)
        at = end
