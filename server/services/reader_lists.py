"""What one process keeps of the readers who asked last: their scores, and the lists made from these.

A page is asked about again whenever it is opened, and everything that its answer is made of is in the key: the reader,
their history, topics and settings, the papers and the model, the page, the quarter of an hour.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recommender import Catalogue, CatalogueScores, Config, RankedList, ReaderState, Reason
from server.services.history import History

# Seconds for which a reader's scores count. The weights of events and freshness decay over days: in this time, the
# freshness of a new paper falls by .0005.
PERIOD = 900.0
MAX_BYTES = 64 * 2**20  # of all that is kept in one process
# About what a list takes, each paper in it with its reasons, and each id that says which list it is.
LIST_BYTES, PAPER_BYTES, ID_BYTES = 2_000, 4_000, 100
MAX_LISTS = 4  # of one reader: a page, what is recommended beside it, and those of another
MAX_SHARE = 1 / 16  # of all bytes, for one list


@dataclass(frozen=True)
class Basis:
    """What a reader's scores are computed from, beside the papers."""

    history: History
    topics: tuple[tuple[str, ...], ...]
    personal: bool
    config: Config
    period: int

    def is_same(self, other: Basis) -> bool:
        """Whether another basis gives the same scores; a history is another object as soon as it changes."""
        mine, theirs = ((one.topics, one.personal, one.config, one.period) for one in (self, other))
        return self.history is other.history and mine == theirs


def period_of(reader_id: str, now: float) -> int:
    """Return the number of the period for which scores at `now`, in epoch seconds, count.

    Each reader's begin at a time of their own: if all did at once, every answer would be computed anew just then.
    """
    return int((now + zlib.crc32(reader_id.encode()) % PERIOD) // PERIOD)


class ReaderList:
    """A ranked list with its reasons as the API gives them, made once, and the texts of its papers."""

    def __init__(self, ranked: RankedList, named: int = 0) -> None:
        self.ranked = ranked
        self._named = named  # ids in its key
        self.texts: Mapping[str, dict[str, Any]] | None = None  # filled by who shows them
        self._reasons: dict[int, list[dict[str, Any]]] = {}

    @property
    def nbytes(self) -> int:
        """About how many bytes the list takes once everything in it is asked for."""
        return LIST_BYTES + PAPER_BYTES * len(self.ranked) + ID_BYTES * self._named

    def reasons(self, index: int) -> list[dict[str, Any]]:
        """Return the reasons for the score of the paper at `index`; they are shared, so nobody may change them."""
        if index not in self._reasons:
            self._reasons[index] = [_reason_body(reason) for reason in self.ranked.reasons(index)]
        return self._reasons[index]


def _reason_body(reason: Reason) -> dict[str, Any]:
    kind, share, paper, title, words = reason
    body: dict[str, Any] = {"kind": kind, "share": share}
    if paper:
        body["paper"], body["title"] = paper, title or None
    if words:
        body["words"] = words
    return body


# Candidates, k, left out of this list and of all lists, day.
ListKey = tuple[tuple[str, ...] | None, int | None, frozenset[str], frozenset[str], int]


@dataclass
class ReaderScores:
    """One reader's scores and the lists made from them, the one asked for last at the end.

    `own_bytes`: about what the papers take that no other reader's scores have.
    """

    basis: Basis
    scores: CatalogueScores
    own_bytes: int = 0
    lists: OrderedDict[ListKey, ReaderList] = field(default_factory=OrderedDict)

    @property
    def nbytes(self) -> int:
        """About how many bytes are kept."""
        return self.own_bytes + self.scores.state.nbytes + sum(one.nbytes for one in list(self.lists.values()))


class ReaderLists:
    """The scores and lists of the readers who asked last, within `max_bytes`. Thread-safe."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, ReaderScores] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._papers: object = None
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """About how many bytes are kept."""
        return sum(list(self._sizes.values()))

    def scores(
        self,
        reader_id: str,
        basis: Basis,
        *,
        shared: Catalogue,
        own: Catalogue,
        score: Callable[[ReaderState | None], CatalogueScores],
    ) -> ReaderScores:
        """Return the reader's scores on this basis: those kept, or new ones.

        `own` is the catalogue as this reader sees it, over the one that all readers share. `score` is given the state
        that the reader was last in, to start from.
        """
        with self._lock:
            found = self._kept.get(reader_id)
            if shared.snapshot is not self._papers:
                self._forget_all(shared.snapshot)
        if found is not None and found.basis.is_same(basis) and own.is_current(found.scores.state):
            return found
        scores = score(found.scores.state if found else None)
        new = ReaderScores(basis, scores, own_bytes=scores.index.nbytes_beside(shared.index))
        with self._lock:
            if shared.snapshot is self._papers:
                self._keep(reader_id, new)
        return new

    def ranked(self, reader_id: str, kept: ReaderScores, key: ListKey, rank: Callable[[], RankedList]) -> ReaderList:
        """Return a list made from the reader's scores: the one kept under this key, or a new one."""
        with self._lock:
            found = kept.lists.get(key)
            if found is not None:
                kept.lists.move_to_end(key)
                return found
        new = ReaderList(rank(), named=len(key[0] or ()) + len(key[2]))
        if new.nbytes > MAX_SHARE * self._max_bytes:
            return new
        with self._lock:
            kept.lists[key] = new
            while len(kept.lists) > MAX_LISTS:
                kept.lists.popitem(last=False)
            if self._kept.get(reader_id) is kept:
                self._keep(reader_id, kept)
        return new

    def _forget_all(self, papers: object) -> None:
        """Forget what was made from other papers: each would keep a whole table of them in memory."""
        self._kept.clear()
        self._sizes.clear()
        self._papers = papers

    def _keep(self, reader_id: str, scores: ReaderScores) -> None:
        """Keep these scores if they fit at all, and forget the readers who asked longest ago until all fits."""
        nbytes = scores.nbytes
        if nbytes > self._max_bytes:
            self._kept.pop(reader_id, None)
            self._sizes.pop(reader_id, None)
            return
        self._kept[reader_id], self._sizes[reader_id] = scores, nbytes
        self._kept.move_to_end(reader_id)
        size = self.nbytes
        while size > self._max_bytes:
            gone, _ = self._kept.popitem(last=False)
            size -= self._sizes.pop(gone)
