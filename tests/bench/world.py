"""Generated catalogues and readers of any size, deterministic by seed, as streams and arrays.

Texts are made of a vocabulary by Zipf's law, a third of them function words; the rest is common to all papers, to a
field, or to a topic, and words recur within a paper. There are two kinds of catalogue, because methods that look
perfect on one fail on the other: in `small` ones a topic has 200 papers whatever the size, so there are ever more
topics; in `growing` ones 100 topics grow with the catalogue. How they resemble real abstracts is in the README here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from recommender import Events, Papers
from tests.bench.words import CONNECTORS, CONTENT_WORDS, function_words, vocabulary, zipf

SEED = 7
NOW = 1_790_000_000.0
DAY = 86_400.0
KINDS = ("small", "growing")
TOPIC_PAPERS, TOPICS, FIELDS = 200, 100, 40
CHUNK = 2_000  # papers that are made at a time
YEARS = 10
_CATEGORIES = """
cs.LG cs.CL cs.CV cs.AI cs.RO cs.IR cs.CR cs.DS cs.SE cs.HC cs.NE cs.SI cs.DC cs.NI stat.ML stat.ME math.PR
math.OC math.NT math.CO math.AP math.AG quant-ph hep-th hep-ph hep-ex gr-qc astro-ph.GA astro-ph.CO
cond-mat.str-el cond-mat.mtrl-sci physics.optics physics.flu-dyn q-bio.NC q-bio.QM q-fin.ST eess.IV eess.SP
eess.AS econ.EM
"""
CATEGORIES = tuple(_CATEGORIES.split())
_LENGTHS = (186.0, 42.0, 100, 250)  # words of an abstract: mean, standard deviation, least, most
_FUNCTION, _COMMON, _FIELD = 0.30, 0.68, 0.80  # cumulative shares of the words; what remains is the topic's
_RECURRING, _PAIRED = 0.27, 0.3  # words that stood before in the paper; topic words followed by their companion
_FIELD_WORDS, _TOPIC_WORDS = 1_200, 160
_COMMON_LAW, _OWN_LAW = (1.35, 30.0), (1.2, 200.0)  # exponents and offsets of Zipf's law
_TITLE_WORDS = (3, 4)  # those of the topic and of all on both sides of the connector, at most


@dataclass(frozen=True)
class Paper:
    """A generated paper; `vars` of it is what a source would give."""

    id: str
    title: str
    abstract: str
    authors: list[str]
    categories: list[str]
    organization: str | None
    published_at: float
    upvotes: int | None
    topic: int


class World:
    """A catalogue of so many papers, oldest first. Nothing is kept of the texts: they are made when asked for."""

    def __init__(self, papers: int, kind: str = "small", seed: int = SEED) -> None:
        assert kind in KINDS
        self.papers, self.kind, self.seed = papers, kind, seed
        self.topics = max(8, papers // TOPIC_PAPERS) if kind == "small" else TOPICS

    def __len__(self) -> int:
        return self.papers

    @cached_property
    def topic(self) -> np.ndarray:
        """The topic of each paper: int32 (P,). Small topics are of one size, growing ones differ."""
        dice = np.random.default_rng([self.seed, 1])
        if self.kind == "small":
            return dice.permutation(np.arange(self.papers, dtype=np.int32) % self.topics)
        return zipf(dice.random(self.papers), self.topics, 0.7, 3.0)

    @cached_property
    def published(self) -> np.ndarray:
        """When each paper was published, rising: float64 (P,), epoch seconds."""
        return NOW - YEARS * 365 * DAY * (1 - (np.arange(self.papers) + 0.5) / self.papers)

    @cached_property
    def ids(self) -> list[str]:
        """The arXiv id of each paper, by its month."""
        months = self.published.astype("datetime64[s]").astype("datetime64[M]")
        first = np.searchsorted(months, months)  # the month's first paper
        names = {month: f"{str(month)[2:4]}{str(month)[5:7]}" for month in np.unique(months)}
        within = (np.arange(self.papers) - first + 10_000).tolist()
        return [f"{names[month]}.{number}" for month, number in zip(months, within, strict=True)]

    @cached_property
    def _field_words(self) -> np.ndarray:
        return self._own_words(2, FIELDS, _FIELD_WORDS)

    @cached_property
    def _topic_words(self) -> np.ndarray:
        return self._own_words(3, self.topics, _TOPIC_WORDS)

    def _own_words(self, stream: int, groups: int, count: int) -> np.ndarray:
        """Return words by group, int32 (groups, count): the more frequent a word, the more groups have it."""
        dice = np.random.default_rng([self.seed, stream])
        return 60 + zipf(dice.random((groups, count)), CONTENT_WORDS - 60, *_OWN_LAW)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Paper]:
        """Yield papers in order; the same ones whatever range they are asked in."""
        stop = self.papers if stop is None else min(stop, self.papers)
        for chunk in range(start // CHUNK, -(-stop // CHUNK)):
            first = chunk * CHUNK
            made = self._make(chunk)
            yield from made[max(start - first, 0) : stop - first]

    def chunks(self, size: int) -> Iterator[list[Paper]]:
        """Yield the papers in lists of so many."""
        for start in range(0, self.papers, size):
            yield list(self.rows(start, start + size))

    def table(self) -> Papers:
        """Return the whole catalogue as the recommender's table: all texts in memory."""
        return Papers.from_rows({**vars(paper), "published": paper.published_at} for paper in self.rows())

    def _make(self, chunk: int) -> list[Paper]:
        rows = np.arange(chunk * CHUNK, min((chunk + 1) * CHUNK, self.papers))
        dice = np.random.default_rng([self.seed, 4, chunk])
        topics = self.topic[rows]
        texts, titles = self._abstracts(dice, topics), self._titles(dice, rows, topics)
        authors, categories = self._authors(dice, topics), self._categories(dice, topics)
        upvotes = (dice.pareto(1.1, len(rows)) * 8).astype(int)
        known, company = dice.random(len(rows)) < 0.3, dice.random(len(rows)) < 0.2
        return [
            Paper(
                id=self.ids[row],
                title=titles[at],
                abstract=texts[at],
                authors=authors[at],
                categories=categories[at],
                organization=f"Institute {topics[at] % 300}" if company[at] else None,
                published_at=float(self.published[row]),
                upvotes=int(upvotes[at]) if known[at] else None,
                topic=int(topics[at]),
            )
            for at, row in enumerate(rows.tolist())
        ]

    def _abstracts(self, dice: np.random.Generator, topics: np.ndarray) -> list[str]:
        mean, deviation, least, most = _LENGTHS
        lengths = np.clip(dice.normal(mean, deviation, len(topics)), least, most).astype(int)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        words = self._word_numbers(dice, np.repeat(topics, lengths))
        position = np.arange(len(words)) - np.repeat(starts[:-1], lengths)
        recurring = np.flatnonzero((dice.random(len(words)) < _RECURRING) & (words >= len(function_words()[0])))
        earlier = (dice.random(len(recurring)) * position[recurring]).astype(int)
        words[recurring] = words[recurring - position[recurring] + earlier]
        spelled = vocabulary()[words].tolist()
        return [_sentences(spelled[one:other]) for one, other in pairwise(starts)]

    def _word_numbers(self, dice: np.random.Generator, topics: np.ndarray) -> np.ndarray:
        """Return a word for each place, whose paper's topic is given: int32, as long as `topics`."""
        names, shares = function_words()
        kind, chance = dice.random(len(topics)), dice.random(len(topics))
        content = zipf(chance, CONTENT_WORDS, *_COMMON_LAW)
        field = (kind >= _COMMON) & (kind < _FIELD)
        content[field] = self._field_words[topics[field] % FIELDS, zipf(chance[field], _FIELD_WORDS, 0.9, 8.0)]
        topical = kind >= _FIELD
        ranks = zipf(chance, _TOPIC_WORDS, 0.8, 4.0)
        # Some words of a topic come in pairs, as terms of two words do.
        paired = topical & np.roll(topical, 1) & (dice.random(len(topics)) < _PAIRED)
        ranks[paired] = np.roll(ranks, 1)[paired] ^ 1
        content[topical] = self._topic_words[topics[topical], ranks[topical]]
        function = kind < _FUNCTION
        words = content + len(names)
        words[function] = np.searchsorted(shares, chance[function])
        return words.astype(np.int32)

    def _titles(self, dice: np.random.Generator, rows: np.ndarray, topics: np.ndarray) -> list[str]:
        """Return titles of which no two are the same: the first word and the connector are one paper's alone."""
        turn, first = rows // CONTENT_WORDS, rows * 104_729 % CONTENT_WORDS
        assert self.papers <= CONTENT_WORDS * len(CONNECTORS)
        words, offset = vocabulary(), len(function_words()[0])
        most = sum(_TITLE_WORDS)
        picked = self._topic_words[topics[:, None], zipf(dice.random((len(rows), most)), _TOPIC_WORDS, 0.8, 4.0)]
        common = dice.random((len(rows), most)) < 0.4
        picked[common] = zipf(dice.random(int(common.sum())), CONTENT_WORDS, *_COMMON_LAW)
        spelled = words[picked + offset].tolist()
        before, after = (dice.integers(1, many + 1, len(rows)).tolist() for many in _TITLE_WORDS)
        titles = []
        for at, own in enumerate(spelled):
            connector = CONNECTORS[(int(turn[at]) + int(first[at])) % len(CONNECTORS)]
            left, right = own[: before[at]], own[_TITLE_WORDS[0] : _TITLE_WORDS[0] + after[at]]
            titles.append(" ".join([words[first[at] + offset].capitalize(), *left, connector, *right]))
        return titles

    def _authors(self, dice: np.random.Generator, topics: np.ndarray) -> list[list[str]]:
        """Return names, of whom each topic has some busy ones and many others; different people may share a name."""
        counts = np.minimum(1 + dice.poisson(3.4, len(topics)), 12)
        people = np.repeat(topics.astype(np.int64), counts) * 997
        people += zipf(dice.random(len(people)), max(60, self.papers // self.topics), 0.8, 3.0)
        words = vocabulary()
        given, family = words[300 + people * 7919 % 700].tolist(), words[1_000 + people * 15_485_863 % 9_000].tolist()
        names = [f"{one.capitalize()} {other.capitalize()}" for one, other in zip(given, family, strict=True)]
        ends = np.cumsum(counts).tolist()
        return [list(dict.fromkeys(names[end - count : end])) for count, end in zip(counts.tolist(), ends, strict=True)]

    def _categories(self, dice: np.random.Generator, topics: np.ndarray) -> list[list[str]]:
        more = np.minimum(dice.geometric(0.6, len(topics)) - 1, 3).tolist()
        others = dice.integers(0, len(CATEGORIES), (len(topics), 3)).tolist()
        return [
            list(dict.fromkeys([CATEGORIES[topic % FIELDS], *(CATEGORIES[one] for one in others[at][: more[at]])]))
            for at, topic in enumerate(topics.tolist())
        ]


def _sentences(words: list[str]) -> str:
    return " ".join(" ".join(words[at : at + 21]).capitalize() + "." for at in range(0, len(words), 21))


EVENT_KINDS = ("open", "save", "hide", "dislike")
_KIND_SHARES = np.cumsum([0.60, 0.35, 0.04, 0.01])
_STRAY = 0.1  # events outside the reader's topics


@dataclass(frozen=True)
class Log:
    """Events of generated readers, by time: each reader meets a paper once.

    `readers` and `papers` int32 (V,), `kinds` int8 (V,) into EVENT_KINDS, `times` float64 (V,) in epoch seconds.
    """

    count: int
    readers: np.ndarray
    papers: np.ndarray
    kinds: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.readers)

    def rows(
        self, ids: Sequence[str], start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[str, str, str, float]]:
        """Yield (reader, paper, kind, time) of a range of events; `ids` are the papers'."""
        cut = slice(start, stop)
        columns: list[Any] = [column[cut].tolist() for column in (self.readers, self.papers, self.kinds, self.times)]
        for reader, paper, kind, at in zip(*columns, strict=True):
            yield reader_name(reader), ids[paper], EVENT_KINDS[kind], at

    def table(self, ids: Sequence[str]) -> Events:
        """Return all events as the recommender's table."""
        return Events.from_rows(self.rows(ids))


def reader_name(reader: int) -> str:
    """Return the id of a generated reader."""
    return f"reader{reader:07d}"


def make_log(world: World, events: int, readers: int | None = None, seed: int = SEED) -> Log:
    """Return so many events of so many readers (one for 20 events unless given).

    A few readers do most (a power law); each has topics of their own, more of them the more they read, and within a
    topic some papers are much more popular than others.
    """
    readers = readers or max(1, events // 20)
    if events > 0.5 * readers * len(world):
        raise ValueError("more events than so many readers can have of so few papers")
    dice = np.random.default_rng([seed, 5])
    activity = np.minimum(dice.pareto(1.3, readers) + 0.3, 300.0)
    shares = np.cumsum(activity / activity.sum())
    order = np.argsort(world.topic, kind="stable")
    starts = np.searchsorted(world.topic[order], np.arange(world.topics + 1))
    met = np.zeros(0, np.int64)
    while len(met) < events:
        missing = int((events - len(met)) * 1.2) + 100
        reader = np.searchsorted(shares, dice.random(missing)).astype(np.int64)
        own = 1 + (activity[reader] * events / activity.sum() / 30).astype(np.int64)
        nth = (dice.random(missing) ** 2 * own).astype(np.int64)
        topic = _hash(reader * 4_096 + nth) % world.topics
        width = starts[topic + 1] - starts[topic]
        popular = (dice.random(missing) ** 2.2 * width).astype(np.int64)
        paper = order[np.minimum(starts[topic] + popular, len(world) - 1)].astype(np.int64)
        stray = (dice.random(missing) < _STRAY) | (width == 0)
        paper[stray] = dice.integers(0, len(world), int(stray.sum()))
        met = np.unique(np.concatenate([met, reader * len(world) + paper]))
    met = met[np.sort(dice.permutation(len(met))[:events])]
    reader, paper = np.divmod(met, len(world))
    times = world.published[paper] + (NOW - world.published[paper]) * dice.random(events) ** 2
    kinds = np.searchsorted(_KIND_SHARES, dice.random(events)).clip(max=len(EVENT_KINDS) - 1)
    by_time = np.argsort(times, kind="stable")
    columns = (reader.astype(np.int32), paper.astype(np.int32), kinds.astype(np.int8), times)
    return Log(readers, *(column[by_time] for column in columns))


def _hash(numbers: np.ndarray) -> np.ndarray:
    """Return well mixed non-negative numbers: int64 (the finalizer of splitmix64)."""
    mixed = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)
