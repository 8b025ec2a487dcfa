"""A simulated log of readers over a growing catalogue of real papers, with times: for testing how ranking adapts.

What is simulated are invented readers, so no figure on such a log says how good anything is. The texts are real, what
readers want is not: papers and interests are points of one space, of which the text tells a part and the rest, like a
paper's quality, shows only in who opens it. Interests are separate, drift and are replaced; whole communities get
hotter and cooler. Readers see lists, of the newest papers or of papers by text, and open some of them by place.

Axes: U readers, P papers, G communities, D dimensions of the space, M papers of a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import expit
from sklearn.decomposition import TruncatedSVD

from recommender.config import DAY, Config
from recommender.data.tables import Events, Papers
from recommender.features.tfidf import learn_vocabulary, tokenize_papers

Row = tuple[int, int, str, float]  # (reader, paper, kind, epoch seconds)

START = 1_767_225_600.0  # the first day, in epoch seconds: 2026-01-01
DIMENSIONS, HIDDEN_DIMENSIONS = 64, 8  # of what a text tells, and of what it does not
LISTED_DAYS = 4  # papers of so many days are on the listing's page
OPENED_AFTER = 5.0  # seconds that a reader looks at each place before the next
SAVED_SHARE = 0.3  # of what is opened
MATCH = 10.0  # what the best possible match adds to the logit of an opening
OFFSET = -4.0  # the logit of an opening of a paper without any match, quality or heat
INTEREST_SPREAD = 0.6  # length of a reader's own deviation from their community's centre
WANDERING = 0.03  # length of an interest's daily step
MAX_INTERESTS = 3
LISTING_SHARE = 0.6  # of lists show the newest papers; the others are chosen by text
REMEMBERED = 20  # opened papers that a list is chosen by
TEXT_MATCH = 8.0  # what a perfect match by text adds to a paper's order, in units of the chance that is added to it
MOMENTUM = 0.9  # share of a community's heat that is left the next day


@dataclass(frozen=True)
class World:
    """What is simulated; shares are of one, rates a day."""

    readers: int = 400
    days: int = 50
    communities: int = 12
    published_before: float = 0.5
    """Share of the papers that are there on the first day; the others appear evenly."""
    hidden: float = 0.4
    """Share of what readers want in a paper that its text does not tell."""
    quality: float = 1.0
    """Standard deviation, in logits, of what draws everybody to a paper alike."""
    trend: float = 0.7
    """Standard deviation, in logits, of a community's heat, which changes from day to day."""
    drift: float = 0.03
    """Probability that one of a reader's interests gives way to another community's."""
    visits: float = 0.5
    """Lists that a reader looks at, in the mean; few readers look at many."""
    places: int = 30
    """Papers of a list."""
    position_bias: float = 0.7
    """A reader looks at place r with the probability r to the power of minus this (a position-based model)."""
    ordered: float = 1.0
    """How much the listing is ordered by the logarithm of opens so far; by chance alone at 0."""


def examination(places: np.ndarray | int, bias: float) -> np.ndarray:
    """Return the probability that a reader looks at each of M places, counted from 1, float64 (M,).

    The position-based model of Richardson, Dominowska and Ragno, "Predicting Clicks" (WWW 2007), with the power law of
    Joachims, Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback" (WSDM 2017).
    """
    ranks = np.arange(1, places + 1) if isinstance(places, int) else places
    return np.asarray(ranks, np.float64) ** -bias


def simulate(papers: Papers, world: World, seed: int) -> tuple[Papers, Events]:
    """Return the papers with times of publication, and the readers' impressions, opens and saves in order of time.

    The impressions of one list are consecutive, of one time, and in the order of its places. Papers keep their real
    order where all of their dates are known, else it is drawn.
    """
    random = np.random.default_rng(seed)
    published = _draw_publication(papers, world, random)
    run = _Run(world, _place_papers(papers, world, random), published, random)
    rows = [row for day in range(world.days) for row in run.simulate_day(day)]
    rows.sort(key=lambda row: row[3])
    named = ((f"r{reader}", papers.ids[paper], kind, at) for reader, paper, kind, at in rows)
    return replace(papers, published=published), Events.from_rows(named)


def _draw_publication(papers: Papers, world: World, random: np.random.Generator) -> np.ndarray:
    """Return when each paper is published, float64 (P,) in epoch seconds."""
    count = len(papers)
    order = (
        random.permutation(count) if np.isnan(papers.published).any() else np.argsort(papers.published, kind="stable")
    )
    before = round(world.published_before * count)
    published = np.empty(count)
    published[order[:before]] = START - DAY * np.sort(random.uniform(1, 200, before))[::-1]
    published[order[before:]] = START + DAY * np.linspace(0, world.days, count - before, endpoint=False)
    return published


@dataclass(frozen=True)
class _Space:
    """P papers: float64 vectors (P, D) of their text and of what readers want, and quality (P,) in logits."""

    by_text: np.ndarray
    wanted: np.ndarray
    quality: np.ndarray


