"""Columns of papers that follow from their others: computed when first asked for, or read where a model stored them.

A model stores them so that its workers share them: by word alone they are as large as all the words again.
Axes: N papers, W words.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.data.strings import HashIndex, Strings, find_rows
from recommender.model.moments import Moments, measure_moments, unit_rows
from recommender.model.nearest import cap_postings

_PARTS = ("data", "indices", "indptr")
_BY_WORD = ("by_word", "postings")
_COLUMNS = ("by_id", "id_ranks", "has_words", "log_upvotes", "log_readers", "scoring_norms")
_MOMENTS = ("scoring_moments", "cosine_moments")


@dataclass(frozen=True)
class DerivedColumns:
    """What follows from the columns of N papers; `stored` are the arrays of a model, none for other papers.

    A model stored by an older version has none either, or not all of them.
    """

    ids: Sequence[str]
    words: sp.csr_matrix
    scoring_vectors: np.ndarray
    upvotes: np.ndarray
    readers: np.ndarray
    stored: Mapping[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each id; of an id twice, the later."""
        if not isinstance(self.ids, Strings):
            return {paper: row for row, paper in enumerate(self.ids)}
        if "id_hashes" not in self.stored:
            return HashIndex.build(self.ids)
        return HashIndex(self.ids, self.stored["id_hashes"], self.stored["id_hash_rows"])

    @cached_property
    def by_id(self) -> np.ndarray:
        """Int32 (N,): the rows in the order of their ids."""
        return self._stored("by_id", lambda: _sort_rows(list(self.ids)))

    @cached_property
    def id_ranks(self) -> np.ndarray:
        """Int32 (N,): each row's place in `by_id`."""
        return self._stored("id_ranks", lambda: _invert(self.by_id))

    def find_set(self, ids: frozenset[str]) -> np.ndarray:
        """Return the rows of these papers, int64; of the set that was asked for last, without looking it up again."""
        if not ids:
            return np.empty(0, np.int64)
        last: tuple[frozenset[str], np.ndarray] | None = self.__dict__.get("_found")
        if last is None or last[0] is not ids:
            rows = find_rows(self.row_of, list(ids))
            last = self.__dict__["_found"] = (ids, rows[rows >= 0])
        return last[1]

    def id_places(self, ids: Iterable[str]) -> np.ndarray:
        """Return before how many of these ids each of others comes in their order, int64 (M,)."""
        ordered = _Ordered(self.ids, self.by_id)
        return np.array([bisect_left(ordered, paper) for paper in ids], np.int64)

    @cached_property
    def by_word(self) -> sp.csr_matrix:
        """The words transposed, float32 CSR (W, N), to look papers up by a word."""
        return self._stored_by_word("by_word", self.words.T.tocsr)

    @cached_property
    def postings(self) -> sp.csr_matrix:
        """By word the papers in which it weighs most, float32 CSR (W, N), for the search of the nearest."""
        return self._stored_by_word("postings", lambda: cap_postings(self.by_word))

    @cached_property
    def has_words(self) -> np.ndarray:
        """Bool (N,): the paper has at least one word of the vocabulary."""
        return self._stored("has_words", lambda: np.diff(self.words.indptr) > 0)

    @cached_property
    def log_upvotes(self) -> np.ndarray:
        """Float32 (N,): log1p of the upvotes, 0 where unknown."""
        return self._stored("log_upvotes", lambda: np.log1p(np.nan_to_num(self.upvotes)))

    @cached_property
    def log_readers(self) -> np.ndarray:
        """Float32 (N,): log1p of the readers."""
        return self._stored("log_readers", lambda: np.log1p(self.readers))

    @cached_property
    def scoring_norms(self) -> np.ndarray:
        """Float32 (N,): the norms of the scoring vectors, none of them zero."""
        return self._stored("scoring_norms", lambda: np.maximum(np.linalg.norm(self.scoring_vectors, axis=1), 1e-12))

    @cached_property
    def scoring_moments(self) -> Moments:
        """Mean and covariance of the scoring vectors."""
        return self._stored_moments("scoring_moments") or measure_moments(self.scoring_vectors)

    @cached_property
    def cosine_moments(self) -> Moments:
        """The same of the scoring vectors at unit length."""
        return self._stored_moments("cosine_moments") or measure_moments(unit_rows(self.scoring_vectors))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays to store, as `stored` wants them back."""
        index = self.row_of if isinstance(self.row_of, HashIndex) else HashIndex.build(Strings.pack(self.ids))
        ids = {"id_hashes": index.hashes, "id_hash_rows": index.rows}
        by_word = {f"{name}_{part}": getattr(getattr(self, name), part) for name in _BY_WORD for part in _PARTS}
        moments = {f"{name}_{part}": array for name in _MOMENTS for part, array in vars(getattr(self, name)).items()}
        return ids | by_word | {name: getattr(self, name) for name in _COLUMNS} | moments

    def check(self) -> None:
        """Raise ValueError unless the stored arrays have the sizes that the other columns ask for."""
        if self.stored and any(len(getattr(self, name)) != len(self.ids) for name in _COLUMNS if name in self.stored):
            raise ValueError("a stored column has another length than the papers")
        sizes = {len(self.stored[f"{name}_mean"]) for name in _MOMENTS if f"{name}_mean" in self.stored}
        if sizes - {self.scoring_vectors.shape[1]}:
            raise ValueError("stored moments have another dimension than the vectors")

    def _stored(self, name: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        return self.stored[name] if name in self.stored else compute()

    def _stored_by_word(self, name: str, compute: Callable[[], sp.csr_matrix]) -> sp.csr_matrix:
        if f"{name}_data" not in self.stored:
            return compute()
        cells = tuple(self.stored[f"{name}_{part}"] for part in _PARTS)
        return sp.csr_matrix(cells, shape=self.words.shape[::-1], copy=False)

    def _stored_moments(self, name: str) -> Moments | None:
        names = [f"{name}_mean", f"{name}_covariance"]
        return Moments(*(self.stored[part] for part in names)) if names[0] in self.stored else None


@dataclass(frozen=True)
class _Ordered(Sequence[str]):
    """Strings in the order of `rows`."""

    strings: Sequence[str]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: Any) -> Any:
        return self.strings[int(self.rows[at])]


def _sort_rows(ids: list[str]) -> np.ndarray:
    return np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int32)


def _invert(order: np.ndarray) -> np.ndarray:
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places
