"""Ranking offline, for many readers from tables, with the code that serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.errors import TooFewPapers
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.ranked_list import RankedList
from recommender.training.train import train


@dataclass(frozen=True)
class Histories:
    """Each reader's own events, by the reader's id."""

    events: Events
    rows: dict[str, list[int]]

    @classmethod
    def of(cls, events: Events) -> Histories:
        """Group a table's rows by reader."""
        rows: dict[str, list[int]] = {}
        for row, reader in enumerate(events.readers):
            rows.setdefault(reader, []).append(row)
        return cls(events, rows)

    def __contains__(self, reader: str) -> bool:
        return reader in self.rows

    def events_of(self, reader: str) -> Events:
        """Return one reader's events in order of arrival; none for an unknown reader."""
        return self.events.take_compact(self.rows.get(reader, []))

    def papers_of(self, reader: str) -> set[str]:
        """Return all papers one reader has any event on."""
        return {self.events.papers[row] for row in self.rows.get(reader, [])}


def train_catalogue(
    papers: Papers,
    events: Events,
    config: Config,
    *,
    seed: int,
    now: float,
    progress: Callable[[str, float], None] | None,
) -> Catalogue:
    """Train a model and return its catalogue; with too few papers to train, a catalogue without a model."""
    try:
        return Catalogue(train(papers, events, config, seed=seed, now=now, progress=progress))
    except TooFewPapers:
        return Catalogue(None, papers, config)


def latest_time(*tables: Events) -> float:
    """Return the latest known time in these tables in epoch seconds, 0 without any."""
    times = np.concatenate([table.times for table in tables])
    return float(np.nanmax(times)) if np.isfinite(times).any() else 0.0


def rank_readers(
    catalogue: Catalogue,
    interactions: Events,
    histories: Events,
    readers: Sequence[str],
    *,
    candidates: Sequence[str] | None,
    k: int,
    now: float,
) -> Iterator[tuple[str, RankedList]]:
    """Yield each reader with the best k of `candidates`, or of the catalogue, without papers they have any event on.

    A reader's history is their rows in `histories`, or without any, in `interactions`. `now` is in epoch seconds.
    """
    own, fallback = Histories.of(histories), Histories.of(interactions)
    candidates = None if candidates is None else [paper for paper in candidates if paper in catalogue]
    if candidates is None and catalogue.model is None:  # named, so that papers nothing is known of are ranked too
        candidates = catalogue.ids()
    for reader in readers:
        history = (own if reader in own else fallback).events_of(reader)
        seen = own.papers_of(reader) | fallback.papers_of(reader)
        ranked_list = catalogue.rank(history, candidates=candidates, k=k, now=now, exclude=seen)
        yield reader, replace(ranked_list, scores=_fill_unknown(ranked_list.scores))


def _fill_unknown(scores: np.ndarray) -> np.ndarray:
    """Replace nan, the score of papers nothing is known of, by one less than the lowest score."""
    unknown = np.isnan(scores)
    least = scores[~unknown].min() - np.float32(1) if (~unknown).any() else np.float32(0)
    return np.where(unknown, least, scores).astype(np.float32)
