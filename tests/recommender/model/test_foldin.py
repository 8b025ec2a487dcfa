import numpy as np
import pytest
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from scipy.linalg import cho_solve
from threadpoolctl import threadpool_limits

from recommender.model.foldin import fold


@pytest.fixture(scope="module")
def als():
    matrix = sp.random(80, 120, 0.1, format="csr", random_state=1, dtype=np.float32)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=24, regularization=1.0, alpha=40.0, iterations=15, random_state=0)
        model.fit(matrix, show_progress=False)
        yield model, matrix


def folded(gram, vectors, weights, model):
    confidence = model.alpha * weights
    return fold(gram, vectors, confidence, np.ones_like(weights), model.regularization)


def test_a_reader_folds_in_as_implicit_recalculates_them(als):
    model, matrix = als
    gram = model.item_factors.T @ model.item_factors
    for reader in range(20):
        row = matrix[reader]
        ours = folded(gram, model.item_factors[row.indices], row.data, model).vector
        assert ours == pytest.approx(model.recalculate_user(reader, row.copy()), abs=2e-6)
        trained = model.user_factors[reader]
        assert ours @ trained / np.linalg.norm(ours) / np.linalg.norm(trained) > 0.99


def test_a_paper_folds_in_as_implicit_recalculates_it(als):
    model, matrix = als
    gram = model.user_factors.T @ model.user_factors
    columns = matrix.T.tocsr()
    for paper in range(20):
        column = columns[paper]
        ours = folded(gram, model.user_factors[column.indices], column.data, model).vector
        assert ours == pytest.approx(model.recalculate_item(paper, column.copy()), abs=2e-6)
        trained = model.item_factors[paper]
        assert ours @ trained / np.linalg.norm(ours) / np.linalg.norm(trained) > 0.9997


def test_shares_add_up_and_leaving_one_out_takes_exactly_its_share(als):
    model, matrix = als
    vectors = model.item_factors[matrix[3].indices]
    gram = model.item_factors.T @ model.item_factors
    found = folded(gram, vectors, matrix[3].data, model)
    target = model.item_factors[7]
    shares = found.shares(target[None])[0]
    assert shares.sum() == pytest.approx(found.vector @ target, rel=1e-4)
    without = cho_solve((found.factor, True), np.delete(found.contributions, 0, axis=0).sum(axis=0))
    assert found.vector @ target - without @ target == pytest.approx(shares[0], rel=1e-3, abs=1e-6)


def test_a_disliked_paper_pulls_away(als):
    model, _ = als
    gram = model.item_factors.T @ model.item_factors
    vectors, weights = model.item_factors[:3], np.ones(3, np.float32)
    liked = folded(gram, vectors, weights, model).vector
    signs = np.array([1, 1, -0.3], np.float32)
    disliked = fold(gram, vectors, 40 * weights, signs, 1.0).vector
    assert disliked @ vectors[2] < liked @ vectors[2]
    assert disliked.dtype == np.float32
