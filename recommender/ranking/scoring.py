"""A score: components of unit spread, weighted by the blend, plus priors; and its shares, which add up to it.

Axes: n rows of the profile, N papers in the index, M papers or row numbers asked for, C interests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.config import Config
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import Blend
from recommender.ranking.components import CONTENT_COMPONENTS, Component
from recommender.ranking.error_memory import Corrections
from recommender.ranking.paper_index import PaperIndex, is_known
from recommender.ranking.paper_slices import SPAN, PaperSelection, PaperSlice, PaperSpan, SparseColumn, iterate_spans
from recommender.ranking.priors import Priors
from recommender.ranking.profile import Profile
from recommender.ranking.reader_state import ReaderState

# Where penalties count, so many times as many papers are looked at as are wanted, and at least so many.
PENALTY_FACTOR, MIN_PENALIZED = 4, 1000
ROUNDING = 1e-5


@dataclass(frozen=True)
class WeightedComponent:
    """One component and the weight it has: the blend's weight of a paper over the component's spread."""

    name: str
    component: Component
    blend: Blend
    liked_rows: int
    scale: np.float32

    @property
    def content_based(self) -> bool:
        """Whether the component knows nothing of other readers."""
        return self.name in CONTENT_COMPONENTS

    @property
    def weight(self) -> np.ndarray:
        """The weight for every paper in the index, float32 (N,)."""
        return np.concatenate([self.weigh(span) for span in iterate_spans(self.component.index)])

    def weigh(self, papers: PaperSlice) -> np.ndarray:
        """Return the weight for some papers, float32 (M,)."""
        return self._weigh(papers.column("readers"))

    def _weigh(self, readers: np.ndarray) -> np.ndarray:
        return self.blend.weight(self.name, readers, self.liked_rows) * self.scale

    def add_to(self, total: np.ndarray, papers: PaperSlice) -> None:
        """Add the weighted scores of some papers to `total` float32 (M,)."""
        cells = self._reached
        if cells is None or not isinstance(papers, PaperSpan) or papers.block_number:
            total += self._weigh(papers.column("readers")) * self.component.score(papers)
        else:
            cells.add_to(total, papers.start)

    @cached_property
    def _reached(self) -> SparseColumn | None:
        """The weighted scores of the first block's papers, where few have any."""
        cells = self.component.sums
        if cells is None:
            return None
        readers = self.component.index.blocks[0].readers
        return SparseColumn(cells.rows, self._weigh(readers[cells.rows]) * cells.values, cells.size)


