import logging
from dataclasses import replace

import numpy as np
import pytest

from recommender import Model, Papers, train
from recommender.model.factorization import FINISHING_SWEEPS, RETRAIN_SWEEPS
from recommender.training import gate
from recommender.training.engine import LocalEngine
from recommender.training.gate import Comparison, Verdict, retrain
from recommender.training.holdout import choose_holdout
from recommender.training.train import learn_features
from recommender.training.warm_start import MAX_WARM_STARTS, plan_start
from tests.recommender.conftest import NOW


@pytest.fixture(scope="module")
def papers(hard_papers):
    return hard_papers


@pytest.fixture(scope="module")
def events(dated_events):
    return dated_events


@pytest.fixture(scope="module")
def features(papers, config):
    return learn_features(papers, config)


@pytest.fixture
def plan(papers, serving, features, holdout, config):
    """Return a function that plans the start of a routine retrain in which something is different."""

    def plan(**other):
        given = {"serving": serving, "ids": papers.ids, "features": features, "holdout": holdout, "config": config}
        return plan_start(**(given | other))

    return plan


@pytest.fixture
def sweeps(monkeypatch):
    """The sweeps of every factorisation that is made."""
    made = []
    fit = gate.train.__globals__["fit"]

    def counted(features, interactions, config, seed, *, start=None, **more):
        made.append(start.sweeps if start else config.iterations)
        return fit(features, interactions, config, seed, start=start, **more)

    monkeypatch.setitem(gate.train.__globals__, "fit", counted)
    return made


def serving_with(serving, **start):
    return replace(serving, manifest=replace(serving.manifest, start=start))


def test_vectors_are_those_of_the_same_papers_words_and_names(papers, events, config, plan):
    """Whatever the order, and zeros for what the serving model does not know."""
    random = np.random.default_rng(4)
    named = [
        {"authors": [f"Author {at // 20}"], "id": paper, "abstract": text, "title": ""}
        for at, (paper, text) in enumerate(zip(papers.ids, papers.abstracts, strict=True))
    ]
    before = Papers.from_rows(named[:230])
    later = Papers.from_rows([named[at] for at in random.permutation(len(named))])
    serving = train(before, events, config, now=NOW - 10 * 86_400)
    features = learn_features(later, config)
    start, _ = plan(serving=serving, ids=later.ids, features=features)
    vectors, rows = start.take_papers(), start.take_features()
    for row, paper in enumerate(later.ids):
        old = serving.factors.papers[before.ids.index(paper)] if paper in before.ids else 0
        assert (vectors[row] == old).all()
    known = [*serving.vocabulary.words, *serving.names.names]
    for row, one in enumerate([*features.vocabulary.words, *features.names.names]):
        assert (rows[row] == (serving.factors.features[known.index(one)] if one in known else 0)).all()
    assert 0 < (~vectors.any(axis=1)).sum() <= 10
    assert len(rows) == len(features.vocabulary) + len(features.names)


def test_a_retrain_sweeps_less_and_the_manifest_says_so(papers, events, serving, config, sweeps):
    model, verdict = retrain(papers, events, serving, config, now=NOW)
    assert verdict.passed, verdict.reason
    assert sweeps == [RETRAIN_SWEEPS, FINISHING_SWEEPS]
    assert model.manifest.start == {"from": serving.version, "warm_starts": 1}


def test_the_same_input_gives_the_same_model(papers, events, serving, config):
    one, same = (retrain(papers, events, serving, config, now=NOW)[0] for _ in range(2))
    assert (one.factors.papers == same.factors.papers).all()
    assert (one.holdout_record.gains == same.holdout_record.gains).all()


def test_a_model_saved_and_loaded_starts_the_next(papers, events, serving, config, tmp_path):
    serving.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    warm = retrain(papers, events, loaded, config, now=NOW)[0]
    assert (warm.factors.papers == retrain(papers, events, serving, config, now=NOW)[0].factors.papers).all()
    warm.save(tmp_path / "next")
    assert Model.load(tmp_path / "next").manifest.start == warm.manifest.start
    assert loaded.manifest.start is None


