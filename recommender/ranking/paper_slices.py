"""Some papers of an index, whose columns are read alike: any rows, or a span of one block, whose columns are views.

Axes: M papers of a slice, N papers in the index, P papers of the model, W words, S cells, n rows of a profile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Protocol

import numpy as np
import scipy.sparse as sp

from recommender.ranking.paper_index import PaperBlock, PaperIndex

# Papers of one span. Its temporaries stay in the processor's cache, while calls into numpy stay few.
SPAN = 32_768
# The scores, float32 (M,), of rows of the model's papers.
ModelScores = Callable[[slice | np.ndarray], np.ndarray]
SCANNED = ("scoring_vectors", "published", "readers", "derived.log_upvotes")  # columns that each scan reads whole
DENSE = 16  # looking up or adding more than one cell in so many is quicker in a dense array


@dataclass(frozen=True)
class SparseColumn:
    """`values` float32 (S,) of some of `size` papers, `rows` (S,) in order and each once; the others have 0."""

    rows: np.ndarray
    values: np.ndarray
    size: int

    def __call__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return the values of these rows (M,), float32 (M,)."""
        if isinstance(rows, slice):
            return self._between(rows.start, rows.stop)
        if len(rows) * DENSE > self.size:
            return self._dense[rows]
        found, has = find_sorted(self.rows, rows)
        values = np.zeros(len(rows), np.float32)
        values[has] = self.values[found[has]]
        return values

    def add_to(self, total: np.ndarray, start: int) -> None:
        """Add the values of the rows from `start` on to `total` float32 (M,)."""
        if self._is_dense:
            total += self._dense[start : start + len(total)]
            return
        first, last = np.searchsorted(self.rows, (start, start + len(total)))
        total[self.rows[first:last] - start] += self.values[first:last]

    @property
    def nbytes(self) -> int:
        """How many bytes it takes, with the dense array that adding it to papers makes."""
        dense = self.values.itemsize * self.size if self._is_dense else 0
        return self.rows.nbytes + self.values.nbytes + dense

    @property
    def _is_dense(self) -> bool:
        return len(self.rows) * DENSE > self.size

    @cached_property
    def _dense(self) -> np.ndarray:
        dense = np.zeros(self.size, np.float32)
        dense[self.rows] = self.values
        return dense

    def _between(self, start: int, stop: int) -> np.ndarray:
        values = np.zeros(stop - start, np.float32)
        self.add_to(values, start)
        return values

    def deviation(self) -> float:
        """Return the standard deviation over all `size` papers."""
        wide = self.values.astype(np.float64)
        mean = wide.sum() / max(self.size, 1)
        squares = ((wide - mean) ** 2).sum() + (self.size - len(wide)) * mean**2
        return float(np.sqrt(squares / max(self.size, 1)))


