"""From scores to a list: the best k, ties broken by id; without candidates also diversity, fairness and exploration.

Axes: M papers of a list or pool, N papers in the index, C interests, D factors, W words.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from recommender.config import Config
from recommender.ranking.interests import fair_shares
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.paper_slices import PaperSelection
from recommender.ranking.ranked_list import RankedList, build_ranked_list
from recommender.ranking.scoring import CatalogueScores

POOL_FACTOR, MIN_POOL = 3, 120  # diversity and exploration choose from this many times k papers, and at least so many
MIN_MATCH_SCORE = 1e-3  # a paper that matches a query never scores below: a negative score would deny the match
FAIR_PLACES = 20  # places that interests share fairly; further down the proportions stay as they are


def rank_candidates(scores: CatalogueScores, candidates: Sequence[str], k: int | None) -> RankedList:
    """Return the best k of these papers, all with None; those without a score come last, by id."""
    rows = scores.index.find_rows(candidates)
    totals = np.full(len(rows), np.nan, np.float32)
    totals[rows >= 0] = scores.of(rows[rows >= 0])
    unscored = [candidates[at] for at in np.flatnonzero(np.isnan(totals)).tolist()]
    rows, totals = _select_top(scores.index, rows[~np.isnan(totals)], totals[~np.isnan(totals)], k)
    room = None if k is None else max(k - len(rows), 0)
    return build_ranked_list(scores, rows, sorted(unscored)[:room], None, totals)


def rank_catalogue(
    scores: CatalogueScores,
    k: int | None,
    exclude: Collection[str],
    config: Config,
    seed: int,
    *,
    unlisted: frozenset[str] = frozenset(),
) -> RankedList:
    """Return the best k of the whole index, all with None, without what the reader has seen or `exclude` names.

    `unlisted` are papers to leave out for every reader: the same set in all calls is looked up once.
    """
    excluded = _find_excluded(scores, exclude, unlisted)
    if k is None or not (config.diversity or config.exploration or config.fairness):
        rows, totals = _select_best(scores, excluded, k)
        return build_ranked_list(scores, rows, [], None, totals)
    pool, totals = _select_best(scores, excluded, max(POOL_FACTOR * k, MIN_POOL))
    order, adjustments = _diversify(scores, pool, totals, k, config)
    order, adjustments = _explore(totals, order, adjustments, share=config.exploration, seed=seed)
    return build_ranked_list(scores, pool[order], [], adjustments, totals[order])


def rank_matches(scores: CatalogueScores, matches: np.ndarray, k: int) -> RankedList:
    """Return the best k of index rows that match, int64 (M,), none of them below `MIN_MATCH_SCORE`."""
    rows = np.setdiff1d(matches, _find_excluded(scores, ()), assume_unique=True)
    totals = scores.of(rows)
    return _list_matches(scores, *_select_top(scores.index, rows[~np.isnan(totals)], totals[~np.isnan(totals)], k))


def rank_similar(
    scores: CatalogueScores, k: int, exclude: Collection[str], unlisted: frozenset[str] = frozenset()
) -> RankedList:
    """Return the best k of the papers that score above zero, or of all where every score is zero."""
    rows, totals = _select_best(scores, _find_excluded(scores, exclude, unlisted), k)
    if (totals > 0).any() or np.nan_to_num(scores.total).any():
        rows, totals = rows[totals > 0], totals[totals > 0]
    return _list_matches(scores, rows, totals)


def _list_matches(scores: CatalogueScores, rows: np.ndarray, totals: np.ndarray) -> RankedList:
    return build_ranked_list(scores, rows, [], np.maximum(np.float32(MIN_MATCH_SCORE) - totals, 0), totals)


def _find_excluded(
    scores: CatalogueScores, exclude: Collection[str], unlisted: frozenset[str] = frozenset()
) -> np.ndarray:
    """Return the rows that may not be listed, int64 in order, some twice: replaced, seen and named ones."""
    index = scores.index
    named = index.find_rows(list(exclude))
    found = [index.replaced, scores.profile.seen, named[named >= 0], index.find_set(unlisted)]
    return np.sort(np.concatenate(found))


def _select_best(scores: CatalogueScores, excluded: np.ndarray, k: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the best k of the rows that are not excluded and have a score, all with None, best first, and scores."""
    if k is not None and k > 0:
        return _select_top(scores.index, *scores.best(k, excluded), k)
    eligible = ~np.isnan(scores.total)
    eligible[excluded] = False
    return _select_top(scores.index, np.flatnonzero(eligible), scores.total[eligible], k)


def _select_top(
    index: PaperIndex, rows: np.ndarray, totals: np.ndarray, k: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k of these index rows (M,) with the largest `totals` (M,), all with None, best first, and these."""
    if k is not None and 0 < k < len(rows):
        threshold = np.partition(totals, len(rows) - k)[len(rows) - k]
        rows, totals = rows[totals >= threshold], totals[totals >= threshold]  # with all ties of the last place
    order = np.lexsort((_break_ties(index, rows, totals), -totals))[:k]
    return rows[order], totals[order]


def _break_ties(index: PaperIndex, rows: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return keys int64 (M,) that order index rows (M,) of the same total by id."""
    _, place, count = np.unique(totals, return_inverse=True, return_counts=True)
    tied = np.flatnonzero(count[place] > 1)
    keys = np.zeros(len(rows), np.int64)
    keys[tied] = index.id_keys(rows[tied])
    return keys


def _diversify(
    scores: CatalogueScores, pool: np.ndarray, totals: np.ndarray, k: int, config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """Choose greedily by score, less a cost for similarity to chosen papers and for the filled places of an interest.

    Returns the places of `pool` (M,) chosen, int64 (k,), and what each choice cost, float32 (k,). `diversity` weighs
    the largest similarity to a chosen paper, as maximal marginal relevance does (Carbonell and Goldstein, SIGIR 1998);
    `fairness` weighs the filled share of the places due to the paper's interest, a greedy form of Steck, "Calibrated
    Recommendations" (RecSys 2018). Both costs are in standard deviations of the pool's scores, `totals` float32 (M,),
    and only grow as papers are chosen, so the scores stay in order.
    """
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
    return np.array(order, np.int64), np.array(costs, np.float32)


def _assign_interests(scores: CatalogueScores, pool: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the interest that adds most to each paper, int64 (M,), and the places due to each, float32 (C,)."""
    groups = scores.state.interest_groups
    if groups is None or not len(pool):
        return None, None
    return scores.group_shares(PaperSelection(scores.index, pool), groups).argmax(axis=1), np.maximum(
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
    totals: np.ndarray, order: np.ndarray, adjustments: np.ndarray, *, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give a `share` of all places, drawn in the lower half, to random papers of the pool at that place's score.

    `totals` float32 (M,) are the scores of the pool, `order` int64 (k,) the places of it that are listed.
    Epsilon-greedy exploration that leaves the upper half alone.
    """
    if not share:
        return order, adjustments
    random = np.random.default_rng(seed)
    is_listed = np.zeros(len(totals), bool)
    is_listed[order] = True
    others = np.flatnonzero(~is_listed)
    half = np.arange(len(order) // 2, len(order))
    places = half[random.random(len(half)) < 2 * share]
    if not len(places) or not len(others):
        return order, adjustments
    places = places[: len(others)]
    order, adjustments = order.copy(), adjustments.copy()
    wanted = (totals[order] + adjustments)[places]
    order[places] = random.choice(others, len(places), replace=False)
    adjustments[places] = wanted - totals[order[places]]
    return order, adjustments
