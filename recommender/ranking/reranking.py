"""From scores to a list: the best k, ties by id; diversity and exploration where the list is ours to choose."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from recommender.config import Config
from recommender.ranking.interests import cluster_interests, fair_shares
from recommender.ranking.ranked_list import RankedList, make_ranked_list
from recommender.ranking.scoring import CatalogueScores

POOL = 3  # diversity and exploration look at this many times k papers, and at
MIN_POOL = 120  # so many at the least
LEAST_SCORE = 1e-3  # of a paper that was found: one under zero would say that it does not match
PAGE = 20  # places that interests share fairly; further down they go on as they began


def rank_candidates(scored: CatalogueScores, candidates: Sequence[str], k: int | None) -> RankedList:
    """Return the best k of these papers; those without a score last."""
    row_of = scored.index.row_of
    rows = np.array([row_of[paper] for paper in candidates if paper in row_of], np.int64)
    unscored = [paper for paper in candidates if paper not in row_of or np.isnan(scored.scores[row_of[paper]])]
    rows = _top_rows(scored, rows[~np.isnan(scored.scores[rows])], k)
    room = None if k is None else max(k - len(rows), 0)
    return make_ranked_list(scored, rows, sorted(unscored)[:room], None)


def rank_catalogue(
    scored: CatalogueScores, k: int | None, exclude: Collection[str], config: Config, seed: int
) -> RankedList:
    """Return the best k of the whole index without what the reader met or `exclude` names."""
    rows = np.flatnonzero(_allowed(scored, exclude))
    if k is None or not (config.diversity or config.exploration or config.fairness):
        return make_ranked_list(scored, _top_rows(scored, rows, k), [], None)
    pool = _top_rows(scored, rows, max(POOL * k, MIN_POOL))
    order, added = _diversify(scored, pool, k, config)
    order, added = _explore(scored, pool, order, added, share=config.exploration, seed=seed)
    return make_ranked_list(scored, order, [], added)


def found(scored: CatalogueScores, matches: np.ndarray, k: int, exclude: Collection[str] = ()) -> RankedList:
    """Return the best k of the papers that match (N,), none of them below `LEAST_SCORE`."""
    rows = _top_rows(scored, np.flatnonzero(_allowed(scored, exclude) & matches), k)
    return make_ranked_list(scored, rows, [], np.maximum(np.float32(LEAST_SCORE) - scored.scores[rows], 0))


def _allowed(scored: CatalogueScores, exclude: Collection[str]) -> np.ndarray:
    """Return which papers may be listed, bool (N,): those with a score that the reader has not met."""
    allowed = scored.index.is_current & ~np.isnan(scored.scores)
    allowed[scored.profile.seen] = False
    allowed[[scored.index.row_of[paper] for paper in exclude if paper in scored.index.row_of]] = False
    return allowed


def _top_rows(scored: CatalogueScores, rows: np.ndarray, k: int | None) -> np.ndarray:
    scores = scored.scores[rows]
    if k is not None and 0 < k < len(rows):
        least = np.partition(scores, len(rows) - k)[len(rows) - k]
        rows = rows[scores >= least]  # all ties of the last place, for the ids to decide
        scores = scored.scores[rows]
    return rows[np.lexsort((scored.index.place_of_id[rows], -scores))][:k]


def _diversify(scored: CatalogueScores, pool: np.ndarray, k: int, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Choose one by one the best score, less what likeness to a chosen one and its interest's fill cost.

    In spreads of the pool's scores: `diversity` times the likeness to the likest chosen, and `fairness` times the share
    its interest's places are filled. Both only grow as others are chosen, so the scores come out in order.
    """
    scores = scored.scores[pool]
    alike = config.diversity * _likeness(scored, pool) if config.diversity else None
    interest, places = _interests(scored, pool) if config.fairness else (None, None)
    unit = scores.std() if len(pool) else np.float32(0)
    likest, fill, left = np.zeros(len(pool), np.float32), np.zeros(len(pool), np.float32), scores.copy()
    order: list[int] = []
    cost: list[np.float32] = []
    for _ in range(min(k, len(pool))):
        one = int((left - unit * (likest + fill)).argmax())
        order.append(one)
        cost.append(-unit * (likest[one] + fill[one]))
        left[one] = -np.inf
        if alike is not None:
            np.maximum(likest, alike[one], out=likest)
        if interest is not None and places is not None:
            fill += np.where(interest == interest[one], config.fairness / places[interest[one]], np.float32(0))
    return pool[order], np.array(cost, np.float32)


def _interests(scored: CatalogueScores, pool: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the interest each paper serves most, int64 (M,), and each interest's fair places on a page (C,)."""
    groups = cluster_interests(scored.profile)
    if groups is None or not len(pool):
        return None, None
    return scored.by_group(pool, groups).argmax(axis=1), np.maximum(PAGE * fair_shares(groups), np.float32(1))


def _likeness(scored: CatalogueScores, rows: np.ndarray) -> np.ndarray:
    directions = _directions(scored, rows)
    return np.maximum(directions @ directions.T, np.float32(0))


def _directions(scored: CatalogueScores, rows: np.ndarray) -> np.ndarray:
    """Return unit vectors (n, D) of papers; without a model, of their words (n, W)."""
    vectors = scored.index.foldin_vectors(rows)
    if not vectors.shape[1]:
        return np.asarray(scored.index.words(rows).todense(), np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))


def _explore(
    scored: CatalogueScores, pool: np.ndarray, order: np.ndarray, added: np.ndarray, *, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give a share of the places in the list's lower half to papers from further down, lifted to that place's score."""
    if not share:
        return order, added
    random = np.random.default_rng(seed)
    others = pool[~np.isin(pool, order)]
    half = np.arange(len(order) // 2, len(order))
    places = half[random.random(len(half)) < 2 * share]
    if not len(places) or not len(others):
        return order, added
    places = places[: len(others)]
    order, added = order.copy(), added.copy()
    totals = (scored.scores[order] + added)[places]
    order[places] = random.choice(others, len(places), replace=False)
    added[places] = totals - scored.scores[order[places]]
    return order, added
