"""The papers a catalogue scores, as one table of immutable blocks: the model's papers, then newer ones.

Axes: N papers in the index or block, P papers of the model, M row numbers asked for, W words, D factors.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.data.strings import find_rows, take_strings
from recommender.data.tables import Papers
from recommender.features.metadata import paper_names
from recommender.features.name_index import Name, NameIndex
from recommender.features.tfidf import Vocabulary, paper_texts
from recommender.model.derived_columns import DerivedColumns
from recommender.model.model import Model
from recommender.model.neighbours import find_neighbours

_LISTS = ("ids", "titles", "names")
_ARRAYS = ("foldin_vectors", "scoring_vectors", "published", "upvotes", "readers", "trained", "id_places")
_MATRICES = ("words", "neighbours")
_TEXT_BYTES = 500  # about what a paper's id, title and names take, each found by the id


@dataclass(frozen=True)
class PaperBlock:
    """Columns of N papers.

    `words` float32 CSR (N, W) are TF-IDF rows. Readers are folded in on `foldin_vectors` float32 (N, D); papers are
    scored by `scoring_vectors` float32 (N, D). `neighbours` float32 CSR (N, P) are the papers' nearest on the model's
    graph, with weights; None for the model's own papers, which are nodes of it. `published` float64 (N,) epoch seconds
    and `upvotes` float32 (N,) are nan where unknown. `readers` float32 (N,) counts who opened or saved each paper when
    the model was trained, `trained` bool (N,) whether it was trained with the paper in it. `names` (N,) are the papers'
    authors, categories and organisations; the model's own papers have none here, but an index of them, `stored_names`.
    `id_places` int64 (N,) are the places of the ids among the model's in order (0 in the model's own block, and without
    a model). `model_columns` are what the model stored of its own papers' derived columns.
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
    id_places: np.ndarray
    names: Sequence[Sequence[str]] = ()
    stored_names: NameIndex | None = None
    model_columns: DerivedColumns | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def derived(self) -> DerivedColumns:
        """The columns that follow from the others, of the model's own papers as it stored them."""
        columns = (self.ids, self.words, self.scoring_vectors, self.upvotes, self.readers)
        return self.model_columns or DerivedColumns(*columns)

    @property
    def by_word(self) -> sp.csr_matrix:
        """The words transposed, float32 CSR (W, N), to look papers up by a word."""
        return self.derived.by_word

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds, its words twice: also transposed."""
        matrices = [self.words, self.words, *([] if self.neighbours is None else [self.neighbours])]
        arrays = [part for matrix in matrices for part in (matrix.data, matrix.indices, matrix.indptr)]
        arrays += [getattr(self, name) for name in _ARRAYS]
        return _TEXT_BYTES * len(self) + sum(array.nbytes for array in arrays)

    @cached_property
    def unknown(self) -> np.ndarray:
        """The rows of which nothing is known to score them by, int64 in order."""
        columns = (self.trained, self.derived.has_words, self.published, self.upvotes)
        return np.flatnonzero(~is_known(*columns))

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


def is_known(trained: np.ndarray, has_words: np.ndarray, published: np.ndarray, upvotes: np.ndarray) -> np.ndarray:
    """Return of which papers (N,), by these columns, anything is known to score them by, bool (N,)."""
    return np.asarray(trained | has_words | ~np.isnan(published) | ~np.isnan(upvotes))


def model_block(model: Model) -> PaperBlock:
    """Return the block of the model's own papers."""
    trained = np.broadcast_to(np.True_, len(model.ids))
    facts = (model.published, model.upvotes, model.readers, trained, np.broadcast_to(np.int64(0), len(trained)))
    columns = (model.ids, model.titles, model.words, model.factors.papers, model.scoring_vectors, None, *facts)
    return PaperBlock(*columns, stored_names=model.name_index, model_columns=model.derived)


def untrained_block(papers: Papers, vocabulary: Vocabulary, words: sp.csr_matrix | None = None) -> PaperBlock:
    """Return a block of papers before any training: words and facts, with vectors of no dimension.

    `words` (N, W) are their TF-IDF rows, where they are known already.
    """
    words = vocabulary.rows(paper_texts(papers)) if words is None else words
    foldin_vectors = np.zeros((len(papers), 0), np.float32)
    facts = (papers.published, papers.upvotes, np.zeros(len(papers), np.float32), np.zeros(len(papers), bool))
    return PaperBlock(
        papers.ids,
        papers.titles,
        words,
        foldin_vectors,
        foldin_vectors,
        sp.csr_matrix((len(papers), 0), dtype=np.float32),
        *facts,
        np.zeros(len(papers), np.int64),
        names=paper_names(papers),
    )


