"""Which papers a query finds. Ranking puts every paper in an order; a search leaves out those that do not match.

Axes: N papers on the shelf, W words, D factors.
"""

from __future__ import annotations

import numpy as np

from recommender.scoring import Scored
from recommender.shelf import Shelf
from recommender.text import words_of

LEAST_SHARE = 0.5  # of what the words of a query tell
BEYOND_CHANCE = 5.0  # spreads of all papers' cosines with the query


def matching(query: str, scored: Scored) -> np.ndarray:
    """Return which papers match a query that `scored` is the score for, bool (N,).

    A paper matches when it has words that make up half of what the query tells, each counting by its idf, or when its
    vector is nearer to the query's than papers are by chance. A word nobody knows counts like the rarest: where such
    words are more than half, nothing matches.
    """
    words, vocabulary = set(words_of(query)), scored.vocabulary
    columns = vocabulary.columns(words)
    weights = vocabulary.idf[columns]
    unknown = (len(words) - len(columns)) * float(vocabulary.idf.max(initial=1.0))
    asked = LEAST_SHARE * (float(weights.sum()) + unknown)
    if not len(columns) or float(weights.sum()) < asked:
        return np.zeros(len(scored.shelf), bool)
    return (_told(scored.shelf, columns, weights) >= asked * (1 - 1e-5)) | _near(scored)


def _told(shelf: Shelf, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weight of those of the words that each paper has, float32 (N,)."""
    first, *newer = shelf.blocks
    having = [first.by_word[columns].T, *(block.words[:, columns] for block in newer)]
    return np.concatenate([(words > 0).astype(np.float32) @ weights for words in having])


def _near(scored: Scored) -> np.ndarray:
    """Return which papers' vectors are nearer to the query's than chance allows, bool (N,); none without a model."""
    vectors, shelf = scored.taste.vectors, scored.shelf
    if not vectors.size:
        return np.zeros(len(shelf), bool)
    cosines = shelf.times_vector(vectors[0]) / shelf.lengths
    return np.asarray(cosines > BEYOND_CHANCE * max(float(cosines[: shelf.starts[1]].std()), 1e-12))
