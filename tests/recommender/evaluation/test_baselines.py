"""Baselines are only worth beating when they work: each finds what its method must find."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender.evaluation.baselines import (
    Als,
    KernelRidge,
    als_grid,
    collaborative_baselines,
    content_baselines,
)
from recommender.evaluation.linear_baselines import Ease, Slim

READERS, PAPERS = 40, 30


@pytest.fixture(scope="module")
def train():
    """A checkerboard: even readers have read the even papers, odd readers the odd ones, a few of them left out."""
    board = np.add.outer(np.arange(READERS), np.arange(PAPERS)) % 2 == 0
    board &= np.random.default_rng(0).random(board.shape) < 0.7
    return sp.csr_matrix(board.astype(np.float32))


@pytest.fixture(scope="module")
def words():
    """Even papers have one word, odd papers another, and each a word of its own."""
    rows = np.zeros((PAPERS, 2 + PAPERS), np.float32)
    rows[np.arange(PAPERS), np.arange(PAPERS) % 2] = rows[np.arange(PAPERS), 2 + np.arange(PAPERS)] = np.sqrt(0.5)
    return sp.csr_matrix(rows)


def all_baselines():
    chosen = [Als(factors=8, regularization=1.0, alpha=20.0), Ease(5.0), Slim(0.1, 1.0)]
    return [*content_baselines(), *collaborative_baselines(), *chosen]


@pytest.mark.parametrize("method", all_baselines(), ids=lambda method: method.name)
def test_scores_are_float32_and_prefer_what_the_reader_reads(method, train, words):
    method.fit(train, words)
    scores = method.scores(train[:4])
    assert scores.shape == (4, PAPERS)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
    if method.name == "popularity":
        assert np.array_equal(scores[0], np.bincount(train.indices, minlength=PAPERS))
        return
    for reader in range(4):
        own = np.arange(PAPERS) % 2 == reader % 2
        assert scores[reader][own].mean() > scores[reader][~own].mean()


def test_kernel_ridge_solves_for_ones(train, words):
    method = KernelRidge()
    method.fit(train, words)
    rows = words[train[0].indices].toarray().astype(np.float64)
    dual = np.linalg.solve(rows @ rows.T + np.eye(len(rows)), np.ones(len(rows)))
    assert method.scores(train[:1])[0] == pytest.approx(words.toarray() @ rows.T @ dual, rel=1e-5)


def test_als_is_chosen_from_different_settings():
    assert len({als.name for als in als_grid(0)}) == 22
