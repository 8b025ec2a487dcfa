"""Names: the authors, categories and organisation that a source gives of a paper, as features beside its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from recommender.data.strings import find_rows
from recommender.data.tables import Papers

MIN_PAPERS = 2  # a name on a single paper relates it to nothing


def paper_names(papers: Papers) -> list[list[str]]:
    """Return each paper's names (P,), prefixed by their kind so that an author is never taken for a category."""
    columns = zip(papers.authors, papers.categories, papers.organizations, strict=True)
    return [
        [f"author:{author.casefold()}" for author in dict.fromkeys(authors)]
        + [f"category:{category.casefold()}" for category in dict.fromkeys(categories)]
        + ([f"organization:{organization.casefold()}"] if organization else [])
        for authors, categories, organization in columns
    ]


@dataclass(frozen=True)
class Names:
    """The names (F,) a model knows, sorted; `index` has the column of each, and is made unless given."""

    names: Sequence[str]
    index: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.index) != len(self.names):
            object.__setattr__(self, "index", {name: column for column, name in enumerate(self.names)})

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, papers: Papers) -> sp.csr_matrix:
        """Return the papers' known names, float32 CSR (M, F), unit length; all zero for a paper without any."""
        names = paper_names(papers)
        columns = find_rows(self.index, [name for own in names for name in own])
        ends = np.cumsum([0, *map(len, names)])
        indptr = np.concatenate([[0], np.cumsum(columns >= 0)])[ends].astype(np.int32)
        indices, lengths = columns[columns >= 0].astype(np.int32), np.diff(indptr)
        values = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths).astype(np.float32)
        return sp.csr_matrix((values, indices, indptr), shape=(len(papers), len(self.names)))


def learn_names(papers: Papers) -> Names:
    """Learn the names that are on at least two of these papers."""
    counts = Counter(name for names in paper_names(papers) for name in names)
    return Names(sorted(name for name, count in counts.items() if count >= MIN_PAPERS))
