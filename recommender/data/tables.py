"""The two input tables, papers and events. Ids are opaque strings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.data.categorical import Categorical, CategoricalBuilder, concatenate

KINDS = ("open", "save", "unsave", "hide", "unhide", "dislike", "undislike", "impression")
_CHUNK = 5_000  # events turned into arrays at once


@dataclass(frozen=True)
class Papers:
    """One row per paper: `published` float64 (P,) in epoch seconds, `upvotes` float32 (P,), nan where unknown."""

    ids: list[str]
    titles: list[str]
    abstracts: list[str]
    authors: list[list[str]]
    categories: list[list[str]]
    organizations: list[str]
    published: np.ndarray
    upvotes: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Papers:
        """Build from mappings with an `id` and any of the other columns.

        Those are title, abstract, authors, categories, organization, published and upvotes; None means unknown. Of
        rows with the same id the last one counts, in the place of the first.
        """
        row_of: dict[str, int] = {}
        columns: list[list[Any]] = [[] for _ in range(7)]
        for row in rows:  # none of which is kept: a million mappings take as much memory as what is in them
            values = _read_columns(row)
            if (at := row_of.setdefault(row["id"], len(row_of))) < len(columns[0]):
                for column, value in zip(columns, values, strict=True):
                    column[at] = value
            else:
                for column, value in zip(columns, values, strict=True):
                    column.append(value)
        titles, abstracts, authors, categories, organizations, published, upvotes = columns
        numbers = _to_array(published, np.float64), _to_array(upvotes, np.float32)
        return cls(list(row_of), titles, abstracts, authors, categories, organizations, *numbers)

    def take(self, rows: Iterable[int]) -> Papers:
        """Return the given rows, in this order."""
        rows = list(rows)
        return Papers(
            ids=[self.ids[row] for row in rows],
            titles=[self.titles[row] for row in rows],
            abstracts=[self.abstracts[row] for row in rows],
            authors=[self.authors[row] for row in rows],
            categories=[self.categories[row] for row in rows],
            organizations=[self.organizations[row] for row in rows],
            published=self.published[rows],
            upvotes=self.upvotes[rows],
        )

    def merge(self, newer: Papers) -> Papers:
        """Return both tables as one; a paper that is also in `newer` is taken from there."""
        replaced = set(newer.ids)
        kept = self.take(row for row, paper in enumerate(self.ids) if paper not in replaced)
        return Papers(
            ids=kept.ids + newer.ids,
            titles=kept.titles + newer.titles,
            abstracts=kept.abstracts + newer.abstracts,
            authors=kept.authors + newer.authors,
            categories=kept.categories + newer.categories,
            organizations=kept.organizations + newer.organizations,
            published=np.concatenate([kept.published, newer.published]),
            upvotes=np.concatenate([kept.upvotes, newer.upvotes]),
        )


@dataclass(frozen=True)
class Events:
    """One row per event, in order of arrival: `times` float64 (V,) in epoch seconds, nan where unknown.

    The other columns are `Categorical`, or any sequence of strings.
    """

    readers: Sequence[str]
    papers: Sequence[str]
    kinds: Sequence[str]
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.papers)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, str, float | None]]) -> Events:
        """Build from (reader, paper, kind, epoch seconds or None), read a chunk at a time."""
        columns = [CategoricalBuilder() for _ in range(3)]
        times = [np.empty(0)]
        rows = iter(rows)
        while chunk := list(itertools.islice(rows, _CHUNK)):
            *texts, moments = zip(*chunk, strict=True)
            for column, values in zip(columns, texts, strict=True):
                column.extend(values)
            times.append(_to_array(moments, np.float64))
        readers, papers, kinds = (column.build() for column in columns)
        return cls(readers, papers, kinds, np.concatenate(times))

    def take(self, rows: Sequence[int] | np.ndarray) -> Events:
        """Return the given rows, in this order."""
        rows = np.asarray(rows, np.int64)
        readers, papers, kinds = (Categorical.of(column).take(rows) for column in self._texts)
        return Events(readers, papers, kinds, self.times[rows])

    def take_compact(self, rows: Sequence[int] | np.ndarray) -> Events:
        """Return the given rows without what others named: for a reader's few of many, who are looked at by name."""
        some = self.take(rows)
        readers, papers, kinds = (Categorical.of(column).compact() for column in some._texts)
        return Events(readers, papers, kinds, some.times)

    @classmethod
    def concatenate(cls, tables: Sequence[Events]) -> Events:
        """Return the rows of all tables, one table after the other."""
        columns = zip(*(table._texts for table in tables), strict=True)
        readers, papers, kinds = (concatenate([Categorical.of(column) for column in parts]) for parts in columns)
        return cls(readers, papers, kinds, np.concatenate([table.times for table in tables]))

    @classmethod
    def empty(cls) -> Events:
        """Return a table without rows."""
        return cls.from_rows(())

    @property
    def _texts(self) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        return self.readers, self.papers, self.kinds


def _read_columns(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a paper's values in the order of `Papers`, without the id."""
    texts = row.get("title") or "", row.get("abstract") or ""
    names = list(row.get("authors") or ()), list(row.get("categories") or ()), row.get("organization") or ""
    return *texts, *names, row.get("published"), row.get("upvotes")


def _to_array(values: Sequence[float | None], dtype: type) -> np.ndarray:
    return np.array(values, dtype=dtype)  # numpy reads None as nan
