"""Columns of repeated strings: each distinct string once, and a number a row, as in Arrow's dictionary arrays."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np


@dataclass(frozen=True, eq=False)
class Categorical(Sequence[str]):
    """Strings of V rows: row i is `categories[codes[i]]`; `codes` int32 (V,), `categories` distinct (C,)."""

    categories: Sequence[str]
    codes: np.ndarray

    @classmethod
    def of(cls, values: Sequence[str]) -> Categorical:
        """Return values as a categorical column, with the categories in order of first appearance."""
        if isinstance(values, Categorical):
            return values
        builder = CategoricalBuilder()
        builder.extend(values)
        return builder.build()

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Categorical: ...
    def __getitem__(self, index: int | slice) -> str | Categorical:
        """Return one string, or the column of a slice."""
        if isinstance(index, slice):
            return self.take(index)
        return self.categories[self.codes[index]]

    def __iter__(self) -> Iterator[str]:
        return map(self.categories.__getitem__, self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        """Whether two columns, or a column and a list, have the same strings in the same order."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def take(self, rows: np.ndarray | Sequence[int] | slice) -> Categorical:
        """Return the given rows, in this order; all categories stay."""
        return Categorical(self.categories, self.codes[rows])

    def compact(self) -> Categorical:
        """Return the same column with the categories that occur, in order of first appearance."""
        used, first, codes = np.unique(self.codes, return_index=True, return_inverse=True)
        order = np.argsort(first)
        return Categorical(
            [self.categories[code] for code in used[order].tolist()], np.argsort(order)[codes].astype(np.int32)
        )

    def translate(self, number: Callable[[str], int], dtype: Any = np.int64) -> np.ndarray:
        """Return `number` of each row's string, (V,); it is called once for each category."""
        numbers = np.fromiter(map(number, self.categories), dtype, len(self.categories))
        return numbers[self.codes]


class CategoricalBuilder:
    """Builds a categorical column from parts, without keeping a string for each row."""

    def __init__(self) -> None:
        self._code_of: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self._parts: list[np.ndarray] = []

    def extend(self, values: Iterable[str]) -> None:
        """Append strings."""
        self._parts.append(np.fromiter(map(self._code_of.__getitem__, values), np.int32))

    def build(self) -> Categorical:
        """Return the column."""
        return Categorical(list(self._code_of), np.concatenate([np.empty(0, np.int32), *self._parts]))


def concatenate(columns: Sequence[Categorical]) -> Categorical:
    """Concatenate columns."""
    code_of: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    codes = [column.translate(code_of.__getitem__, np.int32) for column in columns]
    return Categorical(list(code_of), np.concatenate([np.empty(0, np.int32), *codes]))
