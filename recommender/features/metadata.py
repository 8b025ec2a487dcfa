"""Names: the authors, categories and organisation that a source gives of a paper, as features beside its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

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
    """The names (F,) a model knows, sorted."""

    names: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_column", {name: column for column, name in enumerate(self.names)})

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, papers: Papers) -> sp.csr_matrix:
        """Return the papers' known names, float32 CSR (M, F), unit length; all zero for a paper without any."""
        columns = self._column  # type: ignore[attr-defined]
        known = [[columns[name] for name in names if name in columns] for names in paper_names(papers)]
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in known])]).astype(np.int32)
        indices = np.array([column for row in known for column in row], np.int32)
        values = np.repeat([1 / np.sqrt(max(len(row), 1)) for row in known], np.diff(indptr)).astype(np.float32)
        return sp.csr_matrix((values, indices, indptr), shape=(len(papers), len(self.names)))


def learn_names(papers: Papers) -> Names:
    """Learn the names that are on at least two of these papers."""
    counts = Counter(name for names in paper_names(papers) for name in names)
    return Names(sorted(name for name, count in counts.items() if count >= MIN_PAPERS))
