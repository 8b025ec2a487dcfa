"""Holdouts: papers that readers took up, kept from a fit so that its model can be judged by where it ranks them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.config import Config
from recommender.data.categorical import Categorical
from recommender.data.interactions import build_interactions
from recommender.data.tables import Events, Papers
from recommender.model.holdout_record import HoldoutRecord, Kind, pair_key

MIN_PAIRS = 20  # fewer say nothing
MAX_PAIRS = 1000  # of the newest; more would only keep events from the holdout fit
MAX_READERS = 200  # readers ranked for, which bounds what judging costs
HOLDOUT_SHARE = 0.2  # of each reader's papers; or of all pairs, where no serving model divides them into old and new
NEWER_SHARE = 0.5  # of the pairs newer than the serving model; the holdout fit learns from the others


@dataclass(frozen=True)
class Holdout:
    """What models are judged on: for each of R readers, papers they took up, and their history without those.

    `learn` is what the holdout fit may learn from; `now`, in epoch seconds, is the moment the lists are made for.
    `is_repeat` says that the serving model was judged on these same pairs.
    """

    kind: Kind
    learn: Events
    now: float
    histories: list[Events] = field(default_factory=list)
    targets: list[list[str]] = field(default_factory=list)
    is_repeat: bool = False

    @property
    def pairs(self) -> int:
        """The number of pairs judged on."""
        return sum(map(len, self.targets))

    @property
    def keys(self) -> list[np.ndarray]:
        """Each reader's pairs as keys, uint64 (pairs of the reader,)."""
        return [
            np.array([pair_key(history.readers[0], paper) for paper in papers], np.uint64)
            for history, papers in zip(self.histories, self.targets, strict=True)
        ]


def choose_holdout(
    papers: Papers,
    events: Events,
    *,
    since: float | None,
    config: Config,
    seed: int,
    holdout_record: HoldoutRecord | None = None,
) -> Holdout:
    """Choose what to judge on: the newest papers that readers took up.

    With too few of them, the pairs the serving model was judged on (`holdout_record`) are taken again, or else a
    sample. `since`, in epoch seconds, is when the serving model was trained: it cannot have seen anything newer. The
    holdout has the kind "none" and is empty if there are fewer than `MIN_PAIRS` pairs in all.
    """
    pairs = _LikedPairs.of(papers, events, config)
    random = np.random.default_rng(seed)
    holdout = _hold_out_newest(pairs, since, random)
    if holdout.pairs < MIN_PAIRS and holdout_record:
        holdout = _hold_out_again(pairs, holdout_record)
    if holdout.pairs < MIN_PAIRS:
        holdout = _hold_out_sample(pairs, since, random)
    return holdout if holdout.pairs >= MIN_PAIRS else Holdout("none", events, pairs.now)


@dataclass(frozen=True)
class _LikedPairs:
    """The Q pairs of a reader and a paper they took up and still like.

    `reader` and `paper` int (Q,) are rows of `readers` (U,) and `papers` (P,). `first` float64 (Q,) is when they took
    it up, in epoch seconds, -inf where unknown.
    """

    events: Events
    readers: Sequence[str]
    papers: Sequence[str]
    reader: np.ndarray
    paper: np.ndarray
    first: np.ndarray

    @classmethod
    def of(cls, papers: Papers, events: Events, config: Config) -> _LikedPairs:
        weights, readers = build_interactions(papers, events, config, now=0.0)
        liked = np.flatnonzero(weights.weight > 0)
        return cls(events, readers, papers.ids, weights.reader[liked], weights.paper[liked], weights.first[liked])

    @property
    def now(self) -> float:
        """The newest event's time, 0 where no time is known."""
        known = self.events.times[np.isfinite(self.events.times)]
        return float(known.max()) if len(known) else 0.0

    def names(self, rows: np.ndarray | slice = slice(None)) -> Iterator[tuple[str, str]]:
        """Yield the ids of the reader and the paper of each of these pairs."""
        for reader, paper in zip(self.reader[rows].tolist(), self.paper[rows].tolist(), strict=True):
            yield self.readers[reader], self.papers[paper]

    def group_by_reader(self, rows: np.ndarray) -> dict[str, list[str]]:
        grouped: dict[str, list[str]] = {}
        for reader, paper in self.names(rows):
            grouped.setdefault(reader, []).append(paper)
        return grouped