def fold_in_papers(model: Model, papers: Papers) -> PaperBlock:
    """Return a block of papers newer than the model, folded in from their words.

    A paper that the model knows brings new text or facts, but where readers placed it, it stays.
    """
    words, foldin_vectors = model.fold_in_texts(papers)
    neighbours = find_neighbours(words, model.nearest)
    scoring_vectors = model.cold_adjustment.apply(foldin_vectors, neighbours @ model.factors.papers)
    readers, trained = np.zeros(len(papers), np.float32), np.zeros(len(papers), bool)
    nodes, rows = neighbours.tolil(), find_rows(model.derived.row_of, papers.ids)
    for at, row in ((int(at), int(rows[at])) for at in np.flatnonzero(rows >= 0)):
        readers[at], trained[at] = model.readers[row], True
        if readers[at]:
            foldin_vectors[at], scoring_vectors[at] = model.factors.papers[row], model.scoring_vectors[row]
            nodes.rows[at], nodes.data[at] = [row], [1.0]
    columns = (papers.ids, papers.titles, words, foldin_vectors, scoring_vectors, nodes.tocsr())
    facts = (papers.published, papers.upvotes, readers, trained, model.derived.id_places(papers.ids))
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

    Nothing here is made for every row before it is asked for: an index is made anew whenever a paper arrives.
    """

    def __init__(self, blocks: Sequence[PaperBlock]) -> None:
        self.blocks = [block for block in blocks if len(block)] or list(blocks[:1])
        self.block_starts = np.cumsum([0] + [len(block) for block in self.blocks])
        self.ids: Sequence[str] = _Ids(self.blocks, self.block_starts)
        self.row_of = _RowOf(self.parts())

    def __len__(self) -> int:
        return int(self.block_starts[-1])

    def find_rows(self, ids: Sequence[str]) -> np.ndarray:
        """Return the current rows of papers, int64 (M,), -1 for unknown ones: quicker than `row_of` one by one."""
        rows = np.full(len(ids), -1, np.int64)
        for block, start in self.parts():
            found = find_rows(block.derived.row_of, ids)
            rows = np.where(found >= 0, found + start, rows)
        return rows

    def find_set(self, ids: frozenset[str]) -> np.ndarray:
        """Return the rows of papers, also replaced ones, int64; quick for a set that is asked for again and again."""
        return np.concatenate([block.derived.find_set(ids) + start for block, start in self.parts()])

    def parts(self) -> list[tuple[PaperBlock, int]]:
        """Return the blocks, each with its first row."""
        return list(zip(self.blocks, self.block_starts.tolist(), strict=False))

    def nbytes_beside(self, other: PaperIndex) -> int:
        """Return about how many bytes of papers this index holds that are not in the other's blocks."""
        return sum(block.nbytes for block in self.blocks if all(block is not one for one in other.blocks))

    def texts(self, name: str, rows: np.ndarray) -> list[str]:
        """Return the `ids` or `titles` of index rows (M,): quicker than one by one."""
        columns = [getattr(block, name) for block in self.blocks]
        if len(columns) == 1:
            return take_strings(columns[0], rows)
        texts = [""] * len(rows)
        for column, start, end in zip(columns, self.block_starts, self.block_starts[1:], strict=False):
            inside = np.flatnonzero((rows >= start) & (rows < end))
            for at, text in zip(inside.tolist(), take_strings(column, rows[inside] - start), strict=True):
                texts[at] = text
        return texts

    @property
    def replaced(self) -> np.ndarray:
        """The rows that a later one replaced, int64, in order."""
        return self.row_of.replaced

    @cached_property
    def is_current(self) -> np.ndarray:
        """Bool (N,): false for rows that a later one replaced."""
        current = np.ones(len(self), bool)
        current[self.replaced] = False
        return current

    def id_keys(self, rows: np.ndarray) -> np.ndarray:
        """Return keys int64 (M,) that order index rows (M,) as their ids do, to break ties."""
        size = self.block_starts[1]
        keys = (self.take("id_places", rows) << 32) + 1  # before the model's paper that is next in order
        trained, newer = np.flatnonzero(rows < size), np.flatnonzero(rows >= size)
        keys[trained] = (self.blocks[0].derived.id_ranks[rows[trained]].astype(np.int64) + 1) << 32
        ids = [self.ids[row] for row in rows[newer].tolist()]
        keys[newer[sorted(range(len(ids)), key=ids.__getitem__)]] += np.arange(len(ids))
        return keys

    def take(self, column: str, rows: np.ndarray) -> np.ndarray:
        """Return a column of the blocks at index rows (M,), by its name: `upvotes`, or `derived.log_upvotes`."""
        arrays = [attrgetter(column)(block) for block in self.blocks]
        if len(arrays) == 1:
            return np.asarray(arrays[0][rows])
        taken = np.empty((len(rows), *arrays[0].shape[1:]), arrays[0].dtype)
        for array, start, end in zip(arrays, self.block_starts, self.block_starts[1:], strict=False):
            inside = (rows >= start) & (rows < end)
            taken[inside] = array[rows[inside] - start]
        return taken

    def column(self, name: str) -> np.ndarray:
        """Return a column of all blocks (N, …), by its name; of a single block, without a copy."""
        arrays = [attrgetter(name)(block) for block in self.blocks]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    @cached_property
    def published(self) -> np.ndarray:
        """Float64 (N,): epoch seconds, nan unknown."""
        return self.column("published")

    @cached_property
    def upvotes(self) -> np.ndarray:
        """Float32 (N,): upvotes, nan unknown."""
        return self.column("upvotes")

    @cached_property
    def readers(self) -> np.ndarray:
        """Float32 (N,): how many readers opened or saved each paper when the model was trained."""
        return self.column("readers")

    @cached_property
    def has_readers(self) -> bool:
        """Whether the model was trained with any reader."""
        return any(bool(block.readers.any()) for block in self.blocks)

    @cached_property
    def trained(self) -> np.ndarray:
        """Bool (N,): the model was trained with the paper."""
        return self.column("trained")

    @cached_property
    def has_words(self) -> np.ndarray:
        """Bool (N,): the paper has at least one word of the vocabulary."""
        return self.column("derived.has_words")

    @cached_property
    def known(self) -> np.ndarray:
        """Bool (N,): there is anything to score the paper by."""
        return is_known(self.trained, self.has_words, self.published, self.upvotes)

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
        return self.take("foldin_vectors", rows)

    def scoring_vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors that papers are scored by, of index rows (M,), float32 (M, D)."""
        return self.take("scoring_vectors", rows)

    def _sparse_rows(self, matrices: list[sp.csr_matrix], rows: np.ndarray) -> sp.csr_matrix:
        if not len(rows) or rows.max() < matrices[0].shape[0]:
            return matrices[0][rows]
        starts = np.cumsum([0] + [matrix.shape[0] for matrix in matrices])
        inside = [np.flatnonzero((rows >= start) & (rows < end)) for start, end in itertools.pairwise(starts)]
        parts = [matrix[rows[some] - start] for matrix, some, start in zip(matrices, inside, starts, strict=False)]
        return sp.vstack(parts, format="csr")[np.argsort(np.concatenate(inside))]

    def locate(self, row: int) -> tuple[PaperBlock, int]:
        """Return the block of an index row, and the row in it."""
        at, within = _locate(self.block_starts, row)
        return self.blocks[at], within


def _locate(starts: np.ndarray, row: int) -> tuple[int, int]:
    block = int(np.searchsorted(starts, row, side="right")) - 1
    return block, row - int(starts[block])


class _Ids(Sequence[str]):
    """The ids of an index's rows, decoded on access."""

    def __init__(self, blocks: Sequence[PaperBlock], starts: np.ndarray) -> None:
        self._blocks, self._starts = blocks, starts

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, row: Any) -> Any:
        at, within = _locate(self._starts, row)
        return self._blocks[at].ids[within]


