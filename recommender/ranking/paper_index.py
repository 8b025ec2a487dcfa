"""What a catalogue scores: the model's papers and newer ones, in two blocks that never change once made.

Axes: N papers in the index, W words, D factors.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.data.tables import Papers
from recommender.features.tfidf import Vocabulary, paper_texts
from recommender.model.model import Model
from recommender.model.neighbours import find_neighbours

_ARRAYS = ("foldin_vectors", "scoring_vectors", "published", "upvotes", "readers", "trained")
_MATRICES = ("words", "neighbours")


@dataclass(frozen=True)
class PaperBlock:
    """Papers side by side: `words` float32 CSR (n, W), facts (n,), nan unknown.

    `foldin_vectors` float32 (n, D) are what a reader is folded in on, `scoring_vectors` (n, D) what papers are scored
    by. `neighbours` float32 CSR (n, P): where on the model's graph each stands; None for the model's own papers, which
    stand where they are.
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

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def by_word(self) -> sp.csr_matrix:
        """Float32 (W, n): the words the other way round, to look papers up by a word."""
        return self.words.T.tocsr()

    def without(self, ids: Collection[str]) -> PaperBlock:
        """Return the block without these papers."""
        kept = [row for row, paper in enumerate(self.ids) if paper not in ids]
        arrays = {name: getattr(self, name)[kept] for name in (*_ARRAYS, "words")}
        neighbours = None if self.neighbours is None else self.neighbours[kept]
        return PaperBlock(
            [self.ids[row] for row in kept], [self.titles[row] for row in kept], neighbours=neighbours, **arrays
        )


def model_block(model: Model) -> PaperBlock:
    """Return the model's own papers."""
    trained = np.ones(len(model.ids), bool)
    facts = (model.published, model.upvotes, model.readers, trained)
    return PaperBlock(model.ids, model.titles, model.words, model.factors.papers, model.scoring_vectors, None, *facts)


def block_by_words(papers: Papers, vocabulary: Vocabulary) -> PaperBlock:
    """Return papers as they stand before any training: words and facts, vectors of no dimension."""
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
    )


def fold_in_papers(
    model: Model, papers: Papers, row_of: Mapping[str, int], papers_by_word: sp.csr_matrix
) -> PaperBlock:
    """Return papers newer than the model, placed by their words.

    One that training knew (`row_of` gives its row) brings new text or facts; what its readers taught stays.
    """
    words, foldin_vectors = model.words_and_vectors(papers)
    neighbours = find_neighbours(words, papers_by_word)
    scoring_vectors = model.cold_adjustment.of(foldin_vectors, neighbours @ model.factors.papers)
    readers, trained = np.zeros(len(papers), np.float32), np.zeros(len(papers), bool)
    graph_rows = neighbours.tolil()
    for at, row in ((at, row_of[paper]) for at, paper in enumerate(papers.ids) if paper in row_of):
        readers[at], trained[at] = model.readers[row], True
        if readers[at]:
            foldin_vectors[at], scoring_vectors[at] = model.factors.papers[row], model.scoring_vectors[row]
            graph_rows.rows[at], graph_rows.data[at] = [row], [1.0]
    facts = (papers.published, papers.upvotes, readers, trained)
    return PaperBlock(papers.ids, papers.titles, words, foldin_vectors, scoring_vectors, graph_rows.tocsr(), *facts)


def merge_blocks(one: PaperBlock, other: PaperBlock) -> PaperBlock:
    """Return both blocks as one; a paper of `one` that is also in `other` is left out."""
    replaced = set(other.ids)
    kept = [row for row, paper in enumerate(one.ids) if paper not in replaced]
    arrays = {name: np.concatenate([getattr(one, name)[kept], getattr(other, name)]) for name in _ARRAYS}
    matrices = {name: sp.vstack([getattr(one, name)[kept], getattr(other, name)], format="csr") for name in _MATRICES}
    ids, titles = ([*(column[row] for row in kept), *more] for column, more in _texts(one, other))
    return PaperBlock(ids=ids, titles=titles, **arrays, **matrices)


def _texts(one: PaperBlock, other: PaperBlock) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    yield one.ids, other.ids
    yield one.titles, other.titles


