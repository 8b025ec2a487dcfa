import numpy as np
import pytest
import scipy.sparse as sp

from recommender.evaluation.figures import compute_figures
from recommender.evaluation.splits import Split

WORDS = sp.csr_matrix(np.eye(4, dtype=np.float32))


def make_split(test, is_cold=None):
    test = sp.csr_matrix(np.array(test, np.float32))
    return Split(test, sp.csr_matrix(test.shape), test, np.arange(4), np.arange(test.shape[0]), is_cold)


def test_a_figure_is_each_readers_own():
    split = make_split([[1, 0, 0, 0], [0, 1, 0, 1]])
    figures = compute_figures([np.array([0, 1]), np.array([0, 1])], split, None)
    assert figures["recall@20"].tolist() == [1, 0.5]
    assert figures["mrr"].tolist() == [1, 0.5]
    assert figures["ndcg@20"] == pytest.approx([1, (1 / np.log2(3)) / (1 + 1 / np.log2(3))])
    assert "coverage" not in figures


def test_half_a_list_is_judged_by_its_own_targets():
    split = make_split([[1, 0, 0, 1], [1, 0, 0, 0]], is_cold=np.array([False, False, True, True]))
    figures = compute_figures([np.array([3, 1]), np.array([0, 1])], split, None)
    assert figures["cold recall@20"][0] == 1
    assert np.isnan(figures["cold recall@20"][1])
    assert figures["warm ndcg@20"].tolist() == [0, 1]


def test_the_first_lists_are_of_the_first_readers():
    figures = compute_figures([np.array([1])], make_split([[0, 1, 0, 0], [1, 0, 0, 0]]), WORDS)
    assert figures["recall@20"].tolist() == [1]
    assert figures["coverage"].tolist() == [0.25]