def _place_papers(papers: Papers, world: World, random: np.random.Generator) -> _Space:
    words = learn_vocabulary(tokenize_papers(papers), Config().min_df)[1]
    analysis = TruncatedSVD(min(DIMENSIONS + 1, words.shape[1] - 1), random_state=int(random.integers(2**31)))
    by_text = _unit(analysis.fit_transform(words)[:, 1:])  # all texts share the first dimension
    untold = _unit(random.normal(size=(len(papers), HIDDEN_DIMENSIONS)))
    wanted = np.hstack([np.sqrt(1 - world.hidden) * by_text, np.sqrt(world.hidden) * untold])
    return _Space(by_text, wanted, world.quality * random.normal(size=len(papers)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


@dataclass
class _Reader:
    """One reader: `interests` float64 (C, D), the `communities` int64 (C,) they are of, and how often each counts."""

    interests: np.ndarray
    communities: np.ndarray
    weights: np.ndarray
    visits: float
    opened: list[int] = field(default_factory=list)


class _Run:
    """The state of a world from day to day."""

    def __init__(self, world: World, space: _Space, published: np.ndarray, random: np.random.Generator) -> None:
        self.world, self.space, self.published, self.random = world, space, published, random
        centres = space.wanted[random.choice(len(published), world.communities, replace=False)]
        self.centres, self.community_of = centres, (space.wanted @ centres.T).argmax(axis=1)
        self.heat = world.trend * random.normal(size=world.communities)
        self.opens = np.zeros(len(published))
        self.readers = [self._draw_reader() for _ in range(world.readers)]

    def _draw_reader(self) -> _Reader:
        communities = self.random.choice(self.world.communities, self.random.integers(1, MAX_INTERESTS + 1), False)
        weights = self.random.dirichlet(np.full(len(communities), 2.0))
        visits = self.world.visits * self.random.gamma(2.0, 0.5)
        return _Reader(self._near(communities), communities, weights, visits)

    def _near(self, communities: np.ndarray) -> np.ndarray:
        """Return interests near the centres of communities (C,), float64 (C, D)."""
        return self._step(self.centres[communities], INTEREST_SPREAD)

    def _step(self, vectors: np.ndarray, length: float) -> np.ndarray:
        return _unit(vectors + length * _unit(self.random.normal(size=vectors.shape)))

    def simulate_day(self, day: int) -> list[Row]:
        """Change the world by a day, and return the events of all lists looked at in it."""
        shock = self.random.normal(size=len(self.heat))
        self.heat = MOMENTUM * self.heat + self.world.trend * np.sqrt(1 - MOMENTUM**2) * shock
        for reader in self.readers:
            self._drift(reader)
        counts = self.random.poisson([reader.visits for reader in self.readers])
        visits = np.repeat(np.arange(len(counts)), counts)
        times = START + DAY * (day + np.sort(self.random.random(len(visits))))
        return [
            row for who, at in zip(self.random.permutation(visits), times, strict=True) for row in self._visit(who, at)
        ]

    def _drift(self, reader: _Reader) -> None:
        reader.interests = self._step(reader.interests, WANDERING)
        if self.random.random() < self.world.drift:
            chance = np.exp(self.heat)
            which = self.random.integers(len(reader.communities))
            reader.communities[which] = self.random.choice(len(chance), p=chance / chance.sum())
            reader.interests[which] = self._near(reader.communities[which])

    def _visit(self, who: int, at: float) -> list[Row]:
        """Show a reader one list at a time, and return its impressions and what they open and save."""
        reader = self.readers[who]
        papers = self._make_list(reader, at)
        wanted = self.random.random(len(papers)) < expit(self._attraction(reader, papers))
        looked_at = self.random.random(len(papers)) < examination(len(papers), self.world.position_bias)
        rows: list[Row] = [(who, paper, "impression", at) for paper in papers.tolist()]
        for place in np.flatnonzero(wanted & looked_at).tolist():
            paper, when = int(papers[place]), at + OPENED_AFTER * (place + 1)
            rows.append((who, paper, "open", when))
            if self.random.random() < SAVED_SHARE:
                rows.append((who, paper, "save", when + 1))
            reader.opened.append(paper)
            self.opens[paper] += 1
        return rows

    def _make_list(self, reader: _Reader, at: float) -> np.ndarray:
        """Return the papers of a list, int64 (M,): the newest by their opens, or any by text, both with some chance."""
        shown = self.published <= at
        shown[reader.opened] = False
        if self.random.random() < LISTING_SHARE or not reader.opened:
            shown &= self.published > at - LISTED_DAYS * DAY
            order = self.world.ordered * np.log1p(self.opens)
        else:
            recent = reader.opened[-REMEMBERED:]
            order = TEXT_MATCH * (self.space.by_text @ _unit(self.space.by_text[recent].sum(axis=0)))
        papers = np.flatnonzero(shown)
        return papers[np.argsort(-(order[papers] + self.random.gumbel(size=len(papers))))[: self.world.places]]

    def _attraction(self, reader: _Reader, papers: np.ndarray) -> np.ndarray:
        """Return the logit of a reader's wanting each paper (M,), by the interest that it matches best."""
        matches = MATCH * self.space.wanted[papers] @ reader.interests.T + np.log(reader.weights / reader.weights.max())
        return OFFSET + matches.max(axis=1) + self.space.quality[papers] + self.heat[self.community_of[papers]]