@dataclass(frozen=True)
class CatalogueScores:
    """The scores of all papers in an index for one reader, computed for the papers that are asked about.

    Papers that nothing is known of have a score of nan. `corrections` are what an `ErrorMemory` adds to single papers.
    """

    state: ReaderState
    config: Config
    now: float
    corrections: Corrections | None = None

    @property
    def index(self) -> PaperIndex:
        """The papers."""
        return self.state.index

    @property
    def vocabulary(self) -> Vocabulary:
        """The words."""
        return self.state.vocabulary

    @property
    def profile(self) -> Profile:
        """The reader's profile."""
        return self.state.profile

    @cached_property
    def components(self) -> Sequence[WeightedComponent]:
        """The components, brought to unit spread and weighed by the blend."""
        liked_rows = self.profile.liked_rows
        return [
            WeightedComponent(name, component, self.state.blend, liked_rows, _invert(component.deviation))
            for name, component in self.state.components.items()
        ]

    @cached_property
    def _priors(self) -> Priors:
        corrections = self.corrections.over(self.index) if self.corrections else None
        return Priors(self.state.reactions, self.state.blend, self.config, self.now, corrections)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of index rows (M,), float32 (M,), nan where nothing is known of the paper."""
        if "total" in vars(self):
            return self.total[rows]
        parts = [self._score(PaperSelection(self.index, rows[at : at + SPAN])) for at in range(0, len(rows), SPAN)]
        return np.concatenate([np.empty(0, np.float32), *parts])

    @cached_property
    def total(self) -> np.ndarray:
        """The score of every paper in the index, float32 (N,)."""
        return np.concatenate([np.empty(0, np.float32), *map(self._score, iterate_spans(self.index))])

    def priors_of(self, papers: PaperSelection) -> dict[str, np.ndarray]:
        """Return the priors of some papers by the kind of their reason, float32 (M,)."""
        return dict(self._priors.additions(papers)) | dict(self._priors.penalties(papers))

    @property
    def priors(self) -> dict[str, np.ndarray]:
        """The priors of every paper in the index by the kind of their reason, float32 (N,)."""
        return self.priors_of(PaperSelection(self.index, np.arange(len(self.index))))

    def best(self, count: int, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return index rows of the `count` best papers and of all that tie with the last, in no order, and the scores.

        Without papers that nothing is known of and the rows `excluded`, int64. One scan of the
        catalogue bounds every score from above, by all but the penalties; only papers whose bound is high enough are
        scored in full. If penalties let in papers from further down than was looked at, it looks further.
        """
        looked_at = count
        if self.state.reactions.has_penalties:
            looked_at = max(PENALTY_FACTOR * count, MIN_PENALIZED)
        while True:
            rows, bounds = self._find_largest_bounds(looked_at, excluded)
            scores = self.of(rows) if self.state.reactions.has_penalties else bounds
            if len(rows) <= count:
                return rows, scores
            threshold = np.partition(scores, len(rows) - count)[len(rows) - count]
            reached = len(rows) < looked_at or threshold > bounds.min() + ROUNDING * (1 + abs(bounds.min()))
            if reached or not self.state.reactions.has_penalties:
                return rows[scores >= threshold], scores[scores >= threshold]
            looked_at *= PENALTY_FACTOR

    def _find_largest_bounds(self, count: int, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows int64 of the `count` largest bounds and of all that tie with the last, and the bounds."""
        best = _Largest(count)
        unknown = [block.unknown + start for block, start in self.index.parts()]
        excluded = np.sort(np.concatenate([excluded, *unknown]))
        for span in iterate_spans(self.index):
            bounds = self._bound(span)
            first, last = np.searchsorted(excluded, (span.first_row, span.first_row + len(span)))
            bounds[excluded[first:last] - span.first_row] = np.nan
            best.add(span.first_row, bounds)
        return best.finish()

    def _score(self, papers: PaperSlice) -> np.ndarray:
        total = self._bound(papers)
        for _, penalty in self._priors.penalties(papers):
            total += penalty
        total[~is_known(*_facts(papers))] = np.nan
        return total

    def _bound(self, papers: PaperSlice) -> np.ndarray:
        """Return the scores without penalties, which are never above zero."""
        total = np.zeros(len(papers), np.float32)
        for weighted in self.components:
            weighted.add_to(total, papers)
        for _, prior in self._priors.additions(papers):
            total += prior
        return total

    def basis_of(self, rows: np.ndarray) -> list[str]:
        """Return what the scores of index rows (M,) rest on: "model", "text", "fallback" (priors alone) or "none"."""
        trained, has_words, *dates = _facts(PaperSelection(self.index, rows))
        by_text = np.where(trained, "model", np.where(has_words, "text", "fallback"))
        basis = np.where(is_known(trained, has_words, *dates), by_text if len(self.profile) else "fallback", "none")
        return [str(one) for one in basis]

    def group_shares(self, papers: PaperSelection, groups: np.ndarray) -> np.ndarray:
        """Return what each group of profile rows (C, n) adds to some papers, float32 (M, C)."""
        shares = np.zeros((len(papers), len(groups)), np.float32)
        for weighted in self.components:
            shares += weighted.weigh(papers)[:, None] * weighted.component.group_shares(papers, groups)
        return shares

    def shares(self, papers: PaperSelection, *, content_based: bool) -> np.ndarray:
        """Return what each row of the profile adds to some papers, float64 (M, n).

        Through the components that know only content, or through those that also know other readers.
        """
        shares = np.zeros((len(papers), len(self.profile)))
        for weighted in self.components:
            if weighted.content_based == content_based:
                shares += weighted.weigh(papers)[:, None] * weighted.component.shares(papers).astype(np.float64)
        return shares


class _Largest:
    """The largest of many values, with all that tie with the last of them, collected a part at a time."""

    def __init__(self, count: int) -> None:
        self._count, self._kept = count, count
        self._floor = np.finfo(np.float32).min
        self._rows, self._values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        self._size = 0

    def add(self, first_row: int, values: np.ndarray) -> None:
        """Add the values of consecutive rows, float32; nan and -inf are none."""
        places = np.flatnonzero(values >= self._floor)
        if len(places):
            self._rows.append(places + first_row)
            self._values.append(values[places])
            self._size += len(places)
        if self._size > 2 * self._kept:
            self._drop_smaller()

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows, int64 in order, and values."""
        self._drop_smaller()
        return self._rows[0], self._values[0]

    def _drop_smaller(self) -> None:
        rows, values = np.concatenate(self._rows), np.concatenate(self._values)
        if len(values) > self._count:
            self._floor = np.partition(values, len(values) - self._count)[len(values) - self._count]
            rows, values = rows[values >= self._floor], values[values >= self._floor]
        self._rows, self._values, self._size = [rows], [values], len(rows)
        self._kept = max(self._count, len(rows))


def _facts(papers: PaperSlice) -> list[np.ndarray]:
    return [papers.column(name) for name in ("trained", "derived.has_words", "published", "upvotes")]


def _invert(deviation: float) -> np.float32:
    return np.float32(1 / deviation if deviation > 1e-12 else 0)