def _hold_out_newest(pairs: _LikedPairs, since: float | None, random: np.random.Generator) -> Holdout:
    """Hold out what was taken up last; everything from that moment on is kept from the holdout fit."""
    new = np.flatnonzero(pairs.first > (-np.inf if since is None else since))
    if len(new) < MIN_PAIRS:
        return Holdout("newest", pairs.events, pairs.now)
    n = min(MAX_PAIRS, max(MIN_PAIRS, int(len(new) * (HOLDOUT_SHARE if since is None else NEWER_SHARE))))
    cut = float(np.sort(pairs.first[new])[-n])
    targets = pairs.group_by_reader(np.flatnonzero(pairs.first >= cut))
    return _build_holdout("newest", pairs.events, _sample_readers(targets, random), cut)


def _hold_out_again(pairs: _LikedPairs, holdout_record: HoldoutRecord) -> Holdout:
    """Hold out the pairs that the serving model was judged on."""
    keys = np.array([pair_key(reader, paper) for reader, paper in pairs.names()], np.uint64)
    targets = pairs.group_by_reader(np.flatnonzero(np.isin(keys, holdout_record.keys)))
    holdout = _build_holdout(holdout_record.kind, pairs.events, targets, holdout_record.now)
    return replace(holdout, is_repeat=True)


def _hold_out_sample(pairs: _LikedPairs, since: float | None, random: np.random.Generator) -> Holdout:
    """Hold out a random fifth of each reader's papers, of those that the serving model knows too."""
    known = np.flatnonzero(pairs.first <= (np.inf if since is None else since))
    samples = {
        reader: [papers[at] for at in random.permutation(len(papers))[: int(HOLDOUT_SHARE * len(papers))]]
        for reader, papers in pairs.group_by_reader(known).items()
    }
    targets = {reader: papers for reader, papers in samples.items() if papers}
    return _build_holdout("sample", pairs.events, _sample_readers(targets, random), pairs.now)


def _sample_readers(targets: dict[str, list[str]], random: np.random.Generator) -> dict[str, list[str]]:
    readers = list(targets)
    return {readers[at]: targets[readers[at]] for at in random.permutation(len(readers))[:MAX_READERS]}


def _build_holdout(kind: Kind, events: Events, targets: Mapping[str, list[str]], now: float) -> Holdout:
    """Keep the targets from the holdout fit, and for the kind "newest" all events from `now` on.

    The judged readers' other events are their histories; readers without any cannot be judged.
    """
    readers, papers = Categorical.of(events.readers), Categorical.of(events.papers)
    is_judged = np.fromiter((reader in targets for reader in readers.categories), bool, len(readers.categories))
    dropped = (events.times >= now) if kind == "newest" else np.zeros(len(events), bool)
    held_out = {(reader, paper) for reader, some in targets.items() for paper in some}
    own = np.flatnonzero(is_judged[readers.codes])
    pairs = zip(readers.take(own), papers.take(own), strict=True)
    dropped[own] |= np.fromiter((pair in held_out for pair in pairs), bool, len(own))
    learn = events.take(np.flatnonzero(~dropped))
    rows = _group_histories(own[~dropped[own]], events)
    return Holdout(
        kind, learn, now, [events.take_compact(some) for some in rows.values()], [targets[name] for name in rows]
    )


def _group_histories(rows: np.ndarray, events: Events) -> dict[str, list[int]]:
    """Return the rows that are not impressions by reader."""
    grouped: dict[str, list[int]] = {}
    some = events.take(rows)
    for row, reader, event in zip(rows.tolist(), some.readers, some.kinds, strict=True):
        if event != "impression":
            grouped.setdefault(reader, []).append(row)
    return grouped
