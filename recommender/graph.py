"""Papers as a graph: each one's nearest by text and by shared readers, and how far liking one reaches from there.

P papers; matrices are float32 CSR (P, P).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import ItemItemRecommender

NEAREST = 30  # neighbours a paper keeps
STAY = 0.5  # how much of a step stays where it is


@dataclass(frozen=True)
class Graph:
    """Symmetric steps: `text` between papers alike in words, `joint` also between those with readers in common.

    `joint` is empty where no paper has a reader.
    """

    text: sp.csr_matrix
    joint: sp.csr_matrix


def build_graph(words: sp.csr_matrix, liked: sp.csr_matrix) -> tuple[Graph, sp.csr_matrix]:
    """Build from TF-IDF rows (P, W) and readers' papers (U, P).

    With it comes `near` (P, P): each paper's nearest by text, rows summing to one.
    """
    likeness = _nearest(words, NEAREST)
    near = _rows_to_one(_power(likeness, 2))
    text = _step(_power(likeness, 2))
    if liked.nnz == 0:
        return Graph(text, sp.csr_matrix(near.shape, dtype=np.float32)), near
    shared = _rows_to_one(_nearest(_readers_of(liked), NEAREST))
    return Graph(text, _step(shared + near)), near


def reach(step: sp.csr_matrix, places: sp.csr_matrix) -> sp.csr_matrix:
    """Return how much liking what stands at each row of `places` (n, P) tells of every paper: two steps, rooted."""
    return _power(((places @ step) @ step).tocsr(), 0.5)


def nearest_to(words: sp.csr_matrix, papers_by_word: sp.csr_matrix) -> sp.csr_matrix:
    """Return what `near` would be for texts (N, W) not in the graph: rows (N, P) summing to one.

    `papers_by_word` (W, P) is the transpose of the papers' TF-IDF rows.
    """
    likeness = (words @ papers_by_word).tocsr()
    return _rows_to_one(_power(_strongest(likeness, NEAREST), 2))


def _readers_of(liked: sp.csr_matrix) -> sp.csr_matrix:
    """Return papers' readers (P, U), each reader counting less the more they read, each paper of near unit length."""
    papers_each = np.diff(liked.indptr)
    weighed = sp.diags((1 / np.sqrt(1 + papers_each)).astype(np.float32)) @ (liked > 0).astype(np.float32)
    length = np.asarray(weighed.multiply(weighed).sum(axis=0)).ravel()
    return (weighed @ sp.diags((1 / np.sqrt(length + 0.5)).astype(np.float32))).T.tocsr()


def _nearest(rows: sp.csr_matrix, most: int) -> sp.csr_matrix:
    """Return each row's strongest products with the others, its own left out."""
    model = ItemItemRecommender(K=most + 1)
    model.fit(rows.T.tocsr().astype(np.float64), show_progress=False)
    found = model.similarity.tocsr()
    found.setdiag(0)
    found.eliminate_zeros()
    return found.astype(np.float32)


def _step(graph: sp.csr_matrix) -> sp.csr_matrix:
    """Return the symmetric step along a graph, scaled so that much visited papers weigh no more than others."""
    both = (graph + graph.T).tocsr()
    scale = sp.diags((1 / np.sqrt(np.asarray(both.sum(axis=1)).ravel() + 1e-6)).astype(np.float32))
    step = sp.identity(both.shape[0], dtype=np.float32, format="csr") * STAY + scale @ both @ scale
    return step.tocsr().astype(np.float32)


def _rows_to_one(graph: sp.csr_matrix) -> sp.csr_matrix:
    total = np.asarray(graph.sum(axis=1)).ravel()
    scale = 1 / np.where(total > 0, total, 1)
    return (sp.diags(scale.astype(np.float32)) @ graph).tocsr().astype(np.float32)


def _power(graph: sp.csr_matrix, power: float) -> sp.csr_matrix:
    raised = graph.copy()
    raised.data = (np.maximum(raised.data, 0) ** power).astype(np.float32)
    return raised


def _strongest(graph: sp.csr_matrix, most: int) -> sp.csr_matrix:
    rows = []
    for row in range(graph.shape[0]):
        cells = slice(graph.indptr[row], graph.indptr[row + 1])
        weights, columns = graph.data[cells], graph.indices[cells]
        kept = np.argpartition(-weights, most)[:most] if len(weights) > most else np.arange(len(weights))
        rows.append((weights[kept], columns[kept]))
    counts = np.concatenate([[0], np.cumsum([len(weights) for weights, _ in rows])])
    weights = np.concatenate([*(one for one, _ in rows), np.empty(0, np.float32)])
    columns = np.concatenate([*(one for _, one in rows), np.empty(0, np.int32)])
    return sp.csr_matrix((weights, columns.astype(np.int32), counts), shape=graph.shape, dtype=np.float32)
