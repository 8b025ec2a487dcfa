"""What a catalogue scores: the model's papers and newer ones, in two blocks that never change once made.

Axes: N papers on the shelf, W words, D factors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.model import Model
from recommender.tables import Papers
from recommender.vocabulary import Vocabulary, texts_of

_ARRAYS = ("vectors", "published", "upvotes", "readers", "trained")


@dataclass(frozen=True)
class Block:
    """Papers side by side: `words` float32 CSR (n, W), `vectors` float32 (n, D), facts (n,); nan is unknown."""

    ids: Sequence[str]
    titles: Sequence[str]
    words: sp.csr_matrix
    vectors: np.ndarray
    published: np.ndarray
    upvotes: np.ndarray
    readers: np.ndarray
    trained: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def block_of(model: Model) -> Block:
    """Return the model's own papers."""
    trained = np.ones(len(model.ids), bool)
    facts = (model.published, model.upvotes, model.readers, trained)
    return Block(model.ids, model.titles, model.words, model.stack.papers, *facts)


def placed_by_words(papers: Papers, vocabulary: Vocabulary) -> Block:
    """Return papers as they stand before any training: words and facts, vectors of no dimension."""
    words, vectors = vocabulary.rows(texts_of(papers)), np.zeros((len(papers), 0), np.float32)
    facts = (papers.published, papers.upvotes, np.zeros(len(papers), np.float32), np.zeros(len(papers), bool))
    return Block(papers.ids, papers.titles, words, vectors, *facts)


def folded_in(model: Model, papers: Papers, row_of: Mapping[str, int]) -> Block:
    """Return papers newer than the model, placed by their words.

    One that training knew (`row_of` gives its row) brings new text or facts; what its readers taught stays.
    """
    words, vectors = model.words_and_vectors(papers)
    readers, trained = np.zeros(len(papers), np.float32), np.zeros(len(papers), bool)
    for at, row in ((at, row_of[paper]) for at, paper in enumerate(papers.ids) if paper in row_of):
        readers[at], trained[at] = model.readers[row], True
        if readers[at]:
            vectors[at] = model.stack.papers[row]
    return Block(papers.ids, papers.titles, words, vectors, papers.published, papers.upvotes, readers, trained)


def joined(one: Block, other: Block) -> Block:
    """Return both blocks as one; a paper of `one` that is also in `other` is left out."""
    replaced = set(other.ids)
    kept = [row for row, paper in enumerate(one.ids) if paper not in replaced]
    arrays = {name: np.concatenate([getattr(one, name)[kept], getattr(other, name)]) for name in _ARRAYS}
    return Block(
        ids=[*(one.ids[row] for row in kept), *other.ids],
        titles=[*(one.titles[row] for row in kept), *other.titles],
        words=sp.vstack([one.words[kept], other.words], format="csr"),
        **arrays,
    )


class Shelf:
    """Blocks as one table of N rows; of an id that is in two blocks the later one stands."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = [block for block in blocks if len(block)] or list(blocks[:1])
        self.starts = np.cumsum([0] + [len(block) for block in self.blocks])
        self.ids: list[str] = [paper for block in self.blocks for paper in block.ids]
        self.row_of = {paper: row for row, paper in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def title(self, row: int) -> str:
        """Return the title of a row, empty where unknown."""
        block, at = self._place(row)
        return block.titles[at]

    @cached_property
    def stands(self) -> np.ndarray:
        """Bool (N,): false for rows that a later one replaced."""
        stands = np.zeros(len(self), bool)
        stands[list(self.row_of.values())] = True
        return stands

    @cached_property
    def place_of_id(self) -> np.ndarray:
        """Int64 (N,): each row's place in the order of ids, for ties."""
        places = np.empty(len(self), np.int64)
        places[sorted(range(len(self)), key=self.ids.__getitem__)] = np.arange(len(self))
        return places

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
    def trained(self) -> np.ndarray:
        """Bool (N,): the model was trained with the paper in it."""
        return np.concatenate([block.trained for block in self.blocks])

    @cached_property
    def has_words(self) -> np.ndarray:
        """Bool (N,): at least one known word."""
        return np.concatenate([np.diff(block.words.indptr) > 0 for block in self.blocks])

    def words(self, rows: np.ndarray) -> sp.csr_matrix:
        """Return the TF-IDF rows (n, W) of row numbers."""
        return sp.vstack([block.words[at] for block, at in map(self._place, rows.tolist())], format="csr")

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors (n, D) of row numbers."""
        return np.stack([block.vectors[at] for block, at in map(self._place, rows.tolist())])

    def times_vector(self, vector: np.ndarray) -> np.ndarray:
        """Return the product of every paper's vector with one (D,), float32 (N,)."""
        return np.concatenate([block.vectors @ vector for block in self.blocks])

    def times_words(self, words: np.ndarray) -> np.ndarray:
        """Return the product of every paper's TF-IDF row with weights of words (W,), float32 (N,)."""
        return np.concatenate([block.words @ words for block in self.blocks])

    def _place(self, row: int) -> tuple[Block, int]:
        block = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.blocks[block], row - int(self.starts[block])
