"""What a setting costs, and whether both halves of a reader made of two are served."""

import numpy as np
import pytest

from recommender import Config
from recommender.evaluation.ablations import MIN_PAPERS_EACH, ablate_settings, compute_half_figures, pair_readers
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.report import OURS

CONFIG = Config(factors=16, iterations=5).relevance_only()


@pytest.mark.slow
def test_the_price_of_each_setting_is_told(papers, events):
    found = evaluate(papers, events, "prices", [0], CONFIG)
    names = [name.split()[0] for name in found.splits["prices"]]
    assert names == [OURS, "freshness", "popularity", "diversity", "fairness", "exploration"]


@pytest.mark.slow
def test_two_interests_are_told_apart_from_one(papers, events):
    methods = evaluate(papers, events, "two", [0], CONFIG).splits["two"]
    assert set(methods) == {OURS, "one interest"}
    assert {"mean of halves", "worse half", "smaller half"} <= set(methods[OURS].by_reader)
    assert methods[OURS].mean("worse half") <= methods[OURS].mean("mean of halves")


def test_each_ablation_sets_one_setting_to_its_default(model):
    plain = model.config.relevance_only()
    for name, _, config in ablate_settings(model, now=0.0, seed=0):
        setting = name.split()[0]
        differing = {field for field, value in vars(config).items() if value != getattr(plain, field)}
        assert differing == {setting}
        assert getattr(config, setting) == getattr(Config(), setting)


@pytest.fixture(scope="module")
def log(papers, events):
    return InteractionLog.of(papers, events, CONFIG)


def test_two_readers_of_a_pair_share_no_paper_and_have_enough(log):
    pairs = pair_readers(log, seed=0)
    assert len(pairs.owners)
    for row, (one, other) in enumerate(pairs.owners):
        assert log.X[one].multiply(log.X[other]).nnz == 0
        assert pairs.split.history[row].nnz >= 2 * MIN_PAPERS_EACH
        assert pairs.halves[row][0] | pairs.halves[row][1] == set(pairs.split.test[row].indices.tolist())


def test_half_figures_are_of_each_readers_own_targets(log):
    pairs = pair_readers(log, seed=0)
    first_halves = [np.array(sorted(one)) for one, _ in pairs.halves]
    found = compute_half_figures(first_halves, pairs, log)
    assert found["mean of halves"].tolist() == [0.5] * len(first_halves)
    assert found["worse half"].tolist() == [0.0] * len(first_halves)
