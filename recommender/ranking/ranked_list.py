"""A ranked list, whose reasons are computed when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.ranking.explanations import Reason, explain
from recommender.ranking.scoring import CatalogueScores

# Rows explained at once: enough for a page of cards and what is recommended beside it, and never a whole catalogue.
EXPLAIN_BATCH = 128
MAX_NAMED = 3  # papers named in one explanation, unless told


@dataclass(frozen=True)
class RankedList:
    """M papers, best first. `scores` float32 (M,) never increase, nan last; `basis` names what each score rests on.

    `_rows` int64 (M,) are index rows, -1 for papers that are not in the index. `_adjustments` float32 (M,) are what
    re-ranking added to the scores: diversity, fairness and exploration.
    """

    ids: list[str]
    scores: np.ndarray
    basis: list[str]
    _catalogue_scores: CatalogueScores
    _rows: np.ndarray
    _adjustments: np.ndarray
    _explanations: dict[tuple[int, int], list[list[Reason]]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def is_made_from(self, scores: CatalogueScores) -> bool:
        """Whether these scores stay in memory as long as the list does."""
        return self._catalogue_scores is scores

    def reasons(self, index: int, max_papers: int = MAX_NAMED) -> list[Reason]:
        """Explain the score of the paper at `index` by shares that add up to it, naming at most `max_papers` papers."""
        if self._rows[index] < 0 or np.isnan(self.scores[index]):
            return []
        batch, at = divmod(index, EXPLAIN_BATCH)
        if (batch, max_papers) not in self._explanations:
            some = slice(batch * EXPLAIN_BATCH, (batch + 1) * EXPLAIN_BATCH)
            rows, totals, adjustments = (one[some] for one in self._explained())
            found = explain(self._catalogue_scores, rows, totals, adjustments, max_papers)
            self._explanations[batch, max_papers] = found
        return self._explanations[batch, max_papers][at]

    def _explained(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows, scores and adjustments to explain; what is said of papers without a row is never shown."""
        return np.maximum(self._rows, 0), self.scores, self._adjustments


def explain_together(lists: Sequence[RankedList], max_papers: int = MAX_NAMED) -> None:
    """Explain lists of the same scores in one pass if they fit into one batch: most of the cost is that of a pass."""
    lists = [one for one in lists if len(one) and (0, max_papers) not in one._explanations]
    ends = np.cumsum([len(one) for one in lists]).tolist()
    if len(lists) < 2 or ends[-1] > EXPLAIN_BATCH or len({id(one._catalogue_scores) for one in lists}) > 1:
        return
    rows, totals, adjustments = map(np.concatenate, zip(*(one._explained() for one in lists), strict=True))
    found = explain(lists[0]._catalogue_scores, rows, totals, adjustments, max_papers)
    for one, start, end in zip(lists, [0, *ends], ends, strict=False):
        one._explanations[0, max_papers] = found[start:end]


def build_ranked_list(
    scores: CatalogueScores,
    rows: Sequence[int] | np.ndarray,
    unknown: Sequence[str],
    adjustments: np.ndarray | None,
    totals: np.ndarray | None = None,
) -> RankedList:
    """Build the list of index rows (M,) in the order given, followed by the ids of papers nothing is known of.

    `totals` float32 (M,) are the scores of the rows where they are known already.
    """
    rows = np.asarray(rows, np.int64)
    adjustments = np.zeros(len(rows), np.float32) if adjustments is None else adjustments
    totals = scores.of(rows) if totals is None else totals
    missing = np.full(len(unknown), np.nan, np.float32)
    return RankedList(
        ids=[*scores.index.texts("ids", rows), *unknown],
        scores=np.concatenate([totals + adjustments, missing]),
        basis=[*scores.basis_of(rows), *("none" for _ in unknown)],
        _catalogue_scores=scores,
        _rows=np.concatenate([rows, np.full(len(unknown), -1)]),
        _adjustments=np.concatenate([adjustments, np.zeros(len(unknown), np.float32)]),
    )
