import numpy as np
import pytest
import scipy.sparse as sp

from recommender.evaluation import baseline_runs
from recommender.evaluation.baseline_runs import build_baselines, build_grids, choose_settings, rank_baseline
from recommender.evaluation.baselines import Popularity
from recommender.evaluation.linear_baselines import Ease
from recommender.evaluation.splits import Split, split_warm


@pytest.fixture(scope="module")
def readers():
    """Sixty readers of two halves of forty papers."""
    drawn = np.random.default_rng(0).random((60, 40)) < 0.4
    drawn &= (np.arange(60)[:, None] % 2) == (np.arange(40) // 20)
    return sp.csr_matrix(drawn.astype(np.float32))


@pytest.fixture
def few_settings(monkeypatch):
    """A grid whose best is known: nearly nothing is left of the weights at the other two."""
    monkeypatch.setattr(baseline_runs, "build_grids", lambda seed: {"EASE": [Ease(1e6), Ease(5.0), Ease(1e7)]})


@pytest.mark.parametrize("task", ["warm", "new"])
def test_the_best_setting_of_the_inner_split_is_chosen(few_settings, readers, task):
    told = []
    choice = choose_settings(task, readers, 0, told.append)
    figures = [row["figure"] for row in choice.tried["EASE"]]
    assert choice.methods["EASE"].ridge == [1e6, 5.0, 1e7][int(np.argmax(figures))]
    assert [row["chosen"] for row in choice.tried["EASE"]].count(True) == 1
    assert max(figures) > 0.3
    assert told == ["choosing EASE λ=1e+06", "choosing EASE λ=5", "choosing EASE λ=1e+07"]


def test_nothing_learned_in_choosing_is_kept(few_settings, readers):
    choice = choose_settings("warm", readers, 0, lambda stage: None)
    assert not hasattr(choice.methods["EASE"], "inverse")
    (ease,) = (method for name, method in build_baselines("warm", choice, 1) if name == "EASE")
    assert ease is not choice.methods["EASE"]


def test_als_is_drawn_anew_for_each_seed():
    choice = baseline_runs.Choice({name: grid[0] for name, grid in build_grids(0).items()}, {})
    methods = dict(build_baselines("warm", choice, 7))
    text = {"TF-IDF mean", "kernel ridge", "linear SVM"}
    assert {"ALS", "EASE", "SLIM", "BM25 kNN", "popularity", *text} == set(methods)
    assert methods["ALS"].seed == 7


def test_a_reader_alone_has_no_others_to_learn_from():
    assert [name for name, _ in build_baselines("alone", None, 0)] == ["TF-IDF mean", "kernel ridge", "linear SVM"]


def test_only_candidates_that_the_reader_has_not_read_are_ranked(readers):
    split = split_warm(readers, 0)
    some = Split(split.train, split.history, split.test, np.arange(0, 40, 2), split.readers)
    method = Popularity()
    method.fit(split.train, readers)
    counts = method.counts
    for reader, ranking in enumerate(rank_baseline(method, some)):
        own = set(split.history[reader].indices)
        assert set(ranking) == set(range(0, 40, 2)) - own
        assert [(-counts[paper], paper) for paper in ranking] == sorted((-counts[paper], paper) for paper in ranking)


def test_a_slow_method_ranks_for_the_first_readers_alone(readers):
    split = split_warm(readers, 0)
    method = Popularity(max_readers=3)
    method.fit(split.train, readers)
    assert len(rank_baseline(method, split)) == 3
