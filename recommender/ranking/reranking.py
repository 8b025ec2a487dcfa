"""From scores to a list: the best k, ties broken by id; without candidates also diversity, fairness and exploration.

Axes: M papers of a list or pool, N papers in the index, C interests, D factors, W words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from recommender.config import Config
from recommender.ranking.interests import cluster_interests, fair_shares
from recommender.ranking.ranked_list import RankedList, build_ranked_list
from recommender.ranking.scoring import CatalogueScores

POOL_FACTOR, MIN_POOL = 3, 120  # diversity and exploration choose from this many times k papers, and at least so many
MIN_MATCH_SCORE = 1e-3  # a paper that matches a query never scores below: a negative score would deny the match
FAIR_PLACES = 20  # places that interests share fairly; further down the proportions stay as they are


def rank_candidates(scores: CatalogueScores, candidates: Sequence[str], k: int | None) -> RankedList:
    """Return the best k of these papers, all with None; those without a score come last, by id."""
    row_of = scores.index.row_of
    rows = np.array([row_of[paper] for paper in candidates if paper in row_of], np.int64)
    unscored = [paper for paper in candidates if paper not in row_of or np.isnan(scores.total[row_of[paper]])]
    rows = _select_top(scores, rows[~np.isnan(scores.total[rows])], k)
    room = None if k is None else max(k - len(rows), 0)
    return build_ranked_list(scores, rows, sorted(unscored)[:room], None)


def rank_catalogue(
    scores: CatalogueScores, k: int | None, exclude: Collection[str], config: Config, seed: int
) -> RankedList:
    """Return the best k of the whole index, all with None, without what the reader has seen or `exclude` names."""
    rows = np.flatnonzero(_mask_eligible(scores, exclude))
    if k is None or not (config.diversity or config.exploration or config.fairness):
        return build_ranked_list(scores, _select_top(scores, rows, k), [], None)
    pool = _select_top(scores, rows, max(POOL_FACTOR * k, MIN_POOL))
    order, adjustments = _diversify(scores, pool, k, config)
    order, adjustments = _explore(scores, pool, order, adjustments, share=config.exploration, seed=seed)
    return build_ranked_list(scores, order, [], adjustments)


def rank_matches(scores: CatalogueScores, matches: np.ndarray, k: int, exclude: Collection[str] = ()) -> RankedList:
    """Return the best k of the papers that match, bool (N,), none of them below `MIN_MATCH_SCORE`."""
    rows = _select_top(scores, np.flatnonzero(_mask_eligible(scores, exclude) & matches), k)
    return build_ranked_list(scores, rows, [], np.maximum(np.float32(MIN_MATCH_SCORE) - scores.total[rows], 0))


def _mask_eligible(scores: CatalogueScores, exclude: Collection[str]) -> np.ndarray:
    """Return which papers may be listed, bool (N,): those that have a score and that the reader has not seen."""
    eligible = scores.index.is_current & ~np.isnan(scores.total)
    eligible[scores.profile.seen] = False
    eligible[[scores.index.row_of[paper] for paper in exclude if paper in scores.index.row_of]] = False
    return eligible


def _select_top(scores: CatalogueScores, rows: np.ndarray, k: int | None) -> np.ndarray:
    totals = scores.total[rows]
    if k is not None and 0 < k < len(rows):
        threshold = np.partition(totals, len(rows) - k)[len(rows) - k]
        rows = rows[totals >= threshold]  # with all ties of the last place, which ids decide
        totals = scores.total[rows]
    return rows[np.lexsort((_break_ties(scores, rows, totals), -totals))][:k]


def _break_ties(scores: CatalogueScores, rows: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return keys int64 (M,) that order index rows (M,) of the same total by id."""
    _, place, count = np.unique(totals, return_inverse=True, return_counts=True)
    tied = np.flatnonzero(count[place] > 1)
    keys = np.zeros(len(rows), np.int64)
    keys[tied] = scores.index.id_keys(rows[tied])
    return keys


def _diversify(scores: CatalogueScores, pool: np.ndarray, k: int, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Choose greedily by score, less a cost for similarity to chosen papers and for the filled places of an interest.

    Returns index rows (k,) and what each choice cost, float32 (k,). `diversity` weighs the largest similarity to a
    chosen paper, as maximal marginal relevance does (Carbonell and Goldstein, SIGIR 1998); `fairness` weighs the filled
    share of the places due to the paper's interest, a greedy form of Steck, "Calibrated Recommendations" (RecSys 2018).
    Both costs are in standard deviations of the pool's scores, and only grow as papers are chosen, so the scores stay
    in order.
    """
    totals = scores.total[pool]
    similarity = config.diversity * _measure_similarity(scores, pool) if config.diversity else None
    interest, places = _assign_interests(scores, pool) if config.fairness else (None, None)
    unit = totals.std() if len(pool) else np.float32(0)
    redundancy, filled, remaining = np.zeros(len(pool), np.float32), np.zeros(len(pool), np.float32), totals.copy()
    order: list[int] = []
    costs: list[np.float32] = []
    for _ in range(min(k, len(pool))):
        best = int((remaining - unit * (redundancy + filled)).argmax())
        order.append(best)
        costs.append(-unit * (redundancy[best] + filled[best]))
        remaining[best] = -np.inf
        if similarity is not None:
            np.maximum(redundancy, similarity[best], out=redundancy)
        if interest is not None and places is not None:
            filled += np.where(interest == interest[best], config.fairness / places[interest[best]], np.float32(0))
    return pool[order], np.array(costs, np.float32)


def _assign_interests(scores: CatalogueScores, pool: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the interest that adds most to each paper, int64 (M,), and the places due to each, float32 (C,)."""
    groups = cluster_interests(scores.profile)
    if groups is None or not len(pool):
        return None, None
    return scores.group_shares(pool, groups).argmax(axis=1), np.maximum(
        FAIR_PLACES * fair_shares(groups), np.float32(1)
    )


def _measure_similarity(scores: CatalogueScores, rows: np.ndarray) -> np.ndarray:
    """Return the cosines between papers, none below 0, float32 (M, M)."""
    vectors = _normalize_vectors(scores, rows)
    return np.maximum(vectors @ vectors.T, np.float32(0))


def _normalize_vectors(scores: CatalogueScores, rows: np.ndarray) -> np.ndarray:
    """Return unit vectors float32 (M, D) of papers; without a model, their TF-IDF rows (M, W)."""
    vectors = scores.index.foldin_vectors(rows)
    if not vectors.shape[1]:
        return np.asarray(scores.index.words(rows).todense(), np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))


def _explore(
    scores: CatalogueScores, pool: np.ndarray, order: np.ndarray, adjustments: np.ndarray, *, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give a `share` of all places, drawn in the lower half, to random papers of the pool at that place's score.

    Epsilon-greedy exploration that leaves the upper half alone.
    """
    if not share:
        return order, adjustments
    random = np.random.default_rng(seed)
    others = pool[~np.isin(pool, order)]
    half = np.arange(len(order) // 2, len(order))
    places = half[random.random(len(half)) < 2 * share]
    if not len(places) or not len(others):
        return order, adjustments
    places = places[: len(others)]
    order, adjustments = order.copy(), adjustments.copy()
    totals = (scores.total[order] + adjustments)[places]
    order[places] = random.choice(others, len(places), replace=False)
    adjustments[places] = totals - scores.total[order[places]]
    return order, adjustments
