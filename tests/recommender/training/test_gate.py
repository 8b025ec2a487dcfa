from dataclasses import replace

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.model.blend import FACTORS_ALONE, WITH_READERS, Blend, ComponentWeight
from recommender.model.factorization import Factors, WarmStart
from recommender.training.gate import FALSE_ALARM_RATE, _reuse_blend, compare, judge, measure_gains, retrain
from recommender.training.holdout import MIN_PAIRS, Holdout, choose_holdout
from tests.recommender.conftest import DAY, NOW
from tests.recommender.training.conftest import pairs_of


@pytest.fixture(scope="module")
def papers(hard_papers):
    return hard_papers


@pytest.fixture(scope="module")
def events(dated_events):
    return dated_events


def shuffled(model, seed=0):
    """Return a model in which every paper has another's vector."""
    vectors = model.factors.papers[np.random.default_rng(seed).permutation(len(model.ids))]
    factors = model.factors
    return replace(model, factors=Factors(vectors, factors.features, vectors.T @ vectors, factors.row_gram))


@pytest.mark.parametrize("reader_papers", [0, 3, 15])
def test_too_few_events_are_published_and_it_says_so(papers, config, reader_papers):
    events = Events.from_rows(("only", papers.ids[at], "save", NOW - at) for at in range(reader_papers))
    model, verdict = retrain(papers, events, None, config, now=NOW)
    assert verdict.passed
    assert verdict.judged_on == "none"
    assert "unjudged" in verdict.reason
    assert str(MIN_PAIRS) in verdict.reason
    assert model.manifest.counts["events"] == reader_papers


def test_one_reader_with_enough_events_is_judged(papers, config):
    mine = [paper for paper in papers.ids if paper[:2] in ("t0", "t1", "t2", "t3")]
    events = Events.from_rows(("only", paper, "save", NOW - 3600.0 * at) for at, paper in enumerate(mine))
    _, verdict = retrain(papers, events, None, config, now=NOW)
    assert verdict.judged_on == "newest"
    assert verdict.readers == 1
    assert verdict.passed, verdict.reason


def test_a_good_model_passes_and_knows_every_event(papers, events, serving, config):
    model, verdict = retrain(papers, events, serving, config, now=NOW)
    assert verdict.passed, verdict.reason
    assert verdict.judged_on == "newest"
    assert verdict.as_dict()["comparisons"]["words alone"]["ours"] > 0
    assert model.manifest.counts["events"] == len(events)
    assert model.manifest.now == NOW


def test_progress_goes_from_nothing_to_all(papers, events, serving, config):
    told = []
    retrain(papers, events, serving, config, now=NOW, progress=lambda stage, share: told.append(share))
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1


def test_shuffled_vectors_are_held_back(holdout, papers, holdout_fit, serving, config):
    damaged = shuffled(holdout_fit)
    verdict = judge(holdout, papers, holdout_fit=damaged, model=damaged, serving=serving)
    assert not verdict.passed
    assert "Worse than" in verdict.reason
    assert "the serving model" in verdict.reason


def test_vectors_under_the_wrong_ids_are_held_back(holdout, papers, holdout_fit, serving):
    ids = [holdout_fit.ids[at] for at in np.random.default_rng(0).permutation(len(holdout_fit.ids))]
    misnumbered = replace(holdout_fit, ids=ids)
    assert not judge(holdout, papers, holdout_fit=misnumbered, model=misnumbered, serving=serving).passed


@pytest.mark.slow
def test_damage_done_after_the_holdout_fit_is_seen(holdout, papers, events, holdout_fit, serving, config):
    start = WarmStart.finishing(holdout_fit.factors)
    finished = train(papers, events, config, now=NOW, blend=holdout_fit.blend, start=start)
    assert judge(holdout, papers, holdout_fit=holdout_fit, model=finished, serving=serving).passed
    for damaged in (shuffled(finished), replace(finished, ids=finished.ids[::-1]), replace(finished, blend=Blend())):
        verdict = judge(holdout, papers, holdout_fit=holdout_fit, model=damaged, serving=serving)
        assert not verdict.passed
        assert "Spoiled after it was judged" in verdict.reason


def test_a_wrong_blend_is_held_back(holdout, papers, holdout_fit, serving):
    wrong = replace(holdout_fit, blend=Blend({"factors": ComponentWeight(base=-5.0, cold=-5.0)}, readers=-5.0))
    assert not judge(holdout, papers, holdout_fit=wrong, model=wrong, serving=serving).passed


def test_vectors_that_are_no_numbers_are_held_back(holdout, papers, holdout_fit, serving):
    factors = holdout_fit.factors
    broken = replace(holdout_fit, factors=replace(factors, papers=np.full_like(factors.papers, np.nan)))
    assert not judge(holdout, papers, holdout_fit=broken, model=broken, serving=serving).passed


def test_the_first_model_must_not_be_worse_than_words_alone(holdout, papers, holdout_fit):
    damaged = shuffled(holdout_fit)
    wrong = replace(damaged, blend=FACTORS_ALONE)
    verdict = judge(holdout, papers, holdout_fit=wrong, model=wrong, serving=None)
    assert not verdict.passed
    assert "words alone" in verdict.reason


