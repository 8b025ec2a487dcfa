"""The papers a catalogue scores, as one table of immutable blocks: the model's papers, then newer ones.

Axes: N papers in the index or block, P papers of the model, M row numbers asked for, W words, D factors.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.data.tables import Papers
from recommender.features.metadata import paper_names
from recommender.features.name_index import Name, NameIndex
from recommender.features.tfidf import Vocabulary, paper_texts
from recommender.model.model import Model
from recommender.model.neighbours import find_neighbours

_LISTS = ("ids", "titles", "names")
_ARRAYS = ("foldin_vectors", "scoring_vectors", "published", "upvotes", "readers", "trained")
_MATRICES = ("words", "neighbours")


@dataclass(frozen=True)
class PaperBlock:
    """Columns of N papers.

    `words` float32 CSR (N, W) are TF-IDF rows. Readers are folded in on `foldin_vectors` float32 (N, D); papers are
    scored by `scoring_vectors` float32 (N, D). `neighbours` float32 CSR (N, P) are the papers' nearest on the model's
    graph, with weights; None for the model's own papers, which are nodes of it. `published` float64 (N,) epoch seconds
    and `upvotes` float32 (N,) are nan where unknown. `readers` float32 (N,) counts who opened or saved each paper when
    the model was trained, `trained` bool (N,) whether it was trained with the paper in it. `names` (N,) are the papers'
    authors, categories and organisations; the model's own papers have none here, but an index of them, `stored_names`.
    """

    ids: Sequence[str]
    titles: Sequence[str]
    words: sp.csr_matrix
    foldin_vectors: np.ndarray
    scoring_vectors: np.ndarray
    neighbours: sp.csr_matrix | None
    published: np.ndarray
    upvotes: np.ndarray
    readers: np.ndarray
    trained: np.ndarray
    names: Sequence[Sequence[str]] = ()
    stored_names: NameIndex | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def by_word(self) -> sp.csr_matrix:
        """The words transposed, float32 CSR (W, N), to look papers up by a word."""
        return self.words.T.tocsr()

    @cached_property
    def name_index(self) -> NameIndex:
        """The papers of every name; made when the first reader who follows a name asks."""
        return NameIndex.build(self.names) if self.stored_names is None else self.stored_names

    def without(self, ids: Collection[str]) -> PaperBlock:
        """Return the block without these papers."""
        kept = [row for row, paper in enumerate(self.ids) if paper not in ids]
        arrays: dict[str, Any] = {name: getattr(self, name)[kept] for name in (*_ARRAYS, "words")}
        arrays |= {name: [getattr(self, name)[row] for row in kept] for name in _LISTS}
        return PaperBlock(neighbours=None if self.neighbours is None else self.neighbours[kept], **arrays)


def model_block(model: Model) -> PaperBlock:
    """Return the block of the model's own papers."""
    trained = np.ones(len(model.ids), bool)
    facts = (model.published, model.upvotes, model.readers, trained)
    vectors = (model.factors.papers, model.scoring_vectors)
    return PaperBlock(model.ids, model.titles, model.words, *vectors, None, *facts, stored_names=model.name_index)


def untrained_block(papers: Papers, vocabulary: Vocabulary) -> PaperBlock:
    """Return a block of papers before any training: words and facts, with vectors of no dimension."""
    words, foldin_vectors = vocabulary.rows(paper_texts(papers)), np.zeros((len(papers), 0), np.float32)
    facts = (papers.published, papers.upvotes, np.zeros(len(papers), np.float32), np.zeros(len(papers), bool))
    return PaperBlock(
        papers.ids,
        papers.titles,
        words,
        foldin_vectors,
        foldin_vectors,
        sp.csr_matrix((len(papers), 0), dtype=np.float32),
        *facts,
        names=paper_names(papers),
    )


def fold_in_papers(
    model: Model, papers: Papers, row_of: Mapping[str, int], papers_by_word: sp.csr_matrix
) -> PaperBlock:
    """Return a block of papers newer than the model, folded in from their words.

    `row_of` maps the ids the model knows to its rows: such a paper brings new text or facts, but where readers placed
    it, it stays. `papers_by_word` float32 CSR (W, P) is `by_word` of the model's block.
    """
    words, foldin_vectors = model.fold_in_texts(papers)
    neighbours = find_neighbours(words, papers_by_word)
    scoring_vectors = model.cold_adjustment.apply(foldin_vectors, neighbours @ model.factors.papers)
    readers, trained = np.zeros(len(papers), np.float32), np.zeros(len(papers), bool)
    nodes = neighbours.tolil()
    for at, row in ((at, row_of[paper]) for at, paper in enumerate(papers.ids) if paper in row_of):
        readers[at], trained[at] = model.readers[row], True
        if readers[at]:
            foldin_vectors[at], scoring_vectors[at] = model.factors.papers[row], model.scoring_vectors[row]
            nodes.rows[at], nodes.data[at] = [row], [1.0]
    columns = (papers.ids, papers.titles, words, foldin_vectors, scoring_vectors, nodes.tocsr())
    facts = (papers.published, papers.upvotes, readers, trained)
    return PaperBlock(*columns, *facts, names=paper_names(papers))


