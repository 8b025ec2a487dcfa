"""Taking in abstracts: from what a source gives to rows in SQL with their full text, beside scikit-learn's TF-IDF."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from recommender import Config
from recommender.features.tfidf import learn_vocabulary
from server.services.papers import merge_source_papers
from server.store.database import Database
from tests.bench import homes
from tests.bench.rows import Row, Scale, clock
from tests.bench.world import NOW, Paper, World

TRANSACTION = 1_000  # papers, as a page of a source has


def rows(scale: Scale) -> Iterator[Row]:
    """Yield what it takes to store and to vectorise so many abstracts, and a batch into a catalogue that is larger."""
    count = scale.choose(tiny=60, quick=2_000, full=10_000)
    world = World(count * (scale.repeats + 1))
    batches = [list(world.rows(at * count, (at + 1) * count)) for at in range(scale.repeats + 1)]
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        database = homes.empty(Path(folder) / "home")
        stored, counted, ours = [], [], []
        for batch in batches:  # each goes into a larger catalogue than the one before
            stored.append(clock(partial(store, database, batch)))
            counted.append(clock(partial(count_words, batch)))
            ours.append(clock(partial(vectorise, batch)))
        database.close()
    beside = f"scikit-learn's TF-IDF of the same {count:,} texts"
    rate = [count / took * 1e3 for took in counted[1:]]
    for what, took in (("take in", stored), ("vectorise", ours)):
        yield Row(f"{what} {count:,} abstracts", per_second(count, took), "papers/s", beside, rate, at_least=0.8)
    grown = [one / stored[1] for one in stored[-1:]]
    note = f"SQLite, {TRANSACTION:,} papers a transaction, full-text index included"
    what = f"the last {count:,} of {len(world):,} beside the second"
    yield Row(what, grown, "times", at_most=1.5, reach="does not grow with the catalogue", note=note)


def per_second(count: int, took: list[float]) -> list[float]:
    """Return papers a second, but for the first, with which the process warms up."""
    return [count / one * 1e3 for one in took[1:]]


def store(database: Database, papers: list[Paper]) -> None:
    """Store papers as a source's are stored."""
    for start in range(0, len(papers), TRANSACTION):
        with database.writing() as session:
            some = [vars(paper) for paper in papers[start : start + TRANSACTION]]
            merge_source_papers(session, homes.SOURCE, some, now=NOW)


def count_words(papers: list[Paper]) -> None:
    """Do what scikit-learn does with its own words, in the form that the model uses."""
    texts = [f"{paper.title} {paper.abstract}" for paper in papers]
    TfidfVectorizer(min_df=Config.min_df, sublinear_tf=True, stop_words="english").fit_transform(texts)


def vectorise(papers: list[Paper]) -> None:
    """Learn the words and vectorise the texts as a training does."""
    learn_vocabulary([f"{paper.title}\n{paper.abstract}" for paper in papers], Config.min_df)
