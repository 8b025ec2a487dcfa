"""EASE and SLIM against what they are defined by: regressions of one paper's readers on those of others."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.evaluation.linear_baselines import Ease, Slim, ease_grid, slim_grid

RIDGE = 3.0
NO_WORDS = sp.csr_matrix((0, 0), dtype=np.float32)


def draw_readers(readers, papers, seed=0):
    """Readers of some papers; the last reader has none, and the last paper no reader."""
    drawn = np.random.default_rng(seed).random((readers, papers)) < 0.3
    drawn[-1] = drawn[:, -1] = False
    return sp.csr_matrix(drawn.astype(np.float32))


def regress_on_the_others(train, ridge):
    """The weights float64 (P, P) of EASE's definition, a column at a time."""
    X = train.toarray().astype(np.float64)
    weights = np.zeros((X.shape[1], X.shape[1]))
    for paper in range(X.shape[1]):
        others = np.delete(np.arange(X.shape[1]), paper)
        gram = X[:, others].T @ X[:, others] + ridge * np.eye(len(others))
        weights[others, paper] = np.linalg.solve(gram, X[:, others].T @ X[:, paper])
    return weights


@pytest.mark.parametrize("shape", [(12, 40), (40, 12), (20, 20)], ids=["by readers", "by papers", "as many"])
def test_ease_is_a_ridge_on_all_other_papers(shape):
    train, method = draw_readers(*shape), Ease(RIDGE)
    method.fit(train, NO_WORDS)
    assert method.by_readers == (shape[0] - 1 < shape[1])
    history = draw_readers(5, shape[1], seed=1)
    expected = history.toarray() @ regress_on_the_others(train, RIDGE)
    assert method.scores(history) == pytest.approx(expected, abs=1e-5)


def test_ease_says_nothing_of_a_paper_without_readers():
    train, method = draw_readers(12, 40), Ease(RIDGE)
    method.fit(train, NO_WORDS)
    assert method.scores(train)[:, -1] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 1.0), (1.0, 1.0), (0.1, 20.0)])
def test_slim_is_where_no_weight_can_be_bettered(l1, l2):
    """The optimum of an elastic net without negative weights: no slope where a weight is, none downwards elsewhere."""
    train, method = draw_readers(60, 30), Slim(l1, l2)
    method.fit(train, NO_WORDS)
    X, weights = train.toarray().astype(np.float64), method.weights.toarray()
    slope = X.T @ (X @ weights - X) + l2 * weights + l1
    slope[np.diag_indices_from(slope)] = 0  # a paper is no neighbour of its own
    assert weights.min() == 0
    assert weights.max() > 0.01
    assert np.abs(slope[weights > 0]).max() < 0.05
    assert slope.min() > -0.05
    assert not weights.diagonal().any()


def test_slim_looks_at_the_nearest_papers_alone():
    train, method = draw_readers(60, 30), Slim(0.1, 1.0, nearest=4)
    method.fit(train, NO_WORDS)
    X = train.toarray()
    cosines = (X.T @ X) / np.maximum(np.outer(*[np.sqrt(X.sum(axis=0))] * 2), 1)
    np.fill_diagonal(cosines, -1)
    for paper in range(X.shape[1]):
        of_paper = method.weights.toarray()[:, paper] > 0
        assert of_paper.sum() <= 4
        assert (cosines[of_paper, paper] >= np.sort(cosines[:, paper])[-4] - 1e-9).all()
    assert method.weights.nnz > 30


def test_a_larger_penalty_leaves_fewer_weights():
    train, few, many = draw_readers(60, 30), Slim(5.0, 1.0), Slim(0.1, 1.0)
    for method in (few, many):
        method.fit(train, NO_WORDS)
    assert few.weights.nnz < many.weights.nnz / 2


def test_settings_differ():
    for grid in (list(ease_grid()), list(slim_grid())):
        assert len({method.name for method in grid}) == len(grid) == 8
