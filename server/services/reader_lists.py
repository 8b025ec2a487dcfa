"""What one process keeps of the readers who asked last: their scores, and the lists made from these.

A page is asked about again whenever it is opened, and everything that its answer is made of is in the key: the reader,
their history, topics and settings, the papers and the model, the page, the quarter of an hour. Scores take megabytes
and a finished list a hundred kilobytes, so that lists stay for many more readers than scores do.
"""

from __future__ import annotations

import copy
import marshal
import threading
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from recommender import Catalogue, CatalogueScores, Config, RankedList, ReaderState, Reason
from recommender.ranking.paper_index import PaperIndex
from server.services.history import History

# Seconds for which a reader's scores count. The weights of events and freshness decay over days: in this time, the
# freshness of a new paper falls by .0005.
PERIOD = 900.0
MAX_BYTES = 64 * 2**20  # of all that is kept in one process, half of it for lists
# About what a list takes, each paper in it beside its reasons, these if they are still to come, a paper's text, and
# each id that says which list it is.
LIST_BYTES, PAPER_BYTES, REASONS_BYTES, TEXT_BYTES, ID_BYTES = 2_000, 200, 800, 4_000, 100
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
    """A ranked list with its reasons as the API gives them, made once, and the texts of its papers.

    `ranked` is None once the scores that it is made from are forgotten: then only the reasons made before are there.
    """

    def __init__(self, ranked: RankedList, named: int = 0) -> None:
        self.ranked: RankedList | None = ranked
        self.ids, self.scores, self.basis = ranked.ids, ranked.scores.tolist(), ranked.basis
        self.texts: Mapping[str, dict[str, Any]] | None = None  # filled by who shows them
        self._named = named  # ids in its key
        self._reasons: dict[int, bytes] = {}  # marshalled: as objects they would take five times the memory

    @property
    def nbytes(self) -> int:
        """About how many bytes the list takes once everything in it is asked for."""
        made = list(self._reasons.values())
        to_come = REASONS_BYTES * (len(self.ids) - len(made)) if self.ranked is not None else 0
        texts = TEXT_BYTES * len(self.texts or ())
        return LIST_BYTES + PAPER_BYTES * len(self.ids) + ID_BYTES * self._named + texts + sum(map(len, made)) + to_come

    @property
    def can_explain(self) -> bool:
        """Whether every reason of the list is there or can be made."""
        return self.ranked is not None or len(self._reasons) == len(self.ids)

    def reasons(self, index: int) -> list[dict[str, Any]]:
        """Return the reasons for the score of the paper at `index`. Raises LookupError if it cannot (`can_explain`)."""
        if index not in self._reasons:
            if self.ranked is None:
                raise LookupError(f"the scores that paper {index} of the list was ranked by are forgotten")
            self._reasons[index] = marshal.dumps([_reason_body(reason) for reason in self.ranked.reasons(index)])
        reasons: list[dict[str, Any]] = marshal.loads(self._reasons[index])  # noqa: S302 - written above
        return reasons

    def without_scores(self) -> ReaderList:
        """Return the list without the scores it was made from; what is made of this one from now on, it has too."""
        light = copy.copy(self)
        light.ranked = None
        return light


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
    """One reader's scores. `own_bytes`: about what the papers take that no other reader's scores have."""

    basis: Basis
    scores: CatalogueScores
    own_bytes: int = 0

    @property
    def index(self) -> PaperIndex:
        """The papers."""
        return self.scores.index

    @property
    def nbytes(self) -> int:
        """About how many bytes are kept."""
        return self.own_bytes + self.scores.state.nbytes


@dataclass
class ListsOfReader:
    """The lists made from one reader's scores, the one asked for last at the end; they do not keep the papers alive."""

    basis: Basis
    papers: weakref.ref[PaperIndex]
    lists: OrderedDict[ListKey, ReaderList] = field(default_factory=OrderedDict)

    @property
    def index(self) -> PaperIndex | None:
        """The papers, None if nobody has them any more."""
        return self.papers()

    @property
    def nbytes(self) -> int:
        """About how many bytes are kept."""
        return sum(one.nbytes for one in list(self.lists.values()))

    def forget_scores(self) -> None:
        """Keep of the lists what does not need the scores."""
        for key, one in list(self.lists.items()):
            self.lists[key] = one.without_scores()


