"""Which papers match a query. Ranking orders all papers; a search leaves out those that do not match.

Axes: n rows of the profile, N papers in the index, M row numbers asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recommender.features.tokenizer import tokenize
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.scoring import CatalogueScores

MIN_IDF_SHARE = 0.5  # of the summed idf of a query's words, that a match has
ROUNDING = 1e-5
MIN_SPREADS = 5.0  # standard deviations of all papers' cosines with the query, above which a vector matches


def match_papers(query: str, scores: CatalogueScores) -> np.ndarray:
    """Return which papers match the query that `scores` were computed for, bool (N,).

    A paper matches when the query's words that it has make up half of the query's summed idf, or when its vector is
    closer to the query's than chance allows. An unknown word counts like the rarest known one: where unknown words are
    more than half, nothing matches.
    """
    words, vocabulary = set(tokenize(query)), scores.vocabulary
    columns = vocabulary.columns(words)
    weights = vocabulary.idf[columns]
    unknown = (len(words) - len(columns)) * float(vocabulary.idf.max(initial=1.0))
    required = MIN_IDF_SHARE * (float(weights.sum()) + unknown)
    if not len(columns) or float(weights.sum()) < required:
        return np.zeros(len(scores.index), bool)
    by_words = _sum_idf(scores.index, columns, weights) >= required * (1 - ROUNDING)
    return by_words | _match_vectors(scores, np.array([0]))[0]


def match_interests(scores: CatalogueScores, interests: Sequence[int], rows: np.ndarray) -> np.ndarray:
    """Return which interests, rows of the profile (n,), match which index rows (M,), by the same rule, bool (n, M)."""
    if not len(interests):
        return np.zeros((0, len(rows)), bool)
    queries = (scores.profile.words[interests] > 0).astype(np.float32) @ sp.diags(scores.vocabulary.idf)
    has_word = (scores.index.words(rows) > 0).astype(np.float32)
    required = MIN_IDF_SHARE * np.asarray(queries.sum(axis=1)) * (1 - ROUNDING)
    return ((queries @ has_word.T).toarray() >= required) | _match_vectors(scores, np.asarray(interests))[:, rows]


def _sum_idf(index: PaperIndex, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the summed weight of those of the words that each paper has, float32 (N,)."""
    first, *newer = index.blocks
    words = [first.by_word[columns].T, *(block.words[:, columns] for block in newer)]
    return np.concatenate([(block > 0).astype(np.float32) @ weights for block in words])


def _match_vectors(scores: CatalogueScores, interests: np.ndarray) -> np.ndarray:
    """Return which papers' vectors are closer to rows of the profile (n,) than chance allows, bool (n, N)."""
    vectors, index = scores.profile.vectors, scores.index
    if not vectors.size:  # there is no model
        return np.zeros((len(interests), len(index)), bool)
    cosines = np.stack([index.dot_vector(vectors[row]) / index.scoring_norms for row in interests])
    spread = np.maximum(cosines[:, : index.block_starts[1]].std(axis=1, keepdims=True), 1e-12)
    return np.asarray(cosines > MIN_SPREADS * spread)
