"""A temporal replay: train once, then go through what followed event by event, as serving does between two trainings.

Each list of which a reader takes something is ranked before its events are known, by the model with the reader's
history up to then, by the same with an error memory, and by a model trained at the end of every day before. How much of
what the last gains over the first an error memory recovers is what it is judged by.

Axes: R readers, V events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from recommender.config import DAY, Config
from recommender.data.tables import Events, Papers
from recommender.evaluation.metrics import ndcg
from recommender.evaluation.offline import Histories
from recommender.model.blend import Blend
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.error_memory import ErrorMemory
from recommender.training.train import train

HISTORY, MEMORY, DAILY = "history alone", "error memory", "trained daily"
METHODS = (HISTORY, MEMORY, DAILY)
TAKING = ("open", "save")
POOLS = ("list", "recent")  # what is ranked: the papers of the list, or those published lately
RECENT_DAYS = 4.0  # days since publication
PLACES = 20  # of the recent papers that count
READERS = 5  # so many have to have seen a paper before an error memory corrects it
DRAWS = 2000  # of the bootstrap


@dataclass(frozen=True)
class ReplayedList:
    """One list of a log: `rows` are the events of its impressions, `taken` the papers opened or saved from it."""

    reader: str
    at: float
    rows: list[int]
    taken: dict[str, None] = field(default_factory=dict)  # in order


@dataclass
class Outcome:
    """NDCG of what readers took: by pool and method one value a list, with `readers` by pool; same order everywhere."""

    gains: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: {pool: {method: [] for method in METHODS} for pool in POOLS}
    )
    readers: dict[str, list[str]] = field(default_factory=lambda: {pool: [] for pool in POOLS})

    def extend(self, other: Outcome) -> None:
        """Add the lists of another replay, whose readers are others."""
        for pool in POOLS:
            self.readers[pool] += [f"{len(self.readers[pool])} {reader}" for reader in other.readers[pool]]
            for method in METHODS:
                self.gains[pool][method] += other.gains[pool][method]

    def by_reader(self, pool: str) -> np.ndarray:
        """Return the sums over each reader's lists, float64 (R, methods + 1), the last of ones."""
        places, row_of = [], dict[str, int]()
        for reader in self.readers[pool]:
            places.append(row_of.setdefault(reader, len(row_of)))
        columns = [self.gains[pool][method] for method in METHODS] + [[1.0] * len(places)]
        return np.stack([np.bincount(places, column, len(row_of)) for column in columns], axis=1)

    def summarize(self, pool: str, seed: int = 0) -> dict[str, tuple[float, float, float]]:
        """Return figures with their 95% bootstrap intervals over readers: value, low, high.

        The mean NDCG of each method over lists, "memory gains" and "daily gains" over history alone, and "recovered",
        the first as a share of the second.
        """
        sums, random = self.by_reader(pool), np.random.default_rng(seed)
        drawn = (sums[random.integers(0, len(sums), len(sums))].sum(axis=0) for _ in range(DRAWS))
        draws = {name: np.array(values) for name, values in _invert(map(_figures, drawn)).items()}
        return {
            name: (value, *np.quantile(draws[name], [0.025, 0.975]).tolist())
            for name, value in _figures(sums.sum(axis=0)).items()
        }


def _figures(sums: np.ndarray) -> dict[str, float]:
    history, memory, daily = (sums[:-1] / sums[-1]).tolist()
    gains = {"memory gains": memory - history, "daily gains": daily - history}
    means = dict(zip(METHODS, (history, memory, daily), strict=True))
    return means | gains | {"recovered": gains["memory gains"] / gains["daily gains"] if gains["daily gains"] else 0.0}


def _invert(rows: Iterable[dict[str, float]]) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, value in row.items():
            columns[name].append(value)
    return columns


def find_lists(events: Events) -> list[ReplayedList]:
    """Return the lists of a log in order of time: consecutive impressions of one reader at one time.

    What is opened or saved belongs to the reader's latest list with the paper in it.
    """
    lists: list[ReplayedList] = []
    latest: dict[tuple[str, str], ReplayedList] = {}
    for row, (reader, paper, kind, at) in enumerate(_rows(events)):
        if kind == "impression":
            if not lists or (lists[-1].reader, lists[-1].at) != (reader, at):
                lists.append(ReplayedList(reader, at, []))
            lists[-1].rows.append(row)
            latest[reader, paper] = lists[-1]
        elif kind in TAKING and (reader, paper) in latest:
            latest[reader, paper].taken[paper] = None
    return lists


