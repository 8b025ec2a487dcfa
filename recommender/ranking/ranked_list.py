"""A ranked list, with its reasons worked out only for those who ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.ranking.explanations import Explanation, Reason
from recommender.ranking.scoring import CatalogueScores

EXPLAIN_BATCH = 128  # rows explained at once: a page of cards, and no whole catalogue where one row is asked for


@dataclass(frozen=True)
class RankedList:
    """Papers best first. `scores` float32, not increasing, nan last; `basis` says what each score rests on.

    `_rows` are index rows, -1 for papers the index does not hold; `_added` float32 what the list itself added to each
    score: diversity and exploration.
    """

    ids: list[str]
    scores: np.ndarray
    basis: list[str]
    _scored: CatalogueScores
    _rows: np.ndarray
    _added: np.ndarray
    _explained: dict[int, Explanation] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def reasons(self, index: int, most: int = 3) -> list[Reason]:
        """Return why the paper at `index` has its score: shares that add up to it, at most `most` papers named."""
        if self._rows[index] < 0 or np.isnan(self.scores[index]):
            return []
        batch, at = divmod(index, EXPLAIN_BATCH)
        if batch not in self._explained:
            rows = self._rows[batch * EXPLAIN_BATCH : (batch + 1) * EXPLAIN_BATCH]
            self._explained[batch] = Explanation(self._scored, np.maximum(rows, 0))
        return self._explained[batch].reasons(at, float(self._added[index]), most)


def make_ranked_list(
    scored: CatalogueScores, rows: Sequence[int] | np.ndarray, unknown: Sequence[str], added: np.ndarray | None
) -> RankedList:
    """Make the list of index rows in the order given, followed by papers nothing is known of."""
    rows = np.asarray(rows, np.int64)
    added = np.zeros(len(rows), np.float32) if added is None else added
    missing = np.full(len(unknown), np.nan, np.float32)
    return RankedList(
        ids=[*(scored.index.ids[row] for row in rows), *unknown],
        scores=np.concatenate([scored.scores[rows] + added, missing]),
        basis=[*(scored.basis(row) for row in rows), *("none" for _ in unknown)],
        _scored=scored,
        _rows=np.concatenate([rows, np.full(len(unknown), -1)]),
        _added=np.concatenate([added, np.zeros(len(unknown), np.float32)]),
    )
