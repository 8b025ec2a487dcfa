import ast
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares

import recommender
from recommender import Config
from recommender.features.metadata import learn_names
from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.model.factorization import choose_factors, factorize, stack_matrix


def small_matrix(papers, config):
    _, words = learn_vocabulary(paper_texts(papers), config.min_df)
    names = learn_names(papers).rows(papers)
    readers = sp.random(12, len(papers), 0.05, format="csr", random_state=0, dtype=np.float32)
    return stack_matrix(readers, words, names, config), words, names


def test_rows_are_readers_then_words_then_names(papers, config):
    matrix, words, names = small_matrix(papers, config)
    assert matrix.shape == (12 + words.shape[1] + names.shape[1], len(papers))
    assert (matrix[12 : 12 + words.shape[1]] != words.T * np.float32(config.alpha)).nnz == 0


def test_no_copy_is_made_of_the_matrix(papers, config, monkeypatch):
    """It is the largest thing there is; `implicit` copies one that it has to multiply by α."""
    matrix, _, _ = small_matrix(papers, config)
    given, solve = [], AlternatingLeastSquares.solver.fget
    solver = lambda als: lambda cells, *more, **named: (given.append(cells), solve(als)(cells, *more, **named))  # noqa: E731
    monkeypatch.setattr(AlternatingLeastSquares, "solver", property(solver))
    factorize(matrix, 12, config, seed=0)
    assert given[0] is matrix


def test_training_leaves_the_matrix_it_was_given_as_it_was(papers, config):
    """Some of implicit's calls write zeros into the caller's matrix, silently."""
    matrix, _, _ = small_matrix(papers, config)
    before = matrix.copy()
    factorize(matrix, 12, config, seed=0)
    assert np.array_equal(matrix.data, before.data)
    assert np.array_equal(matrix.indices, before.indices)


def test_nothing_here_calls_the_recommend_that_damages_matrices():
    for path in Path(recommender.__file__).parent.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        names = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
        assert "recommend" not in names, path


def test_the_same_seed_gives_the_same_vectors(papers, config):
    matrix, _, _ = small_matrix(papers, config)
    one, same, other = (factorize(matrix, 12, config, seed=seed).papers for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_small_catalogues_get_fewer_factors():
    assert choose_factors(26_000, Config()) == 256
    assert 16 <= choose_factors(200, Config()) <= 50
    assert choose_factors(3, Config()) == 16
    assert choose_factors(26_000, Config(factors=64)) == 64


def test_everything_learned_is_float32(papers, config):
    matrix, words, names = small_matrix(papers, config)
    factors = factorize(matrix, 12, config, seed=0)
    arrays = [matrix, words, names, factors.papers, factors.features, factors.paper_gram, factors.row_gram]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