def test_a_blend_is_learned_again_where_there_are_more_events_or_components(events, serving):
    learned = replace(WITH_READERS, learned=True)
    older = replace(learned, components={"factors": ComponentWeight(base=1.0)})
    counted = replace(serving.manifest, blend_learned_on=len(events))
    for blend, manifest, expected in [
        (learned, counted, learned),
        (WITH_READERS, counted, None),
        (older, counted, None),
        (learned, replace(counted, blend_learned_on=len(events) // 2), None),
    ]:
        assert _reuse_blend(replace(serving, blend=blend, manifest=manifest), events, None)[0] == expected


@pytest.fixture(scope="module")
def published(papers, events, config):
    """A model that was judged when it was made, with nothing newer since."""
    return retrain(papers, events, None, config, now=NOW)[0]


def test_with_nothing_new_the_serving_models_holdout_is_used_again(papers, events, published, config):
    holdout = choose_holdout(papers, events, since=NOW, config=config, seed=5, holdout_record=published.holdout_record)
    assert holdout.is_repeat
    assert {key for keys in holdout.keys for key in keys.tolist()} == set(published.holdout_record.keys.tolist())
    assert not pairs_of(holdout) & set(zip(holdout.learn.readers, holdout.learn.papers, strict=True))
    holdout_fit = train(papers, holdout.learn, config, now=holdout.now, blend=published.blend)
    good = judge(holdout, papers, holdout_fit=holdout_fit, model=holdout_fit, serving=published)
    assert good.passed, good.reason
    assert good.comparisons["the serving model"].ours == pytest.approx(
        good.comparisons["the serving model"].theirs, abs=0.03
    )
    bad = judge(holdout, papers, holdout_fit=shuffled(holdout_fit), model=holdout_fit, serving=published)
    assert not bad.passed
    assert "the serving model" in bad.reason


def test_a_repeated_holdout_is_judged_among_the_papers_there_were(papers, events, published, config):
    """A catalogue that has grown since has more papers to take a place: no fault of the new model."""
    copies = [{"id": f"new{at}", "abstract": papers.abstracts[at]} for at in range(len(papers))]
    grown = papers.merge(Papers.from_rows(copies))
    _, verdict = retrain(grown, events, published, config, now=NOW)
    assert verdict.passed, verdict.reason
    theirs = verdict.comparisons["the serving model"]
    assert theirs.ours > 0.9 * theirs.theirs
    assert verdict.comparisons["words alone"].ours < theirs.ours


def test_the_holdout_record_is_kept_with_the_model_and_names_nobody(published, events, tmp_path):
    published.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert loaded.holdout_record.kind == "newest"
    assert loaded.holdout_record.gains.tolist() == published.holdout_record.gains.tolist()
    whole = b"".join(path.read_bytes() for path in (tmp_path / "model").iterdir())
    assert not any(f'"{reader}"'.encode() in whole for reader in set(events.readers))


def test_papers_newer_than_the_serving_model_count_for_it(papers, events, config, holdout):
    fewer = papers.take(range(0, len(papers), 2))
    serving = train(fewer, events, config, now=NOW)
    assert set(Catalogue(serving, papers).ids()) == set(papers.ids)
    assert np.concatenate(measure_gains(holdout, Catalogue(serving, papers))).mean() > 0


def test_a_place_gains_what_it_would_in_ndcg(holdout, holdout_fit):
    one = Holdout("newest", holdout.learn, holdout.now, holdout.histories[:1], holdout.targets[:1])
    ranked = Catalogue(holdout_fit).rank(one.histories[0], candidates=None, k=None, now=holdout.now)
    places = np.array([ranked.ids.index(paper) + 1 for paper in one.targets[0]])
    plain = Catalogue(holdout_fit, config=replace(holdout_fit.config, diversity=0, exploration=0))
    assert measure_gains(one, plain)[0] == pytest.approx(1 / np.log2(1 + places))


@pytest.mark.slow
@pytest.mark.parametrize(("readers", "of_each"), [(1, 20), (5, 20), (20, 5), (60, 5)])
def test_false_alarms_are_as_rare_as_promised(readers, of_each):
    """Two equally good models: gains drawn from one distribution, some readers easier than others."""
    alarms, seeds = 0, 300
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        easy = random.uniform(20, 400, readers)
        ours, theirs = ([1 / np.log2(2 + random.exponential(scale, of_each)) for scale in easy] for _ in range(2))
        alarms += compare(ours, theirs).is_worse
    assert alarms / seeds <= 3 * FALSE_ALARM_RATE


def test_a_real_loss_is_noticed():
    random = np.random.default_rng(0)
    theirs = [1 / np.log2(2 + random.exponential(50, 5)) for _ in range(100)]
    ours = [1 / np.log2(2 + random.exponential(100, 5)) for _ in range(100)]
    assert compare(ours, theirs).is_worse
    assert not compare(theirs, ours).is_worse


def test_a_difference_nobody_notices_is_no_reason():
    theirs = [np.full(5, 0.2) for _ in range(100)]
    assert not compare([one * 0.995 for one in theirs], theirs).is_worse
    assert compare([one * 0.95 for one in theirs], theirs).is_worse


@pytest.mark.slow
def test_another_seed_is_never_held_back(papers, events, older_events, config):
    """Equally good models that differ by chance alone."""
    serving = train(papers, older_events, config, now=NOW - 10 * DAY)
    verdicts = [retrain(papers, events, serving, config, seed=seed, now=NOW)[1] for seed in range(1, 11)]
    assert all(verdict.passed for verdict in verdicts)


def test_settings_do_not_decide(papers, events, serving):
    """A list that is diverse or explores on purpose is not worse for it."""
    restless = Config(factors=32, iterations=10, diversity=2.0, exploration=0.5)
    assert retrain(papers, events, serving, restless, now=NOW)[1].passed
