import numpy as np
import pytest
import scipy.sparse as sp

from recommender.model import item_regression
from recommender.model.item_regression import NEIGHBOURS, RIDGE, TERMS, WORD_ROWS, fit_item_regression

PAPERS, READERS, WORDS = 40, 25, 30


@pytest.fixture
def data():
    """Words (P, W), readers' weights (U, P), of which some papers have none, and a graph without a diagonal."""
    random = np.random.default_rng(4)
    words = sp.random(PAPERS, WORDS, 0.5, "csr", np.float32, random)  # of 15 words in the mean
    liked = sp.random(READERS, PAPERS, 0.2, "csr", np.float32, random).tolil()
    liked[:, [3, 17]] = 0
    graph = sp.random(PAPERS, PAPERS, 0.4, "csr", np.float32, random).tolil()
    graph.setdiag(0)
    graph[9] = 0
    graph, liked = graph.tocsr(), liked.tocsr()
    graph.eliminate_zeros()
    return words, liked, graph


def solve_directly(words, liked, graph, paper):
    """Solve the normal equations of one paper with dense float64 matrices."""
    of = np.flatnonzero(graph[paper].toarray().ravel())
    rows = np.vstack([(liked.toarray() > 0).astype(float), np.sqrt(WORD_ROWS) * words.toarray().T.astype(float)])
    others, target = rows[:, of], rows[:, paper]
    weights = np.zeros(PAPERS)
    weights[of] = np.linalg.solve(others.T @ others + RIDGE * np.eye(len(of)), others.T @ target)
    return weights


@pytest.mark.parametrize("at_once", [7, 4096])
def test_each_read_paper_is_the_ridge_regression_on_its_neighbours(data, monkeypatch, at_once):
    monkeypatch.setattr(item_regression, "PAPERS_AT_ONCE", at_once)
    weights = fit_item_regression(*data).weights
    assert weights.dtype == np.float32
    for paper in range(PAPERS):
        expected = np.zeros(PAPERS) if paper in (3, 17) else solve_directly(*data, paper)
        assert weights[:, [paper]].toarray().ravel() == pytest.approx(expected, abs=1e-4), paper


def test_what_was_fitted_stays_where_no_reader_was_added(data):
    words, liked, graph = data
    fewer = liked.tolil()
    fewer[0] = fewer[1] = 0
    fewer = fewer.tocsr()
    before = np.diff(fewer.tocsc().indptr)
    earlier = fit_item_regression(words, fewer, graph)
    again, anew = fit_item_regression(words, liked, graph, (earlier, before)), fit_item_regression(words, liked, graph)
    added = before != np.diff(liked.tocsc().indptr)
    assert 5 < added.sum() < PAPERS
    assert np.array_equal(again.weights[:, added].toarray(), anew.weights[:, added].toarray())
    assert np.array_equal(again.weights[:, ~added].toarray(), earlier.weights[:, ~added].toarray())


def test_only_the_strongest_neighbours_count_and_never_the_paper_itself():
    random, papers = np.random.default_rng(1), 3 * NEIGHBOURS
    words = sp.random(papers, 50, 0.2, "csr", np.float32, random)
    liked = sp.csr_matrix(np.ones((4, papers), np.float32))
    graph = sp.csr_matrix(random.random((papers, papers)).astype(np.float32))
    weights = fit_item_regression(words, liked, graph).weights
    assert np.diff(weights.tocsc().indptr).max() == NEIGHBOURS
    assert not weights.diagonal().any()


def test_only_the_heaviest_words_of_a_paper_count(data):
    _, liked, graph = data
    many = sp.csr_matrix(np.random.default_rng(2).random((PAPERS, 3 * TERMS)).astype(np.float32))
    cut = many.toarray()
    cut[cut < -np.sort(-cut, axis=1)[:, TERMS - 1 : TERMS]] = 0
    whole, short = (fit_item_regression(some, liked, graph).weights for some in (many, sp.csr_matrix(cut)))
    assert whole.toarray() == pytest.approx(short.toarray(), abs=1e-5)


def test_a_history_adds_up_along_the_weights(data):
    regression = fit_item_regression(*data)
    history = sp.csr_matrix((np.ones(2, np.float32), ([0, 1], [5, 20])), shape=(2, PAPERS))
    assert regression.propagate(history).toarray() == pytest.approx(regression.weights[[5, 20]].toarray())


def test_without_any_reader_or_edge_there_is_nothing_to_predict_from():
    words, graph = sp.csr_matrix((3, 2), dtype=np.float32), sp.csr_matrix((3, 3), dtype=np.float32)
    for liked in (sp.csr_matrix((0, 3), dtype=np.float32), sp.csr_matrix(np.ones((2, 3), np.float32))):
        assert fit_item_regression(words, liked, graph).weights.nnz == 0