class _RowOf(Mapping[str, int]):
    """The current row of each id: the newest block first, whose dictionary is small, the model's hash index last."""

    def __init__(self, parts: Sequence[tuple[PaperBlock, int]]) -> None:
        self._parts = parts

    @cached_property
    def replaced(self) -> np.ndarray:
        """The rows that a later one replaced, int64, in order."""
        found = [np.empty(0, np.int64)]
        for at, (block, start) in enumerate(self._parts):
            for later, _ in self._parts[at + 1 :]:
                rows = find_rows(block.derived.row_of, later.ids)
                found.append(rows[rows >= 0] + start)
        return np.unique(np.concatenate(found))

    def get(self, paper: object, default: Any = None) -> Any:
        for block, start in reversed(self._parts):
            row = block.derived.row_of.get(paper)  # type: ignore[call-overload]
            if row is not None:
                return start + row
        return default

    def __getitem__(self, paper: str) -> int:
        row = self.get(paper)
        if row is None:
            raise KeyError(paper)
        return int(row)

    def __contains__(self, paper: object) -> bool:
        return self.get(paper) is not None

    def __len__(self) -> int:
        return sum(len(block) for block, _ in self._parts) - len(self.replaced)

    def __iter__(self) -> Iterator[str]:
        for at, (block, _) in enumerate(self._parts):
            earlier = [one.derived.row_of for one, _ in self._parts[:at]]
            yield from (paper for paper in block.ids if not any(paper in rows for rows in earlier))
