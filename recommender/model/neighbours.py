"""Graphs of papers: the nearest by text and by shared readers, and how far a preference spreads along them.

Nearest neighbours as in item-based top-N recommendation (Deshpande and Karypis 2004); one or two steps of the
symmetrically normalised graph as in learning with local and global consistency (Zhou et al. 2003); damped by a root,
much as P3alpha does (Cooper et al. 2014). Matrices are float32 CSR (P, P) unless stated otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.model.nearest import NearestIndex, find_nearest, keep_strongest

ONE_STEP_NEIGHBOURS = 50  # K of the one-step graph
TWO_STEP_NEIGHBOURS = 20  # K of the two-step graph by text alone
TWO_STEP_NEIGHBOURS_JOINT = 10  # K of the joint two-step graph, by each of text and readers
FEW_CELLS = 64  # a product of less than one cell in so many of a row is taken by looking rows up


@dataclass(frozen=True)
class Propagation:
    """The symmetric steps along one graph: `one_step` to all neighbours; `two_step`, walked twice, to the nearest."""

    one_step: sp.csr_matrix
    two_step: sp.csr_matrix

    def propagate(self, graph_rows: sp.csr_matrix) -> sp.csr_matrix:
        """Return how far `graph_rows` (n, P) reach the papers but their own, √(G(S₁ + S₂²)), float32 CSR (n, P)."""
        own = _single_graph_row(graph_rows)
        if (own >= 0).all():  # each is one paper: looking rows up is quicker than multiplying
            one_step, first = self.one_step[own], self.two_step[own]
        else:
            one_step, first = graph_rows @ self.one_step, graph_rows @ self.two_step
        reach = (one_step + _multiply(first, self.two_step)).tocsr()
        reach.data[reach.indices == np.repeat(own, np.diff(reach.indptr))] = 0
        np.sqrt(reach.data, out=reach.data)
        return reach


@dataclass(frozen=True)
class Graph:
    """`text` joins papers similar in words, `joint` also papers with readers in common; None without readers."""

    text: Propagation
    joint: Propagation | None


FindNearest = Callable[[sp.csr_matrix, int], sp.csr_matrix]


def find_alike(words: sp.csr_matrix, find: FindNearest = find_nearest) -> sp.csr_matrix:
    """Return the squared cosines of each paper's K nearest by TF-IDF rows (P, W), which `find` finds."""
    return _raise_to(find(words, ONE_STEP_NEIGHBOURS), 2)


def build_graph(
    words: sp.csr_matrix,
    liked: sp.csr_matrix,
    likeness: sp.csr_matrix | None = None,
    find: FindNearest = find_nearest,
) -> tuple[Graph, sp.csr_matrix]:
    """Build the graphs from TF-IDF rows (P, W), or what `find_alike` made of them, and readers' weights (U, P) above 0.

    Also return `neighbours` (P, P): each paper's K nearest by text, rows summing to one.
    """
    likeness = find_alike(words, find) if likeness is None else likeness
    neighbours = _normalize_rows(likeness)
    text = Propagation(_normalize_step(likeness), _normalize_step(keep_strongest(likeness, TWO_STEP_NEIGHBOURS)))
    if liked.nnz == 0:
        return Graph(text, None), neighbours
    shared = find(weigh_readers(liked), ONE_STEP_NEIGHBOURS)
    nearest = [_normalize_rows(keep_strongest(one, TWO_STEP_NEIGHBOURS_JOINT)) for one in (shared, likeness)]
    return Graph(
        text,
        Propagation(_normalize_step(_normalize_rows(shared) + neighbours), _normalize_step(nearest[0] + nearest[1])),
    ), neighbours


def find_neighbours(words: sp.csr_matrix, papers: NearestIndex) -> sp.csr_matrix:
    """Return what `neighbours` would be for texts (M, W) not in the graph of `papers`: rows (M, P) summing to one."""
    return _normalize_rows(_raise_to(papers.find(words, ONE_STEP_NEIGHBOURS), 2))


def weigh_readers(liked: sp.csr_matrix) -> sp.csr_matrix:
    """Return the papers' readers (P, U), readers damped by how much they read, rows of nearly unit length."""
    papers_each = np.diff(liked.indptr)
    weighed = sp.diags((1 / np.sqrt(1 + papers_each)).astype(np.float32)) @ (liked > 0).astype(np.float32)
    length = np.asarray(weighed.multiply(weighed).sum(axis=0)).ravel()
    return (weighed @ sp.diags((1 / np.sqrt(length + 0.5)).astype(np.float32))).T.tocsr()


def _multiply(few: sp.csr_matrix, graph: sp.csr_matrix) -> sp.csr_matrix:
    """Return the product of `few` rows (n, P) with a graph (P, P), float32 CSR (n, P)."""
    if few.nnz * FEW_CELLS > graph.shape[1]:
        return few @ graph
    # SciPy's product clears two arrays of P for it; looking up the rows that count costs these rows alone.
    rows = graph[few.indices]
    lengths = np.diff(rows.indptr)
    owners = np.repeat(np.repeat(np.arange(few.shape[0]), np.diff(few.indptr)), lengths)
    cells = (rows.data * np.repeat(few.data, lengths), (owners, rows.indices))
    return sp.coo_matrix(cells, shape=few.shape).tocsr()


def _single_graph_row(graph_rows: sp.csr_matrix) -> np.ndarray:
    """Return the one paper of each row, int64 (n,), or -1 if it has none or several."""
    found = np.full(graph_rows.shape[0], -1)
    single = np.flatnonzero(np.diff(graph_rows.indptr) == 1)
    found[single] = graph_rows.indices[graph_rows.indptr[single]]
    return found


def _normalize_step(graph: sp.csr_matrix) -> sp.csr_matrix:
    """Return D^-½ (A + Aᵀ) D^-½ of a graph A, so that papers with many neighbours weigh no more than others."""
    both = (graph + graph.T).tocsr()
    scale = sp.diags((1 / np.sqrt(np.asarray(both.sum(axis=1)).ravel() + 1e-6)).astype(np.float32))
    return (scale @ both @ scale).tocsr().astype(np.float32)


def _normalize_rows(graph: sp.csr_matrix) -> sp.csr_matrix:
    total = np.asarray(graph.sum(axis=1)).ravel()
    scale = 1 / np.where(total > 0, total, 1)
    return (sp.diags(scale.astype(np.float32)) @ graph).tocsr().astype(np.float32)


def _raise_to(graph: sp.csr_matrix, power: float) -> sp.csr_matrix:
    raised = graph.copy()
    raised.data = (np.maximum(raised.data, 0) ** power).astype(np.float32)
    return raised
