"""Which papers match a query. Ranking orders all papers; a search leaves out those that do not match.

Axes: n rows of the profile, N papers in the index, M row numbers asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from recommender.features.sentences import read_sentence
from recommender.features.tfidf import Vocabulary
from recommender.features.tokenizer import tokenize
from recommender.model.model import Model
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.paper_slices import PaperSelection, PaperSlice, iterate_spans
from recommender.ranking.scoring import CatalogueScores

MIN_IDF_SHARE = 0.5  # of the summed idf of a query's words, that a match has
ROUNDING = 1e-5
COMMON = 32  # words that more than one paper in so many has are common
POOL_FACTOR = 5  # times as many as are wanted are asked whether they match
MIN_SPREADS = 5.0  # standard deviations of all papers' cosines with the query, above which a vector matches
SAMPLE = 4096  # papers of the model from whose cosines `count_matches` estimates their spread


def find_matches(query: str, scores: CatalogueScores, k: int) -> np.ndarray:
    """Return index rows that match the query that `scores` were computed for, int64 in order, the best k among them.

    All of them, unless most of the catalogue may match: then it is scored first, which reads its vectors once, and only
    the best are asked whether they match.
    """
    by_words = _match_by_words(query, scores)
    if by_words is None:
        return np.empty(0, np.int64)
    if np.count_nonzero(by_words) * COMMON > len(by_words):
        looked_at = POOL_FACTOR * k
        rows, _ = scores.best(looked_at, scores.index.replaced)
        matching = rows[by_words[rows] | _match_vectors(scores, [0], PaperSelection(scores.index, rows))[0]]
        if len(matching) >= k or len(rows) < looked_at:
            return matching
    return np.flatnonzero(_or_by_vectors(by_words, scores))


def match_papers(query: str, scores: CatalogueScores) -> np.ndarray:
    """Return which papers match the query that `scores` were computed for, bool (N,).

    A paper matches when the query's words that it has make up half of the query's summed idf, or when its vector is
    closer to the query's than chance allows. An unknown word counts like the rarest known one: where unknown words are
    more than half, nothing matches.
    """
    by_words = _match_by_words(query, scores)
    return np.zeros(len(scores.index), bool) if by_words is None else _or_by_vectors(by_words, scores)


def _match_by_words(query: str, scores: CatalogueScores) -> np.ndarray | None:
    """Return which papers match by the query's words, bool (N,); None where the unknown ones are more than half."""
    words, vocabulary = set(tokenize(query)), scores.vocabulary
    columns = vocabulary.columns(words)
    weights = vocabulary.idf[columns]
    unknown = (len(words) - len(columns)) * float(vocabulary.idf.max(initial=1.0))
    required = MIN_IDF_SHARE * (float(weights.sum()) + unknown)
    if not len(columns) or float(weights.sum()) < required:
        return None
    return np.asarray(_sum_idf(scores.index, columns, weights) >= required * (1 - ROUNDING))


def _or_by_vectors(by_words: np.ndarray, scores: CatalogueScores) -> np.ndarray:
    spans = iterate_spans(scores.index)
    return by_words | np.concatenate([_match_vectors(scores, [0], span)[0] for span in spans])


def match_interests(scores: CatalogueScores, interests: Sequence[int], papers: PaperSlice) -> np.ndarray:
    """Return which interests, rows of the profile (n,), match which papers, by the same rule, bool (n, M)."""
    if not len(interests):
        return np.zeros((0, len(papers)), bool)
    by_words = _match_words(scores.profile.words[interests], scores.vocabulary, papers.words())
    return by_words | _match_vectors(scores, interests, papers)


def count_matches(
    topics: Sequence[str], index: PaperIndex, vocabulary: Vocabulary, model: Model | None, rows: np.ndarray
) -> list[int]:
    """Return how many of index rows (M,) each topic wants: those that match its words or have its names.

    Costs the topics times M and `SAMPLE`, however many papers there are.
    """
    read = [read_sentence(topic) for topic in topics]
    texts = list(dict.fromkeys(text for one in read for text in one.words))
    words = vocabulary.rows(texts)
    matches = _match_words(words, vocabulary, index.words(rows)) & (np.diff(words.indptr) > 0)[:, None]
    if model:
        vectors = model.fold_in(words).T
        sample = np.unique(np.linspace(0, len(index.blocks[0]) - 1, SAMPLE).astype(np.int64))
        spread = np.maximum(_cosines(index, sample, vectors).std(axis=1, keepdims=True), 1e-12)
        matches |= _cosines(index, rows, vectors) > MIN_SPREADS * spread
    matches_of = dict(zip(texts, matches, strict=True))
    found = [
        [*(matches_of[text] for text in one.words), *(np.isin(rows, index.rows_of(name)) for name in one.names)]
        for one in read
    ]
    return [int(np.any(some, axis=0).sum()) for some in found]


def _cosines(index: PaperIndex, rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the cosines of index rows (M,) with vectors (D, n), times the lengths of these, float32 (n, M)."""
    papers = index.scoring_vectors(rows)
    return np.asarray((papers @ vectors).T / np.maximum(np.linalg.norm(papers, axis=1), 1e-12))


def _match_words(texts: sp.csr_matrix, vocabulary: Vocabulary, words: sp.csr_matrix) -> np.ndarray:
    """Return which papers' words (M, W) make up half of the summed idf of which texts (n, W), bool (n, M)."""
    queries = (texts > 0).astype(np.float32) @ sp.diags(vocabulary.idf)
    required = MIN_IDF_SHARE * np.asarray(queries.sum(axis=1)) * (1 - ROUNDING)
    return np.asarray((queries @ (words > 0).astype(np.float32).T).toarray() >= required)


def _sum_idf(index: PaperIndex, columns: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the summed weight of those of the words that each paper has, float64 (N,)."""
    first, *newer = index.blocks
    found = first.by_word[columns]
    sums = np.bincount(found.indices, np.repeat(weights, np.diff(found.indptr)), len(first))
    return np.concatenate([sums, *((block.words[:, columns] > 0).astype(np.float32) @ weights for block in newer)])


def _match_vectors(scores: CatalogueScores, interests: Sequence[int], papers: PaperSlice) -> np.ndarray:
    """Return which papers' vectors are closer to rows of the profile (n,) than chance allows, bool (n, M)."""
    model, vectors = scores.state.model, scores.profile.vectors
    matches = np.zeros((len(interests), len(papers)), bool)
    if model is None:
        return matches
    own = papers.column("scoring_vectors")
    norms = papers.column("derived.scoring_norms")
    for at, row in enumerate(interests):
        spread = max(model.derived.cosine_moments.deviation(vectors[row]), 1e-12)
        matches[at] = np.vecdot(own, vectors[row]) / norms > np.float32(MIN_SPREADS * spread)
    return matches
