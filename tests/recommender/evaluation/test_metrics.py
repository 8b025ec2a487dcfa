import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score
from sklearn.metrics.pairwise import cosine_distances

from recommender.evaluation.metrics import (
    compare_paired,
    coverage,
    diversity,
    ndcg,
    novelty,
    recall,
    reciprocal_rank,
)


@pytest.fixture(params=range(20))
def ranking(request):
    """Return scores of 60 papers, their order, and some targets."""
    random = np.random.default_rng(request.param)
    scores = random.random(60)
    targets = set(random.permutation(60)[: random.integers(1, 30)].tolist())
    return scores, np.argsort(-scores).tolist(), targets


def truth(targets):
    return np.isin(np.arange(60), list(targets)).astype(float)


def test_ndcg_is_scikit_learns(ranking):
    scores, order, targets = ranking
    assert ndcg(order, targets, 20) == pytest.approx(ndcg_score([truth(targets)], [scores], k=20))


def test_recall_counts_targets_in_the_first_k(ranking):
    _, order, targets = ranking
    assert recall(order, targets, 20) == pytest.approx(truth(targets)[order[:20]].sum() / len(targets))


def test_reciprocal_rank_of_one_target_is_scikit_learns_average_precision(ranking):
    scores, order, targets = ranking
    one = next(iter(targets))
    assert reciprocal_rank(order, {one}) == pytest.approx(
        label_ranking_average_precision_score([truth({one})], [scores])
    )
    assert reciprocal_rank(order, {99}) == 0


def test_diversity_is_the_mean_cosine_distance():
    words = sp.random(30, 50, 0.3, format="csr", random_state=0, dtype=np.float32)
    words = sp.diags(1 / np.sqrt(np.asarray(words.multiply(words).sum(axis=1)).ravel())) @ words
    distances = cosine_distances(words[:20])
    expected = distances[np.triu_indices(20, 1)].mean()
    assert diversity(list(range(30)), words.tocsr()) == pytest.approx(expected, rel=1e-5)
    assert diversity([3], words.tocsr()) == 0


def test_coverage_and_novelty():
    assert coverage([[1, 2, 3], [2, 3, 4]], 10, k=2) == pytest.approx(0.3)
    readers = np.array([99, 0])
    assert novelty([0], readers, 99) == 0
    assert novelty([1], readers, 99) == pytest.approx(np.log2(100))


def test_paired_differences_are_over_the_same_readers():
    theirs = np.random.default_rng(0).random(500)
    found = compare_paired(theirs + 0.01, theirs)
    assert found["difference"] == pytest.approx(0.01)
    assert found["low"] == pytest.approx(0.01)
    assert found["ratio"] > 1