def merge_blocks(one: PaperBlock, other: PaperBlock) -> PaperBlock:
    """Return both blocks as one; of a paper in both, the row in `other` stays."""
    replaced = set(other.ids)
    kept = [row for row, paper in enumerate(one.ids) if paper not in replaced]
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(one, name)[kept], getattr(other, name)]) for name in _ARRAYS
    }
    matrices = {name: sp.vstack([getattr(one, name)[kept], getattr(other, name)], format="csr") for name in _MATRICES}
    lists: dict[str, Any] = {
        name: [*(getattr(one, name)[row] for row in kept), *getattr(other, name)] for name in _LISTS
    }
    return PaperBlock(**lists, **arrays, **matrices)


class PaperIndex:
    """Blocks as one table of N rows; of an id in two blocks, the later row is current.

    `below` is an index of all blocks but the last, whose ids need not be numbered again.
    """

    def __init__(self, blocks: Sequence[PaperBlock], below: PaperIndex | None = None) -> None:
        self.blocks = [block for block in blocks if len(block)] or list(blocks[:1])
        self.block_starts = np.cumsum([0] + [len(block) for block in self.blocks])
        self._below = below if below is not None and len(below) else None
        new = self.blocks if self._below is None else self.blocks[len(self._below.blocks) :]
        self.ids: list[str] = [
            *(self._below.ids if self._below else ()),
            *(paper for block in new for paper in block.ids),
        ]
        self.row_of: dict[str, int] = dict(self._below.row_of) if self._below else {}
        first = len(self._below) if self._below else 0
        self.row_of.update((paper, row) for row, paper in enumerate(self.ids[first:], first))

    def __len__(self) -> int:
        return len(self.ids)

    def title(self, row: int) -> str:
        """Return the title of a row, empty where unknown."""
        block, at = self._locate(row)
        return block.titles[at]

    @cached_property
    def is_current(self) -> np.ndarray:
        """Bool (N,): false for rows that a later one replaced."""
        current = np.zeros(len(self), bool)
        current[list(self.row_of.values())] = True
        return current

    @cached_property
    def id_order(self) -> np.ndarray:
        """Int64 (N,): each row's rank in the order of ids, to break ties; the index below comes first."""
        below = self._below.id_order if self._below else np.empty(0, np.int64)
        ids = self.ids[len(below) :]
        order = np.empty(len(ids), np.int64)
        order[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids)) + len(below)
        return np.concatenate([below, order])

    @cached_property
    def published(self) -> np.ndarray:
        """Float64 (N,): epoch seconds, nan unknown."""
        return np.concatenate([block.published for block in self.blocks])

    @cached_property
    def upvotes(self) -> np.ndarray:
        """Float32 (N,): upvotes, nan unknown."""
        return np.concatenate([block.upvotes for block in self.blocks])

    @cached_property
    def readers(self) -> np.ndarray:
        """Float32 (N,): how many readers opened or saved each paper when the model was trained."""
        return np.concatenate([block.readers for block in self.blocks])

    @cached_property
    def has_readers(self) -> bool:
        """Whether the model was trained with any reader."""
        return bool(self.readers.any())

    @cached_property
    def trained(self) -> np.ndarray:
        """Bool (N,): the model was trained with the paper."""
        return np.concatenate([block.trained for block in self.blocks])

    @cached_property
    def has_words(self) -> np.ndarray:
        """Bool (N,): the paper has at least one word of the vocabulary."""
        return np.concatenate([np.diff(block.words.indptr) > 0 for block in self.blocks])

    @cached_property
    def known(self) -> np.ndarray:
        """Bool (N,): there is anything to score the paper by."""
        return self.trained | self.has_words | ~np.isnan(self.published) | ~np.isnan(self.upvotes)

    @cached_property
    def log_upvotes(self) -> np.ndarray:
        """Float32 (N,): log1p of the upvotes, 0 where unknown."""
        return np.log1p(np.nan_to_num(self.upvotes))

    @cached_property
    def log_readers(self) -> np.ndarray:
        """Float32 (N,): log1p of the readers."""
        return np.log1p(self.readers)

    def rows_of(self, name: Name) -> np.ndarray:
        """Return the index rows of the papers that have a name, int64, in order."""
        starts = self.block_starts.tolist()
        return np.concatenate(
            [block.name_index.find(name) + start for block, start in zip(self.blocks, starts, strict=False)]
        )

    def words(self, rows: np.ndarray) -> sp.csr_matrix:
        """Return the TF-IDF rows of index rows (M,), float32 CSR (M, W)."""
        return self._sparse_rows([block.words for block in self.blocks], rows)

    def graph_rows(self, rows: np.ndarray) -> sp.csr_matrix:
        """Return index rows (M,) as rows over the model's papers, float32 CSR (M, P).

        A paper of the model is a one in its own column, a newer paper the weights of its neighbours.
        """
        size = len(self.blocks[0])
        ones = (np.ones(len(rows), np.float32), np.minimum(rows, max(size - 1, 0)), np.arange(len(rows) + 1))
        identity = sp.csr_matrix(ones, shape=(len(rows), size))
        newer = np.flatnonzero(rows >= size)
        if not len(newer):
            return identity
        old = sp.diags((rows < size).astype(np.float32)) @ identity
        neighbours = self._sparse_rows([block.neighbours for block in self.blocks[1:]], rows[newer] - size)
        scatter = sp.csr_matrix(
            (np.ones(len(newer), np.float32), (newer, np.arange(len(newer)))), shape=(len(rows), len(newer))
        )
        return (old + scatter @ neighbours).tocsr().astype(np.float32)

    def foldin_vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors that readers are folded in on, of index rows (M,), float32 (M, D)."""
        return self._dense_rows([block.foldin_vectors for block in self.blocks], rows)

    def scoring_vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors that papers are scored by, of index rows (M,), float32 (M, D)."""
        return self._dense_rows([block.scoring_vectors for block in self.blocks], rows)

    @cached_property
    def scoring_norms(self) -> np.ndarray:
        """Float32 (N,): the norms of the scoring vectors, none of them zero."""
        return np.maximum(
            np.concatenate([np.linalg.norm(block.scoring_vectors, axis=1) for block in self.blocks]), 1e-12
        )

    def dot_vector(self, vector: np.ndarray) -> np.ndarray:
        """Return the product of every scoring vector with `vector` (D,), float32 (N,)."""
        return np.concatenate([block.scoring_vectors @ vector for block in self.blocks])

    def dot_words(self, words: np.ndarray) -> np.ndarray:
        """Return the product of every TF-IDF row with the weights of words (W,), float32 (N,)."""
        used = np.flatnonzero(words)
        first = self.blocks[0].by_word[used].T @ words[used]  # reads only the papers that have these words
        return np.concatenate([first, *(block.words @ words for block in self.blocks[1:])])

    def extend(self, scores: np.ndarray) -> np.ndarray:
        """Extend scores (P,) of the model's papers to all, float32 (N,): newer ones get those of their neighbours."""
        return np.concatenate([scores, *(block.neighbours @ scores for block in self.blocks[1:])])

    def _dense_rows(self, arrays: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
        vectors = np.empty((len(rows), arrays[0].shape[1]), np.float32)
        for array, start, end in zip(arrays, self.block_starts, self.block_starts[1:], strict=False):
            inside = (rows >= start) & (rows < end)
            vectors[inside] = array[rows[inside] - start]
        return vectors

    def _sparse_rows(self, matrices: list[sp.csr_matrix], rows: np.ndarray) -> sp.csr_matrix:
        if not len(rows) or rows.max() < matrices[0].shape[0]:
            return matrices[0][rows]
        starts = np.cumsum([0] + [matrix.shape[0] for matrix in matrices])
        inside = [np.flatnonzero((rows >= start) & (rows < end)) for start, end in itertools.pairwise(starts)]
        parts = [matrix[rows[some] - start] for matrix, some, start in zip(matrices, inside, starts, strict=False)]
        return sp.vstack(parts, format="csr")[np.argsort(np.concatenate(inside))]

    def _locate(self, row: int) -> tuple[PaperBlock, int]:
        block = int(np.searchsorted(self.block_starts, row, side="right")) - 1
        return self.blocks[block], row - int(self.block_starts[block])
