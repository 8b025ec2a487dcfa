"""Two ablations beside the protocol: what each setting costs, and whether both interests of one reader are served.

Axes: R pairs of readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from recommender.config import DAY, Config
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.metrics import recall
from recommender.evaluation.splits import Split, papers_of, split_warm
from recommender.model.model import Model

MAX_READER_PAIRS = 500
MIN_PAPERS_EACH = 8  # training papers of each reader of a pair
RANDOM_AGE_DAYS = 90.0  # papers without dates get a random one in so many days: the worst case for freshness
ABLATIONS = ("prices", "two")


def ablate_settings(model: Model, now: float, seed: int) -> Iterator[tuple[str, Model, Config]]:
    """Yield (name, model, config) for each setting of a list: a plain config with that setting at its default.

    Papers without any dates or upvotes get random ones: the price of a setting that carries no information. `now` is in
    epoch seconds.
    """
    random, plain, default = np.random.default_rng(seed), model.config.relevance_only(), Config()
    with_dates, with_upvotes = model, model
    if np.isnan(model.published).all():
        with_dates = replace(model, published=now - random.random(len(model.ids)) * RANDOM_AGE_DAYS * DAY)
    if np.isnan(model.upvotes).all():
        with_upvotes = replace(model, upvotes=random.lognormal(2, 1, len(model.ids)).astype(np.float32))
    models = {"freshness": with_dates, "popularity": with_upvotes}
    for name in ("freshness", "popularity", "diversity", "fairness", "exploration"):
        value = getattr(default, name)
        yield f"{name} {value:g}", models.get(name, model), replace(plain, **{name: value})


@dataclass(frozen=True)
class ReaderPairs:
    """Readers made of two: the rows of `split` are pairs, `owners` int64 (R, 2) their rows in the log.

    `halves` are the two readers' targets, paper columns.
    """

    split: Split
    owners: np.ndarray
    halves: list[tuple[set[int], set[int]]]


def pair_readers(log: InteractionLog, seed: int) -> ReaderPairs:
    """Make readers of two random ones each, who have no paper in common."""
    split = split_warm(log.X, seed)
    random = np.random.default_rng([seed, 3])
    enough = random.permutation(np.flatnonzero(np.diff(split.history.indptr) >= MIN_PAPERS_EACH))
    couples = enough[: len(enough) // 2 * 2].reshape(-1, 2)
    both = (split.history + split.test).tocsr()
    apart = [row for row, (one, other) in enumerate(couples) if both[one].multiply(both[other]).nnz == 0]
    couples = couples[apart][:MAX_READER_PAIRS]
    history, test = ((part[couples[:, 0]] + part[couples[:, 1]]).tocsr() for part in (split.history, split.test))
    halves = [(_targets(split, one), _targets(split, other)) for one, other in couples]
    paired = replace(split, history=history, test=test, readers=split.readers[couples[:, 0]])
    return ReaderPairs(paired, split.readers[couples], halves)


def compute_half_figures(lists: list[np.ndarray], pairs: ReaderPairs, log: InteractionLog) -> dict[str, np.ndarray]:
    """Return recall@20 of each pair's two halves, float64 (R,): their mean, the worse, and that of fewer papers.

    `lists` are each pair's ranked paper columns.
    """
    recalls = np.array(
        [[recall(one.tolist(), half, 20) for half in halves] for one, halves in zip(lists, pairs.halves, strict=True)]
    )
    papers = np.diff(log.X.indptr)[pairs.owners]
    smaller = recalls[np.arange(len(recalls)), papers.argmin(axis=1)]
    return {"mean of halves": recalls.mean(axis=1), "worse half": recalls.min(axis=1), "smaller half": smaller}


def _targets(split: Split, row: int) -> set[int]:
    return set(papers_of(split.test, row).tolist())
