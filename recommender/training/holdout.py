"""Exams: papers that readers took up, kept from a fit so that its model can be judged by where it puts them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from recommender.config import Config
from recommender.data.interactions import build_interactions
from recommender.data.tables import Events, Papers
from recommender.model.holdout_record import HoldoutRecord, Kind, pair_key

MIN_PAIRS = 20  # fewer say nothing
MAX_PAIRS = 1000  # of the newest; more only keep events from the holdout fit
MAX_READERS = 200  # ranked for, which bounds what judging costs
SHARE = 0.2  # of a reader's papers, or of all where there is no serving model to be newer than
NEWER_SHARE = 0.5  # of the pairs newer than the serving model; the holdout fit learns from the others


@dataclass(frozen=True)
class Holdout:
    """What models are judged on: for each of R readers, papers they took up and their history without those.

    `learn` is what the holdout fit may learn from, `now` the moment the lists are made for, in epoch seconds. `again`
    says that the serving model was judged on these same pairs.
    """

    kind: Kind
    learn: Events
    now: float
    histories: list[Events] = field(default_factory=list)
    targets: list[list[str]] = field(default_factory=list)
    again: bool = False

    @property
    def pairs(self) -> int:
        """Return how many pairs are judged."""
        return sum(map(len, self.targets))

    @property
    def keys(self) -> list[np.ndarray]:
        """Return each reader's pairs as keys, uint64 (n,)."""
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
    """Choose what to judge on: the newest papers readers took up.

    Where there are too few of them, what the serving model was judged on once more (`holdout_record`), or a sample.
    `since` is when the serving model was trained, in epoch seconds: what it cannot have seen is newer.
    """
    pairs = _Pairs.of(papers, events, config)
    random = np.random.default_rng(seed)
    holdout = _newest(pairs, since, random)
    if holdout.pairs < MIN_PAIRS and holdout_record:
        holdout = _repeat(pairs, holdout_record)
    if holdout.pairs < MIN_PAIRS:
        holdout = _sample(pairs, since, random)
    return holdout if holdout.pairs >= MIN_PAIRS else Holdout("none", events, pairs.now)


@dataclass(frozen=True)
class _Pairs:
    """What readers took up and still like: names by row, and `first` float64 (N,), when, -inf where unknown."""

    events: Events
    reader: list[str]
    paper: list[str]
    first: np.ndarray

    @classmethod
    def of(cls, papers: Papers, events: Events, config: Config) -> _Pairs:
        weights, readers = build_interactions(papers, events, config, now=0.0)
        liked = np.flatnonzero(weights.weight > 0)
        reader = [readers[row] for row in weights.reader[liked]]
        return cls(events, reader, [papers.ids[row] for row in weights.paper[liked]], weights.first[liked])

    @property
    def now(self) -> float:
        known = self.events.times[np.isfinite(self.events.times)]
        return float(known.max()) if len(known) else 0.0

    def by_reader(self, rows: np.ndarray) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in rows.tolist():
            found.setdefault(self.reader[row], []).append(self.paper[row])
        return found


def _newest(pairs: _Pairs, since: float | None, random: np.random.Generator) -> Holdout:
    """Judge by what came last; everything from that moment on is kept from the holdout fit."""
    new = np.flatnonzero(pairs.first > (-np.inf if since is None else since))
    if len(new) < MIN_PAIRS:
        return Holdout("newest", pairs.events, pairs.now)
    n = min(MAX_PAIRS, max(MIN_PAIRS, int(len(new) * (SHARE if since is None else NEWER_SHARE))))
    cut = float(np.sort(pairs.first[new])[-n])
    targets = pairs.by_reader(np.flatnonzero(pairs.first >= cut))
    return _holdout("newest", pairs.events, _some(targets, random), cut)


def _repeat(pairs: _Pairs, holdout_record: HoldoutRecord) -> Holdout:
    names = zip(pairs.reader, pairs.paper, strict=True)
    keys = np.array([pair_key(reader, paper) for reader, paper in names], np.uint64)
    holdout = _holdout(
        holdout_record.kind,
        pairs.events,
        pairs.by_reader(np.flatnonzero(np.isin(keys, holdout_record.keys))),
        holdout_record.now,
    )
    return replace(holdout, again=True)


def _sample(pairs: _Pairs, since: float | None, random: np.random.Generator) -> Holdout:
    """Judge by a random fifth of each reader's papers, of those that the serving model knows too."""
    known = np.flatnonzero(pairs.first <= (np.inf if since is None else since))
    holdout = {
        reader: [papers[at] for at in random.permutation(len(papers))[: int(SHARE * len(papers))]]
        for reader, papers in pairs.by_reader(known).items()
    }
    return _holdout(
        "sample",
        pairs.events,
        _some({reader: holdout[reader] for reader in holdout if holdout[reader]}, random),
        pairs.now,
    )


def _some(targets: dict[str, list[str]], random: np.random.Generator) -> dict[str, list[str]]:
    readers = list(targets)
    return {readers[at]: targets[readers[at]] for at in random.permutation(len(readers))[:MAX_READERS]}


def _holdout(kind: Kind, events: Events, targets: Mapping[str, list[str]], now: float) -> Holdout:
    """Keep the targets from the holdout fit, and of the newest all that came after.

    The judged readers' own other events are their histories; readers without any cannot be judged.
    """
    gone = {(reader, paper) for reader, papers in targets.items() for paper in papers}
    late = (events.times >= now) if kind == "newest" else np.zeros(len(events), bool)
    names = zip(events.readers, events.papers, late.tolist(), strict=True)
    learn = events.take(
        [row for row, (reader, paper, is_late) in enumerate(names) if not is_late and (reader, paper) not in gone]
    )
    rows: dict[str, list[int]] = {}
    for row, (reader, event) in enumerate(zip(learn.readers, learn.kinds, strict=True)):
        if reader in targets and event != "impression":
            rows.setdefault(reader, []).append(row)
    return Holdout(kind, learn, now, [learn.take(mine) for mine in rows.values()], [targets[reader] for reader in rows])
