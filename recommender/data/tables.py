"""The two tables everything starts from: papers and events. Ids are opaque strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS = ("open", "save", "unsave", "hide", "unhide", "impression")


@dataclass(frozen=True)
class Papers:
    """One row a paper. `published` is float64 (P,) in epoch seconds, `upvotes` float32 (P,); nan is unknown."""

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
        """Build from mappings with an `id` and any of the columns' names in the singular (text and lists as they are).

        That is title, abstract, authors, categories, organization, published and upvotes; None is unknown. Of two rows
        with one id the later stands, at the place of the first.
        """
        unique = list({row["id"]: row for row in rows}.values())
        return cls(
            ids=[row["id"] for row in unique],
            titles=[row.get("title") or "" for row in unique],
            abstracts=[row.get("abstract") or "" for row in unique],
            authors=[list(row.get("authors") or ()) for row in unique],
            categories=[list(row.get("categories") or ()) for row in unique],
            organizations=[row.get("organization") or "" for row in unique],
            published=_to_array([row.get("published") for row in unique], np.float64),
            upvotes=_to_array([row.get("upvotes") for row in unique], np.float32),
        )

    def take(self, rows: Iterable[int]) -> Papers:
        """Return the papers of these row numbers, in this order."""
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

    def merge(self, papers: Papers) -> Papers:
        """Return these papers and `papers`; of two with one id the one in `papers` stands."""
        replaced = set(papers.ids)
        kept = self.take(row for row, paper in enumerate(self.ids) if paper not in replaced)
        return Papers(
            ids=kept.ids + papers.ids,
            titles=kept.titles + papers.titles,
            abstracts=kept.abstracts + papers.abstracts,
            authors=kept.authors + papers.authors,
            categories=kept.categories + papers.categories,
            organizations=kept.organizations + papers.organizations,
            published=np.concatenate([kept.published, papers.published]),
            upvotes=np.concatenate([kept.upvotes, papers.upvotes]),
        )


@dataclass(frozen=True)
class Events:
    """One row an event, in order of arrival. `times` is float64 (E,) in epoch seconds; nan is unknown."""

    readers: list[str]
    papers: list[str]
    kinds: list[str]
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.papers)

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, str, str, float | None]]) -> Events:
        """Build from (reader, paper, kind, epoch seconds or None)."""
        table = list(rows)
        return cls(
            readers=[row[0] for row in table],
            papers=[row[1] for row in table],
            kinds=[row[2] for row in table],
            times=_to_array([row[3] for row in table], np.float64),
        )

    def take(self, rows: Sequence[int]) -> Events:
        """Return the events of these row numbers, in this order."""
        columns = (self.readers, self.papers, self.kinds)
        readers, papers, kinds = ([column[row] for row in rows] for column in columns)
        return Events(readers, papers, kinds, self.times[np.array(rows, np.int64)])

    @classmethod
    def empty(cls) -> Events:
        """Return a table without rows."""
        return cls.from_rows(())


def _to_array(values: list[Any], dtype: type) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=dtype)
