"""Ranking for many readers from tables, offline, with the catalogue that serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.errors import TooFewPapers
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.ranked_list import RankedList
from recommender.training.train import train


@dataclass(frozen=True)
class Histories:
    """Each reader's own events, found by their name."""

    events: Events
    rows: dict[str, list[int]]

    @classmethod
    def of(cls, events: Events) -> Histories:
        """Sort a table's rows by reader."""
        rows: dict[str, list[int]] = {}
        for row, reader in enumerate(events.readers):
            rows.setdefault(reader, []).append(row)
        return cls(events, rows)

    def __contains__(self, reader: str) -> bool:
        return reader in self.rows

    def events_of(self, reader: str) -> Events:
        """Return one reader's events in order of arrival."""
        return self.events.take(self.rows.get(reader, []))

    def papers_of(self, reader: str) -> set[str]:
        """Return every paper one reader has any event on."""
        return {self.events.papers[row] for row in self.rows.get(reader, [])}


def merge_events(tables: Sequence[Events]) -> Events:
    """Return the events of several tables in one, in order."""
    if len(tables) == 1:
        return tables[0]
    columns = [
        [*chain.from_iterable(parts)] for parts in zip(*((t.readers, t.papers, t.kinds) for t in tables), strict=True)
    ]
    return Events(columns[0], columns[1], columns[2], np.concatenate([table.times for table in tables]))


def catalogue_from(
    papers: Papers,
    events: Events,
    config: Config,
    *,
    seed: int,
    now: float,
    progress: Callable[[str, float], None] | None,
) -> Catalogue:
    """Train and return what serves; with too few papers to train, what serves before any training."""
    try:
        return Catalogue(train(papers, events, config, seed=seed, now=now, progress=progress))
    except TooFewPapers:
        return Catalogue(None, papers, config)


def newest(*tables: Events) -> float:
    """Return the newest known time in these tables, 0 without any."""
    times = np.concatenate([table.times for table in tables])
    return float(np.nanmax(times)) if np.isfinite(times).any() else 0.0


def rank_all(
    catalogue: Catalogue,
    interactions: Events,
    histories: Events,
    readers: Sequence[str],
    *,
    candidates: Sequence[str] | None,
    k: int,
    now: float,
) -> Iterator[tuple[str, RankedList]]:
    """Yield each reader with their best k candidates, or papers of the whole catalogue, none of which they ever met.

    A reader's history is their rows in `histories`, or where there are none, in `interactions`.
    """
    given, known = Histories.of(histories), Histories.of(interactions)
    listed = None if candidates is None else [paper for paper in candidates if paper in catalogue]
    if listed is None and catalogue.model is None:  # named, so that papers nothing is known of are ranked too
        listed = catalogue.ids()
    for reader in readers:
        history = (given if reader in given else known).events_of(reader)
        met = given.papers_of(reader) | known.papers_of(reader)
        ranked = catalogue.rank(history, candidates=listed, k=k, now=now, exclude=met)
        yield reader, replace(ranked, scores=_score_unknown(ranked.scores))


def _score_unknown(scores: np.ndarray) -> np.ndarray:
    """Put papers nothing is known of a step below the last score."""
    unknown = np.isnan(scores)
    least = scores[~unknown].min() - np.float32(1) if (~unknown).any() else np.float32(0)
    return np.where(unknown, least, scores).astype(np.float32)
