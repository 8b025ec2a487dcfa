"""Two trials beside the protocol: what each setting costs, and whether two interests in one reader are served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from recommender.config import DAY, Config
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.metrics import recall
from recommender.evaluation.splits import Split, warm
from recommender.model.model import Model

PAIRS = 500
MIN_PAPERS_EACH = 8  # training papers each of the two has
DAYS = 90.0  # papers without dates get one at random in so many days, which is the worst that freshness can do
ABLATIONS = ("prices", "two")


def ablate_settings(model: Model, now: float, seed: int) -> Iterator[tuple[str, Model, Config]]:
    """Yield the model with one setting at its default after the other, all else plain, and what the setting is called.

    Where papers have no dates or upvotes they get random ones: the price of a setting that tells nothing.
    """
    random, plain, usual = np.random.default_rng(seed), model.config.relevance_only(), Config()
    dated, voted = model, model
    if np.isnan(model.published).all():
        dated = replace(model, published=now - random.random(len(model.ids)) * DAYS * DAY)
    if np.isnan(model.upvotes).all():
        voted = replace(model, upvotes=random.lognormal(2, 1, len(model.ids)).astype(np.float32))
    for name, served in (
        ("freshness", dated),
        ("popularity", voted),
        ("diversity", model),
        ("fairness", model),
        ("exploration", model),
    ):
        value = getattr(usual, name)
        yield f"{name} {value:g}", served, replace(plain, **{name: value})


@dataclass(frozen=True)
class Pairs:
    """Readers made of two: rows of `split` are pairs, `owners` (R, 2) their rows in the log, `halves` their targets."""

    split: Split
    owners: np.ndarray
    halves: list[tuple[set[int], set[int]]]


def pair_readers(log: InteractionLog, seed: int) -> Pairs:
    """Make readers of two random ones each, who have no paper in common to learn from or to find."""
    split = warm(log.X, seed)
    random = np.random.default_rng([seed, 3])
    enough = random.permutation(np.flatnonzero(np.diff(split.history.indptr) >= MIN_PAPERS_EACH))
    couples = enough[: len(enough) // 2 * 2].reshape(-1, 2)
    both = (split.history + split.test).tocsr()
    apart = [row for row, (one, other) in enumerate(couples) if both[one].multiply(both[other]).nnz == 0]
    couples = couples[apart][:PAIRS]
    history, test = ((part[couples[:, 0]] + part[couples[:, 1]]).tocsr() for part in (split.history, split.test))
    halves = [(_targets(split, one), _targets(split, other)) for one, other in couples]
    made = replace(split, history=history, test=test, readers=split.readers[couples[:, 0]])
    return Pairs(made, split.readers[couples], halves)


def half_figures(lists: list[np.ndarray], pairs: Pairs, log: InteractionLog) -> dict[str, np.ndarray]:
    """Return each half's recall in the first 20: their mean, the worse one's, and that of who has fewer papers."""
    found = np.array(
        [[recall(top.tolist(), half, 20) for half in halves] for top, halves in zip(lists, pairs.halves, strict=True)]
    )
    papers = np.diff(log.X.indptr)[pairs.owners]
    fewer = found[np.arange(len(found)), papers.argmin(axis=1)]
    return {"mean of halves": found.mean(axis=1), "worse half": found.min(axis=1), "smaller half": fewer}


def _targets(split: Split, row: int) -> set[int]:
    return set(split.test.indices[split.test.indptr[row] : split.test.indptr[row + 1]].tolist())
