"""The linear item-item part: how much each paper is liked, predicted from its neighbours' by readers and words at once.

Ridge regression of each paper on a fixed, small set of others: SLIM (Ning and Karypis 2011) with the support given, as
EASE (Steck 2019) without the inverse of all papers; the words are further rows beside the readers, as in collective
EASE (Jeunen, Van Balen and Goethals 2020). Matrices are float32 CSR (P, P) unless stated otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from recommender.model.nearest import keep_strongest

NEIGHBOURS = 50  # K papers that each is predicted from; 100 are no better, 30 a little worse
TERMS = 20  # heaviest words of a paper that count; the others take most of the time
WORD_ROWS = 10.0  # what all words of a paper count beside one reader
RIDGE = 50.0
PAPERS_AT_ONCE = 4096  # whose neighbours' rows are gathered together, to bound memory


@dataclass(frozen=True)
class ItemRegression:
    """`weights` (P, P): what a preference for the row's paper adds to the prediction for the column's."""

    weights: sp.csr_matrix

    def propagate(self, graph_rows: sp.csr_matrix) -> sp.csr_matrix:
        """Return what `graph_rows` (n, P) add to the papers' predictions, float32 CSR (n, P)."""
        return (graph_rows @ self.weights).tocsr()


def fit_item_regression(
    words: sp.csr_matrix,
    liked: sp.csr_matrix,
    graph: sp.csr_matrix,
    earlier: tuple[ItemRegression, np.ndarray] | None = None,
) -> ItemRegression:
    """Fit to TF-IDF rows (P, W) and readers' weights (U, P) above 0; a paper's neighbours are those of `graph`.

    A paper that nobody has read is predicted by its words elsewhere, and is left out. `earlier` is what was fitted to
    the same papers and other readers, and how many each paper had then (P,): where that is unchanged, it stays.
    Takes K products of short rows a paper, some .2 ms, whatever the number of papers and readers.
    """
    readers, words = (liked > 0).astype(np.float32).T.tocsr(), keep_strongest(words, TERMS)
    nearest, readers_each = keep_strongest(graph, NEIGHBOURS), np.diff(readers.indptr)
    changed = readers_each > 0 if earlier is None else (readers_each > 0) & (readers_each != earlier[1])
    read = np.flatnonzero(changed)
    data, indices, lengths = [], [], np.zeros(len(words.indptr) - 1, np.int64)
    with threadpool_limits(1, "blas"):  # many small systems, for each of which a second thread costs more than it does
        for start in range(0, len(read), PAPERS_AT_ONCE):
            some = read[start : start + PAPERS_AT_ONCE]
            rows = np.unique(np.concatenate([some, nearest[some].indices]))
            table = sp.hstack([readers[rows], words[rows] * np.float32(np.sqrt(WORD_ROWS))], format="csr")
            for paper in some.tolist():
                of = nearest.indices[nearest.indptr[paper] : nearest.indptr[paper + 1]]
                of = np.sort(of[of != paper])
                data.append(_solve(table[np.searchsorted(rows, np.append(of, paper))]))
                indices.append(of)
                lengths[paper] = len(of)
    cells = (np.concatenate([np.empty(0, np.float32), *data]), np.concatenate([np.empty(0, np.int32), *indices]))
    predicted = sp.csr_matrix((*cells, np.concatenate([[0], np.cumsum(lengths)])), shape=graph.shape)
    if earlier is not None:
        kept = sp.diags(((readers_each > 0) & ~changed).astype(np.float32))
        predicted = (predicted + kept @ earlier[0].weights.T).tocsr()
    return ItemRegression(predicted.T.tocsr())


def _solve(rows: sp.csr_matrix) -> np.ndarray:
    """Return the weights, float32 (K,), that predict the last of the rows (K + 1, U + W) from the others."""
    gram = (rows @ rows.T).toarray()
    matrix = gram[:-1, :-1]
    matrix[np.diag_indices_from(matrix)] += np.float32(RIDGE)
    return np.asarray(np.linalg.solve(matrix, gram[:-1, -1]), np.float32)
