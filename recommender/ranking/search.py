"""Which papers a query finds. Ranking puts every paper in an order; a search leaves out those that do not match.

Axes: N papers in the index, W words, D factors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recommender.features.tokenizer import tokenize
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.scoring import CatalogueScores

MIN_SHARE = 0.5  # of what the words of a query tell
ROUNDING = 1e-5
BEYOND_CHANCE = 5.0  # spreads of all papers' cosines with the query


def matching(query: str, scored: CatalogueScores) -> np.ndarray:
    """Return which papers match a query that `scored` is the score for, bool (N,).

    A paper matches when it has words that make up half of what the query tells, each counting by its idf, or when its
    vector is nearer to the query's than papers are by chance. A word nobody knows counts like the rarest: where such
    words are more than half, nothing matches.
    """
    words, vocabulary = set(tokenize(query)), scored.vocabulary
    columns = vocabulary.columns(words)
    weights = vocabulary.idf[columns]
    unknown = (len(words) - len(columns)) * float(vocabulary.idf.max(initial=1.0))
    asked = MIN_SHARE * (float(weights.sum()) + unknown)
    if not len(columns) or float(weights.sum()) < asked:
        return np.zeros(len(scored.index), bool)
    told = _told(scored.index, columns, weights) >= asked * (1 - ROUNDING)
    return told | _near(scored, np.array([0]))[0]


def on_topic(scored: CatalogueScores, typed: Sequence[int], rows: np.ndarray) -> np.ndarray:
    """Return which index rows (M,) match which typed rows of the profile (n,), by the same rule, bool (n, M)."""
    if not len(typed):
        return np.zeros((0, len(rows)), bool)
    wanted = (scored.profile.words[typed] > 0).astype(np.float32) @ sp.diags(scored.vocabulary.idf)
    having = (scored.index.words(rows) > 0).astype(np.float32)
    asked = MIN_SHARE * np.asarray(wanted.sum(axis=1)) * (1 - ROUNDING)
    return ((wanted @ having.T).toarray() >= asked) | _near(scored, np.asarray(typed))[:, rows]


def _told(index: PaperIndex, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weight of those of the words that each paper has, float32 (N,)."""
    first, *newer = index.blocks
    having = [first.by_word[columns].T, *(block.words[:, columns] for block in newer)]
    return np.concatenate([(words > 0).astype(np.float32) @ weights for words in having])


def _near(scored: CatalogueScores, typed: np.ndarray) -> np.ndarray:
    """Return which papers' vectors are nearer to typed rows of the profile (n,) than chance allows, bool (n, N)."""
    vectors, index = scored.profile.vectors, scored.index
    if not vectors.size:  # there is no model
        return np.zeros((len(typed), len(index)), bool)
    cosines = np.stack([index.times_vector(vectors[row]) / index.lengths for row in typed])
    spread = np.maximum(cosines[:, : index.starts[1]].std(axis=1, keepdims=True), 1e-12)
    return np.asarray(cosines > BEYOND_CHANCE * spread)