class _Kept(Protocol):
    basis: Basis

    @property
    def index(self) -> PaperIndex | None: ...

    @property
    def nbytes(self) -> int: ...


Some = TypeVar("Some", bound=_Kept)


class ReaderLists:
    """The scores and lists of the readers who asked last, within `max_bytes`. Thread-safe."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes // 2  # of each of both
        self._scores: OrderedDict[str, ReaderScores] = OrderedDict()
        self._lists: OrderedDict[str, ListsOfReader] = OrderedDict()
        self._sizes: dict[tuple[type, str], int] = {}
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
    ) -> CatalogueScores:
        """Return the reader's scores on this basis: those kept, or new ones.

        `own` is the catalogue as this reader sees it, over the one that all readers share. `score` is given the state
        that the reader was last in, to start from.
        """
        with self._lock:
            self._forget_papers_before(shared)
            found = self._scores.get(reader_id)
        if found is not None and _holds(found, basis, own):
            return found.scores
        scores = score(found.scores.state if found else None)
        new = ReaderScores(basis, scores, own_bytes=scores.index.nbytes_beside(shared.index))
        with self._lock:
            if shared.snapshot is self._papers:
                for other in {reader_id, *self._keep(self._scores, reader_id, new)} & self._lists.keys():
                    self._lists[other].forget_scores()
        return scores

    def ranked(
        self,
        reader_id: str,
        basis: Basis,
        key: ListKey,
        *,
        shared: Catalogue,
        own: Catalogue,
        explained: bool,
        rank: Callable[[], RankedList],
    ) -> ReaderList:
        """Return a list made from the reader's scores: the one kept under this key, or a new one.

        `explained` is whether its reasons are wanted.
        """
        with self._lock:
            self._forget_papers_before(shared)
            of_reader = self._lists.get(reader_id)
            if of_reader is not None and _holds(of_reader, basis, own):
                found = of_reader.lists.get(key)
                if found is not None and (found.can_explain or not explained):
                    of_reader.lists.move_to_end(key)
                    self._keep(self._lists, reader_id, of_reader)
                    return found
        ranked = rank()
        new = ReaderList(ranked, named=len(key[0] or ()) + len(key[2]))
        with self._lock:
            if new.nbytes <= MAX_SHARE * self._max_bytes and shared.snapshot is self._papers:
                self._add(reader_id, basis, key, new, own)
        return new

    def _add(self, reader_id: str, basis: Basis, key: ListKey, new: ReaderList, own: Catalogue) -> None:
        of_reader = self._lists.get(reader_id)
        if of_reader is None or not _holds(of_reader, basis, own):
            of_reader = ListsOfReader(basis, weakref.ref(own.index))
        # Scores that were not kept, or are forgotten by now, must not stay in memory by their lists.
        scores = self._scores.get(reader_id)
        has_scores = scores is not None and new.ranked is not None and new.ranked.is_made_from(scores.scores)
        of_reader.lists[key] = new if has_scores else new.without_scores()
        while len(of_reader.lists) > MAX_LISTS:
            of_reader.lists.popitem(last=False)
        self._keep(self._lists, reader_id, of_reader)

    def _forget_papers_before(self, shared: Catalogue) -> None:
        """Forget what was made from other papers: each would keep a whole table of them in memory."""
        if shared.snapshot is not self._papers:
            self._scores.clear()
            self._lists.clear()
            self._sizes.clear()
            self._papers = shared.snapshot

    def _keep(self, kept: OrderedDict[str, Some], reader_id: str, new: Some) -> list[str]:
        """Keep this if it fits at all; return the readers forgotten for it, who asked longest ago."""
        kind, nbytes, gone = type(new), new.nbytes, []
        kept.pop(reader_id, None)
        self._sizes.pop((kind, reader_id), None)
        if nbytes > self._max_bytes:
            return [reader_id]
        kept[reader_id], self._sizes[kind, reader_id] = new, nbytes
        size = sum(self._sizes[kind, reader] for reader in kept)
        while size > self._max_bytes:
            oldest, _ = kept.popitem(last=False)
            size -= self._sizes.pop((kind, oldest))
            gone.append(oldest)
        return gone


def _holds(kept: _Kept, basis: Basis, own: Catalogue) -> bool:
    return kept.basis.is_same(basis) and kept.index is own.index