def test_the_serving_models_vectors_stay_as_they_are(papers, events, serving, config):
    before = serving.factors.papers.copy(), serving.factors.features.copy()
    retrain(papers, events, serving, config, now=NOW)
    assert (serving.factors.papers == before[0]).all()
    assert (serving.factors.features == before[1]).all()


def test_without_a_fair_start_it_is_from_scratch_and_says_why(plan, serving, holdout, config, features, caplog):
    other_engine = type("Cluster", (LocalEngine,), {"starts_warm": False})()
    few = replace(serving, manifest=replace(serving.manifest, counts={**serving.manifest.counts, "events": 100}))
    unfair = {
        "no model": {"serving": None},
        "learned what": {"holdout": replace(holdout, is_repeat=True)},
        "is judged on": {"holdout": replace(holdout, kind="sample")},
        "settings": {"config": replace(config, alpha=20.0)},
        "factors": {"config": replace(config, factors=16)},
        "engine": {"features": replace(features, engine=other_engine)},
        "from the one before": {"serving": serving_with(serving, warm_starts=MAX_WARM_STARTS)},
        "of the papers": {"ids": [*serving.ids[:200], *(f"new{at}" for at in range(40))]},
        "of the events": {"serving": few},
        "because": {"from_scratch": "because"},
    }
    for why, other in unfair.items():
        with caplog.at_level(logging.INFO, "recommender"):
            start, said = plan(**other)
        assert start is None
        assert said["warm_starts"] == 0
        assert why in said["why"] or "settings" in said["why"]
        assert said["why"] in caplog.text
        caplog.clear()


def test_what_the_serving_model_was_judged_on_is_never_learned_from_it(papers, events, config, sweeps):
    """With nothing new the same pairs are held out again, which the serving model has learned since."""
    first, _ = retrain(papers, events, None, config, now=NOW)
    sweeps.clear()
    again, verdict = retrain(papers, events, first, config, now=NOW)
    assert verdict.passed, verdict.reason
    assert sweeps == [config.iterations, FINISHING_SWEEPS]
    assert "judged on" in again.manifest.start["why"]


def test_models_start_from_each_other_only_so_often(plan, serving):
    counts = []
    for _ in range(2 * MAX_WARM_STARTS + 3):
        _, said = plan(serving=serving)
        counts.append(said["warm_starts"])
        serving = serving_with(serving, **said)
    assert counts == [*range(1, MAX_WARM_STARTS + 1), 0] * 2 + [1]


def test_what_would_be_held_back_is_fitted_again_from_scratch(papers, events, serving, config, sweeps, monkeypatch):
    """A start that is worse than none must not keep a server on an old model."""
    verdicts = [Verdict(False, "newest", "Worse.", comparisons={"words alone": Comparison(0.1, 0.2, -0.2, -0.1)})]
    judge = gate.judge
    monkeypatch.setattr(gate, "judge", lambda *args, **more: verdicts.pop() if verdicts else judge(*args, **more))
    told = []
    model, verdict = retrain(papers, events, serving, config, now=NOW, progress=lambda stage, share: told.append(share))
    assert verdict.passed
    assert sweeps == [RETRAIN_SWEEPS, FINISHING_SWEEPS, config.iterations, FINISHING_SWEEPS]
    assert "would have been held back: Worse." in model.manifest.start["why"]
    assert told == sorted(told)


@pytest.mark.slow
def test_a_chain_of_warm_starts_ranks_like_a_fit_from_scratch(papers, events, config):
    """Six days of new events, each model from the one before."""
    days = np.quantile(events.times, np.linspace(0.7, 1, 7))
    serving = train(papers, events.take(np.flatnonzero(events.times <= days[0])), config, now=float(days[0]))
    for day in days[1:]:
        known = events.take(np.flatnonzero(events.times <= day))
        serving, verdict = retrain(papers, known, serving, config, now=float(day))
        assert verdict.passed, verdict.reason
    assert serving.manifest.start["warm_starts"] == MAX_WARM_STARTS
    cold = train(papers, events, config, now=float(days[-1]))
    judged = choose_holdout(papers, events, since=None, config=config, seed=1)
    gains = [
        np.concatenate(gate.measure_gains(judged, gate._build_catalogue(one, papers))).mean() for one in (serving, cold)
    ]
    assert gains[0] > 0.95 * gains[1]
