"""A bounded memory of recent errors: papers taken more or less often than their places promised, until a training.

A place in a list is a forecast: of what a reader takes from a list, the first places get more than the last. A paper
that is passed over though it stands high was forecast too high, one that is taken though it stands low too low. What is
added to its score is the logarithm of taken over expected, both shrunk by a prior: the error memory of Zhu et al.,
"ReLoop2: Building Self-Adaptive Recommendation Models via Responsive Error Compensation Loop" (KDD 2023), with clicks
over expected clicks (Zhang and Jones, "Comparing Click Logs and Editorial Labels for Training Query Rewriting", WWW
2007) as the error. Lists of which nothing is taken say nothing: perhaps nobody looked. Only what several readers saw
counts, so that no correction tells what one of them did.

Axes: S papers remembered, K readers counted, M papers of a list.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.config import DAY
from recommender.data.strings import find_rows
from recommender.ranking.paper_index import PaperBlock, PaperIndex
from recommender.ranking.paper_slices import SparseColumn

PAPERS, SHOWN, MAX_PLACES = 4096, 30_000, 250  # remembered: papers, and places of lists from which more may be taken
KEPT_BLOCKS = 4
PLACE_POWER = 0.5  # place r promises in proportion to r to the power of minus this
STRENGTH = 2.0  # score, in spreads, of a paper taken e times as often as expected
PRIOR = 1.0  # taken and expected before anything is known
LIMIT = 3.0  # the most that is added or taken off
HALF_LIFE = 7.0  # days after which an error counts half, should no training come


@dataclass(frozen=True)
class Corrections:
    """What is added to the scores of some `papers`: `amounts` float32 (S,)."""

    papers: Sequence[str] = ()
    amounts: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    # The rows of the papers in the blocks asked about last, the newest first: looking up thousands takes milliseconds.
    _looked_up: list[tuple[PaperBlock, np.ndarray]] = field(default_factory=list, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.papers)

    def over(self, index: PaperIndex) -> SparseColumn:
        """Return them as a column over an index, which need not have all of the papers."""
        rows = np.full(len(self), -1, np.int64)
        for block, start in index.parts():
            found = self._find_rows(block)
            rows = np.where(found >= 0, found + start, rows)
        order = np.argsort(rows)[np.count_nonzero(rows < 0) :]
        return SparseColumn(rows[order], self.amounts[order], len(index))

    def _find_rows(self, block: PaperBlock) -> np.ndarray:
        """Return the rows of the papers in a block, int64 (S,), -1 for those that are not in it."""
        found = next((rows for one, rows in self._looked_up if one is block), None)
        if found is None:
            found = find_rows(block.derived.row_of, self.papers)
        others = [pair for pair in self._looked_up if pair[0] is not block]
        self._looked_up[:] = [(block, found), *others[: KEPT_BLOCKS - 1]]
        return found


@dataclass
class _ShownList:
    """The papers of a list by their places, and those that were taken."""

    place_of: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)


class ErrorMemory:
    """The errors of the last `papers` papers of lists, of each what at least `readers` readers make of it together.

    It takes `nbytes` at most, whatever is logged. Not thread-safe.
    """

    def __init__(self, readers: int, papers: int = PAPERS, shown: int = SHOWN) -> None:
        if papers < MAX_PLACES:
            raise ValueError(f"{papers} papers are fewer than a list may have, {MAX_PLACES}")
        self._lists: OrderedDict[tuple[str, Hashable], _ShownList] = OrderedDict()
        self._shown, self._max_shown = 0, shown
        self._slot_of: OrderedDict[str, int] = OrderedDict()  # first the paper whose errors are oldest
        self._taken, self._expected = np.zeros(papers), np.zeros(papers)
        self._at = np.full(papers, -np.inf)  # up to when both are decayed, in epoch seconds
        self._seen_by = np.zeros((papers, readers), np.uint32)  # hashes of the first readers, 0 for none

    def __len__(self) -> int:
        return len(self._slot_of)

    @property
    def nbytes(self) -> int:
        """About the most bytes it takes, with ids of a hundred bytes that nothing else holds."""
        arrays = (self._taken, self._expected, self._at, self._seen_by)
        return sum(one.nbytes for one in arrays) + 250 * (len(self._taken) + self._max_shown)

    def show(self, reader: str, list_id: Hashable, paper: str, place: int) -> None:
        """Note that a reader was shown a paper of a list, at a place counted from 1."""
        shown = self._lists.setdefault((reader, list_id), _ShownList())
        if paper not in shown.place_of and len(shown.place_of) < MAX_PLACES:
            shown.place_of[paper] = max(place, 1)
            self._shown += 1
        while self._shown > self._max_shown:
            self._shown -= len(self._lists.popitem(last=False)[1].place_of)

    def take(self, reader: str, list_id: Hashable, paper: str, at: float) -> bool:
        """Note that a reader opened or saved a paper of a list, in epoch seconds; only the first time counts.

        Returns whether the paper is known to have been in the list.
        """
        shown = self._lists.get((reader, list_id))
        if shown is None or paper not in shown.place_of:
            return False
        if paper in shown.taken:
            return True
        shown.taken.add(paper)
        promised = np.array(list(shown.place_of.values())) ** -PLACE_POWER
        slots = self._find_slots(shown.place_of, at)
        self._expected[slots] += promised / promised.sum()
        self._taken[self._slot_of[paper]] += 1
        self._count_reader(slots, zlib.crc32(reader.encode("utf-8", "surrogatepass")) or 1)
        return True

    def correct(self, now: float) -> Corrections:
        """Return what is added at `now` to the scores of papers of which enough is known."""
        papers, slots = list(self._slot_of), np.fromiter(self._slot_of.values(), np.int64)
        enough = (self._seen_by[slots] != 0).all(axis=1)
        papers, slots = [papers[at] for at in np.flatnonzero(enough).tolist()], slots[enough]
        left = _decay(now - self._at[slots])
        ratio = (self._taken[slots] * left + PRIOR) / (self._expected[slots] * left + PRIOR)
        return Corrections(papers, np.clip(STRENGTH * np.log(ratio), -LIMIT, LIMIT).astype(np.float32))

    def _find_slots(self, papers: Iterable[str], at: float) -> np.ndarray:
        """Return the slots of papers as the newest ones, their errors decayed to `at`, int64 (M,)."""
        slots = np.array([self._find_slot(paper) for paper in papers], np.int64)
        left = _decay(at - self._at[slots])
        self._taken[slots] *= left
        self._expected[slots] *= left
        self._at[slots] = np.maximum(self._at[slots], at)
        return slots

    def _find_slot(self, paper: str) -> int:
        """Return the slot of a paper, if need be that of the one whose errors are oldest."""
        slot = self._slot_of.pop(paper, None)
        if slot is None:
            full = len(self._slot_of) == len(self._taken)
            slot = self._slot_of.popitem(last=False)[1] if full else len(self._slot_of)
            self._taken[slot], self._expected[slot], self._at[slot] = 0, 0, -np.inf
            self._seen_by[slot] = 0
        self._slot_of[paper] = slot
        return slot

    def _count_reader(self, slots: np.ndarray, reader: int) -> None:
        """Count a reader, by their hash, in slots (M,) that do not have them and have room."""
        seen_by = self._seen_by[slots]
        new = ~(seen_by == reader).any(axis=1) & (seen_by[:, -1] == 0)
        self._seen_by[slots[new], (seen_by[new] != 0).sum(axis=1)] = reader


def _decay(seconds: np.ndarray) -> np.ndarray:
    """Return what is left of errors after so many seconds, none where it was never."""
    return np.asarray(np.exp2(-np.maximum(seconds, 0) / DAY / HALF_LIFE))