class PaperIndex:
    """Blocks as one table of N rows; of an id that is in two blocks the later one stands.

    `below` is an index of all blocks but the last: what it knows of the ids is not worked out again.
    """

    def __init__(self, blocks: Sequence[PaperBlock], below: PaperIndex | None = None) -> None:
        self.blocks = [block for block in blocks if len(block)] or list(blocks[:1])
        self.starts = np.cumsum([0] + [len(block) for block in self.blocks])
        self._below = below if below is not None and len(below) else None
        new = self.blocks if self._below is None else self.blocks[len(self._below.blocks) :]
        self.ids: list[str] = [*(self._below.ids if self._below else ()), *(one for block in new for one in block.ids)]
        self.row_of: dict[str, int] = dict(self._below.row_of) if self._below else {}
        first = len(self._below) if self._below else 0
        self.row_of.update((paper, row) for row, paper in enumerate(self.ids[first:], first))

    def __len__(self) -> int:
        return len(self.ids)

    def title(self, row: int) -> str:
        """Return the title of a row, empty where unknown."""
        block, at = self._place(row)
        return block.titles[at]

    @cached_property
    def is_current(self) -> np.ndarray:
        """Bool (N,): false for rows that a later one replaced."""
        is_current = np.zeros(len(self), bool)
        is_current[list(self.row_of.values())] = True
        return is_current

    @cached_property
    def place_of_id(self) -> np.ndarray:
        """Int64 (N,): each row's place in the order of ids, for ties; the index below comes first."""
        below = self._below.place_of_id if self._below else np.empty(0, np.int64)
        ids = self.ids[len(below) :]
        graph_rows = np.empty(len(ids), np.int64)
        graph_rows[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids)) + len(below)
        return np.concatenate([below, graph_rows])

    @cached_property
    def published(self) -> np.ndarray:
        """Float64 (N,) epoch seconds, nan unknown."""
        return np.concatenate([block.published for block in self.blocks])

    @cached_property
    def upvotes(self) -> np.ndarray:
        """Float32 (N,), nan unknown."""
        return np.concatenate([block.upvotes for block in self.blocks])

    @cached_property
    def readers(self) -> np.ndarray:
        """Float32 (N,) how many readers opened or saved each when the model was trained."""
        return np.concatenate([block.readers for block in self.blocks])

    @cached_property
    def read_at_all(self) -> bool:
        """Whether any reader stands behind the model."""
        return bool(self.readers.any())

    @cached_property
    def trained(self) -> np.ndarray:
        """Bool (N,): the model was trained with the paper in it."""
        return np.concatenate([block.trained for block in self.blocks])

    @cached_property
    def has_words(self) -> np.ndarray:
        """Bool (N,): at least one known word."""
        return np.concatenate([np.diff(block.words.indptr) > 0 for block in self.blocks])

    @cached_property
    def known(self) -> np.ndarray:
        """Bool (N,): there is anything to score the paper by."""
        return self.trained | self.has_words | ~np.isnan(self.published) | ~np.isnan(self.upvotes)

    @cached_property
    def log_upvotes(self) -> np.ndarray:
        """Float32 (N,) log1p of the upvotes, none where unknown."""
        return np.log1p(np.nan_to_num(self.upvotes))

    @cached_property
    def log_readers(self) -> np.ndarray:
        """Float32 (N,) log1p of the readers."""
        return np.log1p(self.readers)

    def words(self, rows: np.ndarray) -> sp.csr_matrix:
        """Return the TF-IDF rows (n, W) of row numbers."""
        return self._rows([block.words for block in self.blocks], rows)

    def graph_rows(self, rows: np.ndarray) -> sp.csr_matrix:
        """Return where on the model's graph rows stand, float32 (n, P)."""
        n = len(self.blocks[0])
        own = (np.ones(len(rows), np.float32), np.minimum(rows, max(n - 1, 0)), np.arange(len(rows) + 1))
        found = sp.csr_matrix(own, shape=(len(rows), n))
        newer = np.flatnonzero(rows >= n)
        if not len(newer):
            return found
        kept = sp.diags((rows < n).astype(np.float32)) @ found
        spots = self._rows([block.neighbours for block in self.blocks[1:]], rows[newer] - n)
        put = sp.csr_matrix(
            (np.ones(len(newer), np.float32), (newer, np.arange(len(newer)))), shape=(len(rows), len(newer))
        )
        return (kept + put @ spots).tocsr().astype(np.float32)

    def foldin_vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors (n, D) of row numbers that readers are folded in on."""
        return self._dense([block.foldin_vectors for block in self.blocks], rows)

    def scoring_vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors (n, D) of row numbers that papers are scored by."""
        return self._dense([block.scoring_vectors for block in self.blocks], rows)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Float32 (N,): the lengths of the shown vectors, none of them zero."""
        return np.maximum(
            np.concatenate([np.linalg.norm(block.scoring_vectors, axis=1) for block in self.blocks]), 1e-12
        )

    def times_vector(self, vector: np.ndarray) -> np.ndarray:
        """Return the product of every paper's shown vector with one (D,), float32 (N,)."""
        return np.concatenate([block.scoring_vectors @ vector for block in self.blocks])

    def times_words(self, words: np.ndarray) -> np.ndarray:
        """Return the product of every paper's TF-IDF row with weights of words (W,), float32 (N,)."""
        told = np.flatnonzero(words)
        first = self.blocks[0].by_word[told].T @ words[told]  # only the papers that have these words
        return np.concatenate([first, *(block.words @ words for block in self.blocks[1:])])

    def extend(self, scores: np.ndarray) -> np.ndarray:
        """Extend scores of the first block's papers to all: newer ones get those of where they stand."""
        return np.concatenate([scores, *(block.neighbours @ scores for block in self.blocks[1:])])

    def _dense(self, arrays: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), arrays[0].shape[1]), np.float32)
        for array, start, end in zip(arrays, self.starts, self.starts[1:], strict=False):
            mine = (rows >= start) & (rows < end)
            found[mine] = array[rows[mine] - start]
        return found

    def _rows(self, matrices: list[sp.csr_matrix], rows: np.ndarray) -> sp.csr_matrix:
        if not len(rows) or rows.max() < matrices[0].shape[0]:
            return matrices[0][rows]
        starts = np.cumsum([0] + [matrix.shape[0] for matrix in matrices])
        mine = [np.flatnonzero((rows >= start) & (rows < end)) for start, end in itertools.pairwise(starts)]
        picked = [matrix[rows[some] - start] for matrix, some, start in zip(matrices, mine, starts, strict=False)]
        return sp.vstack(picked, format="csr")[np.argsort(np.concatenate(mine))]

    def _place(self, row: int) -> tuple[PaperBlock, int]:
        block = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.blocks[block], row - int(self.starts[block])