def find_sorted(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where `wanted` (M,) stand in sorted `keys`, int64 (M,), and which are there at all, bool (M,)."""
    found = np.searchsorted(keys, wanted)
    has = found < len(keys)
    has[has] = keys[found[has]] == wanted[has]
    return found, has


class PaperSlice(Protocol):
    """M papers of an index."""

    def __len__(self) -> int: ...

    def column(self, name: str) -> np.ndarray:
        """Return a column of `PaperBlock` by its name, `upvotes` or `derived.log_upvotes`: a value or row a paper."""
        ...

    def words(self) -> sp.csr_matrix:
        """Return the TF-IDF rows, float32 CSR (M, W)."""
        ...

    def pick(self, column: SparseColumn) -> np.ndarray:
        """Return the values of a column over the N papers of the index, float32 (M,)."""
        ...

    def propagate(self, scores: ModelScores) -> np.ndarray:
        """Return the papers' scores, float32 (M,), by those of the model's papers; newer ones get their neighbours'."""
        ...


@dataclass(frozen=True)
class PaperSpan:
    """The papers `start` to `stop` of the block numbered `block_number`."""

    index: PaperIndex
    block_number: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def block(self) -> PaperBlock:
        """The block that the papers are of."""
        return self.index.blocks[self.block_number]

    @property
    def first_row(self) -> int:
        """The index row of the first paper."""
        return int(self.index.block_starts[self.block_number]) + self.start

    def column(self, name: str) -> np.ndarray:
        """Return a view of a column of the block."""
        values: np.ndarray = attrgetter(name)(self.block)
        return np.asarray(values[self.start : self.stop])  # arithmetic on a memory map itself is slower

    def words(self) -> sp.csr_matrix:
        """Return the TF-IDF rows, float32 CSR (M, W), without copying them."""
        return _row_range(self.block.words, self.start, self.stop)

    def pick(self, column: SparseColumn) -> np.ndarray:
        """Return the values of a column over the N papers of the index, float32 (M,)."""
        return column(slice(self.first_row, self.first_row + len(self)))

    def propagate(self, scores: ModelScores) -> np.ndarray:
        """Return the papers' scores, float32 (M,), by those of the model's papers; newer ones get their neighbours'."""
        if self.block.neighbours is None:
            return scores(slice(self.start, self.stop))
        return _weigh_neighbours(_row_range(self.block.neighbours, self.start, self.stop), scores)


@dataclass(frozen=True)
class PaperSelection:
    """Any papers, by their index `rows` int64 (M,)."""

    index: PaperIndex
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def parts(self) -> list[tuple[PaperBlock, np.ndarray, np.ndarray]]:
        """By block: which of the M papers it has, int64, and where in it, int64."""
        block_of = np.searchsorted(self.index.block_starts, self.rows, side="right") - 1
        parts = []
        for number, block in enumerate(self.index.blocks):
            places = np.flatnonzero(block_of == number)
            parts.append((block, places, self.rows[places] - self.index.block_starts[number]))
        return parts

    def column(self, name: str) -> np.ndarray:
        """Return a column of the blocks, gathered once."""
        if name not in self._columns:
            self._columns[name] = self.index.take(name, self.rows)
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        return {}

    def words(self) -> sp.csr_matrix:
        """Return the TF-IDF rows, float32 CSR (M, W), gathered once."""
        return self._words

    @cached_property
    def _words(self) -> sp.csr_matrix:
        return self.index.words(self.rows)

    def pick(self, column: SparseColumn) -> np.ndarray:
        """Return the values of a column over the N papers of the index, float32 (M,)."""
        return column(self.rows)

    def propagate(self, scores: ModelScores) -> np.ndarray:
        """Return the papers' scores, float32 (M,), by those of the model's papers; newer ones get their neighbours'."""
        values = np.zeros(len(self), np.float32)
        for block, places, offsets in self.parts:
            if not len(places):
                continue
            own = block.neighbours
            values[places] = scores(offsets) if own is None else _weigh_neighbours(own[offsets], scores)
        return values


def iterate_spans(index: PaperIndex, size: int = SPAN) -> Iterator[PaperSpan]:
    """Yield all papers of an index in order, at most `size` at a time."""
    for number in range(len(index.blocks)):
        yield from iterate_block(index, number, size)


def iterate_block(index: PaperIndex, number: int, size: int = SPAN) -> Iterator[PaperSpan]:
    """Yield the papers of one block in order, at most `size` at a time."""
    count = len(index.blocks[number])
    for start in range(0, count, size):
        yield PaperSpan(index, number, start, min(start + size, count))


def _row_range(matrix: sp.csr_matrix, start: int, stop: int) -> sp.csr_matrix:
    ends = matrix.indptr[start : stop + 1]
    cells = slice(ends[0], ends[-1])
    parts = (matrix.data[cells], matrix.indices[cells], ends - ends[0])
    return sp.csr_matrix(parts, shape=(stop - start, matrix.shape[1]), copy=False)


def _weigh_neighbours(neighbours: sp.csr_matrix, scores: ModelScores) -> np.ndarray:
    """Return the sum of the neighbours' scores, weighted, for rows (M, P) of neighbours, float32 (M,)."""
    rows = np.repeat(np.arange(neighbours.shape[0]), np.diff(neighbours.indptr))
    values = neighbours.data * scores(neighbours.indices)
    return np.bincount(rows, values, neighbours.shape[0]).astype(np.float32)