def _rows(events: Events) -> Iterator[tuple[str, str, str, float]]:
    return zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True)


def replay(
    papers: Papers,
    events: Events,
    *,
    since: float,
    config: Config,
    seed: int = 0,
    progress: Callable[[str, float], None] | None = None,
) -> Outcome:
    """Train on what happened before `since`, in epoch seconds, and go through the rest of the log, in order of time.

    Papers need times of publication, events their times. Raises ValueError if the log is not in order of time.
    """
    if not (np.diff(events.times) >= 0).all():
        raise ValueError("the events are not in order of time, or some have none")
    run = _Replay(papers, events, since, config, seed)
    lists = {one.rows[0]: one for one in find_lists(events) if one.at >= since}
    first = int(np.searchsorted(events.times, since))
    places = {row: place for one in lists.values() for place, row in enumerate(one.rows, 1)}
    latest: dict[tuple[str, str], float] = {}
    for row, (reader, paper, kind, at) in enumerate(_rows(events.take(np.arange(first, len(events)))), first):
        if row in lists and lists[row].taken:
            run.rank(lists[row])
        if kind == "impression":
            latest[reader, paper] = at
            run.memory.show(reader, at, paper, places[row])
        elif kind in TAKING and (reader, paper) in latest:
            run.memory.take(reader, latest[reader, paper], paper, at)
        if progress and not row % 1000:
            progress("replaying", (row - first) / (len(events) - first))
    return run.outcome


class _Replay:
    """The models of a replay, and what came of them so far."""

    def __init__(self, papers: Papers, events: Events, since: float, config: Config, seed: int) -> None:
        self.papers, self.events, self.since, self.config, self.seed = papers, events, since, config, seed
        self.outcome, self.memory = Outcome(), ErrorMemory(READERS)
        self.histories = Histories.of(events)
        self.first = self.daily = self._train(since, None)
        self.day = 0

    def _train(self, until: float, blend: Blend | None) -> Catalogue:
        """Train on the papers and events before a time; later papers are placed by their text."""
        known = self.papers.published < until
        some = self.papers.take(np.flatnonzero(known).tolist())
        before = self.events.take(np.arange(np.searchsorted(self.events.times, until)))
        model = train(some, before, self.config, seed=self.seed, now=until, blend=blend)
        return Catalogue(model, self.papers.take(np.flatnonzero(~known).tolist()))

    def rank(self, shown: ReplayedList) -> None:
        """Rank for one list by every method, and note how well what is taken of it is ranked."""
        day = int((shown.at - self.since) // DAY)
        if day > self.day:
            model = self.first.model
            assert model is not None
            self.day, self.daily = day, self._train(self.since + day * DAY, model.blend)
        mine = self.histories.rows[shown.reader]
        before = mine[: int(np.searchsorted(self.events.times[mine], shown.at))]
        history = self.events.take_compact(before)
        state = self.first.prepare(history, now=shown.at)
        corrections = self.memory.correct(shown.at)
        scores = {
            HISTORY: (self.first, self.first.score_reader(state, now=shown.at)),
            MEMORY: (self.first, self.first.score_reader(state, now=shown.at, corrections=corrections)),
            DAILY: (self.daily, self.daily.score(history, now=shown.at)),
        }
        for pool, candidates, places in self._pools(shown, history):
            place_of = {paper: place for place, paper in enumerate(candidates)}
            targets = {place_of[paper] for paper in shown.taken if paper in place_of}
            if not targets:
                continue
            self.outcome.readers[pool].append(shown.reader)
            for method, (catalogue, scored) in scores.items():
                ranked = catalogue.rank_scores(scored, candidates=candidates, k=None)
                places_taken = [place_of[paper] for paper in ranked.ids]
                self.outcome.gains[pool][method].append(ndcg(places_taken, targets, places))

    def _pools(self, shown: ReplayedList, history: Events) -> Iterator[tuple[str, list[str], int]]:
        """Yield each pool with its papers and how many places of it count."""
        listed = [self.events.papers[row] for row in shown.rows]
        yield "list", listed, len(listed)
        age = shown.at - self.papers.published
        done = {paper for paper, kind in zip(history.papers, history.kinds, strict=True) if kind in TAKING}
        recent = [self.papers.ids[row] for row in np.flatnonzero((age >= 0) & (age < RECENT_DAYS * DAY)).tolist()]
        yield "recent", [paper for paper in recent if paper not in done], PLACES
