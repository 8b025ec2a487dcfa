from dataclasses import replace

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.model.blend import STACK_ALONE, Blend, PartWeight
from recommender.model.factorization import Stack
from recommender.training.gate import NOISE, compare, gains, judge, retrain
from recommender.training.holdout import LEAST_PAIRS, MOST_PAIRS, Held, hold_out
from tests.recommender.conftest import DAY, NOW, PAPERS_A_TOPIC, TOPICS


@pytest.fixture(scope="module")
def papers():
    """Papers whose words tell little of their topic, so that the factors decide the places."""
    random = np.random.default_rng(1)
    texts = {
        f"t{topic}p{number:02d}": [f"common{one}" for one in random.integers(0, 60, 12)] + [f"topic{topic}"]
        for topic in range(TOPICS)
        for number in range(PAPERS_A_TOPIC)
    }
    return Papers.from_rows({"id": name, "abstract": " ".join(words)} for name, words in texts.items())


@pytest.fixture(scope="module")
def events(papers):
    """Readers of two topics each, over two months."""
    random = np.random.default_rng(2)
    rows = []
    for reader in range(60):
        topics = random.permutation(TOPICS)[:2]
        for at in random.permutation(2 * PAPERS_A_TOPIC)[:24]:
            name = f"t{topics[at % 2]}p{at // 2:02d}"
            rows.append((f"r{reader}", name, "save", NOW - float(random.integers(0, 60)) * DAY))
    return Events.from_rows(rows)


@pytest.fixture(scope="module")
def older(events):
    """What had happened ten days ago, when the serving model was trained."""
    return events.take(np.flatnonzero(events.times < NOW - 10 * DAY).tolist())


@pytest.fixture(scope="module")
def serving(papers, older, config):
    return train(papers, older, config, now=NOW - 10 * DAY)


@pytest.fixture(scope="module")
def held(papers, events, serving, config):
    return hold_out(papers, events, since=serving.manifest["now"], config=config, seed=0)


@pytest.fixture(scope="module")
def judged(papers, held, config):
    return train(papers, held.learn, config, now=held.now)


def shuffled(model, seed=0):
    """Return a model in which every paper has another's vector."""
    vectors = model.stack.papers[np.random.default_rng(seed).permutation(len(model.ids))]
    stack = model.stack
    return replace(model, stack=Stack(vectors, stack.features, vectors.T @ vectors, stack.row_gram))


def pairs_of(held):
    return {
        (history.readers[0], paper)
        for history, papers in zip(held.histories, held.targets, strict=True)
        for paper in papers
    }


def test_judged_papers_are_newer_than_the_serving_model_and_kept_from_the_judged_fit(held, serving, older):
    assert held.kind == "newest"
    assert held.pairs >= LEAST_PAIRS
    assert not pairs_of(held) & set(zip(held.learn.readers, held.learn.papers, strict=True))
    assert not pairs_of(held) & set(zip(older.readers, older.papers, strict=True))
    assert held.now > serving.manifest["now"]
    assert held.learn.times.max() < held.now
    assert len(held.learn) > len(older)


def test_judged_readers_keep_their_older_history(held):
    for history, papers in zip(held.histories, held.targets, strict=True):
        assert len(set(history.readers)) == 1
        assert len(history)
        assert not set(history.papers) & set(papers)


def test_without_newer_events_a_sample_both_models_know_is_judged(papers, events, config):
    held = hold_out(papers, events, since=NOW, config=config, seed=0)
    assert held.kind == "sample"
    assert not pairs_of(held) & set(zip(held.learn.readers, held.learn.papers, strict=True))
    assert held.pairs >= LEAST_PAIRS


def test_events_without_times_are_judged_by_a_sample(papers, events, config):
    timeless = replace(events, times=np.full(len(events), np.nan))
    assert hold_out(papers, timeless, since=None, config=config, seed=0).kind == "sample"


def test_no_more_is_held_out_than_judging_needs(papers, config):
    random = np.random.default_rng(0)
    rows = [(f"r{reader}", papers.ids[paper], "save", NOW - float(random.integers(0, 10**6)))
            for reader in range(300) for paper in random.permutation(len(papers))[:30]]  # fmt: skip
    held = hold_out(papers, Events.from_rows(rows), since=None, config=config, seed=0)
    assert held.pairs <= 1.05 * MOST_PAIRS
    assert len(held.learn) >= len(rows) - 1.05 * MOST_PAIRS
    assert len(held.targets) <= 200


def test_hidden_papers_are_nothing_to_find_again(papers, events, config):
    reader, paper = events.readers[0], events.papers[0]
    hidden = Events.from_rows(
        [
            *zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True),
            (reader, paper, "hide", NOW),
        ]
    )
    held = hold_out(papers, hidden, since=NOW, config=config, seed=0)
    assert (reader, paper) not in pairs_of(held)


@pytest.mark.parametrize("reader_papers", [0, 3, 15])
def test_too_few_events_are_published_and_it_says_so(papers, config, reader_papers):
    events = Events.from_rows(("only", papers.ids[at], "save", NOW - at) for at in range(reader_papers))
    model, verdict = retrain(papers, events, None, config, now=NOW)
    assert verdict.passed
    assert verdict.judged_on == "none"
    assert "unjudged" in verdict.reason
    assert str(LEAST_PAIRS) in verdict.reason
    assert model.manifest["counts"]["events"] == reader_papers


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
    assert model.manifest["counts"]["events"] == len(events)
    assert model.manifest["now"] == NOW


def test_progress_goes_from_nothing_to_all(papers, events, serving, config):
    told = []
    retrain(papers, events, serving, config, now=NOW, progress=lambda stage, share: told.append(share))
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1


def test_shuffled_vectors_are_held_back(held, papers, judged, serving, config):
    damaged = shuffled(judged)
    verdict = judge(held, papers, judged=damaged, model=damaged, serving=serving)
    assert not verdict.passed
    assert "Worse than" in verdict.reason
    assert "the serving model" in verdict.reason


def test_vectors_under_the_wrong_ids_are_held_back(held, papers, judged, serving):
    ids = [judged.ids[at] for at in np.random.default_rng(0).permutation(len(judged.ids))]
    misnumbered = replace(judged, ids=ids)
    assert not judge(held, papers, judged=misnumbered, model=misnumbered, serving=serving).passed


def test_damage_done_after_the_judged_fit_is_seen(held, papers, events, judged, serving, config):
    finished = train(papers, events, config, now=NOW, blend=judged.blend, start=judged)
    assert judge(held, papers, judged=judged, model=finished, serving=serving).passed
    for damaged in (shuffled(finished), replace(finished, ids=finished.ids[::-1]), replace(finished, blend=Blend())):
        verdict = judge(held, papers, judged=judged, model=damaged, serving=serving)
        assert not verdict.passed
        assert "Spoiled after it was judged" in verdict.reason


def test_a_wrong_blend_is_held_back(held, papers, judged, serving):
    wrong = replace(judged, blend=Blend({"stack": PartWeight(always=-5.0, unread=-5.0)}, readers=-5.0))
    assert not judge(held, papers, judged=wrong, model=wrong, serving=serving).passed


def test_vectors_that_are_no_numbers_are_held_back(held, papers, judged, serving):
    stack = judged.stack
    broken = replace(judged, stack=replace(stack, papers=np.full_like(stack.papers, np.nan)))
    assert not judge(held, papers, judged=broken, model=broken, serving=serving).passed


def test_the_first_model_must_not_be_worse_than_words_alone(held, papers, judged):
    damaged = shuffled(judged)
    wrong = replace(damaged, blend=STACK_ALONE)
    verdict = judge(held, papers, judged=wrong, model=wrong, serving=None)
    assert not verdict.passed
    assert "words alone" in verdict.reason


@pytest.fixture(scope="module")
def published(papers, events, config):
    """A model that was judged when it was made, with nothing newer since."""
    return retrain(papers, events, None, config, now=NOW)[0]


def test_with_nothing_new_the_serving_models_exam_is_sat_again(papers, events, published, config):
    held = hold_out(papers, events, since=NOW, config=config, seed=5, answers=published.answers)
    assert held.again
    assert {key for keys in held.keys for key in keys.tolist()} == set(published.answers.keys.tolist())
    assert not pairs_of(held) & set(zip(held.learn.readers, held.learn.papers, strict=True))
    judged = train(papers, held.learn, config, now=held.now, blend=published.blend)
    good = judge(held, papers, judged=judged, model=judged, serving=published)
    assert good.passed, good.reason
    assert good.comparisons["the serving model"].ours == pytest.approx(
        good.comparisons["the serving model"].theirs, abs=0.03
    )
    bad = judge(held, papers, judged=shuffled(judged), model=judged, serving=published)
    assert not bad.passed
    assert "the serving model" in bad.reason


def test_an_exam_is_judged_among_the_papers_there_were(papers, events, published, config):
    """A catalogue that has grown since has more papers to take a place: no fault of the new model."""
    copies = [{"id": f"new{at}", "abstract": papers.abstracts[at]} for at in range(len(papers))]
    grown = papers.updated(Papers.from_rows(copies))
    _, verdict = retrain(grown, events, published, config, now=NOW)
    assert verdict.passed, verdict.reason
    theirs = verdict.comparisons["the serving model"]
    assert theirs.ours > 0.9 * theirs.theirs
    assert verdict.comparisons["words alone"].ours < theirs.ours


def test_answers_are_kept_with_the_model_and_name_nobody(published, events, tmp_path):
    published.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert loaded.answers.kind == "newest"
    assert loaded.answers.gains.tolist() == published.answers.gains.tolist()
    whole = b"".join(path.read_bytes() for path in (tmp_path / "model").iterdir())
    assert not any(f'"{reader}"'.encode() in whole for reader in set(events.readers))


def test_papers_newer_than_the_serving_model_count_for_it(papers, events, config, held):
    fewer = papers.take(range(0, len(papers), 2))
    serving = train(fewer, events, config, now=NOW)
    assert set(Catalogue(serving, papers).ids()) == set(papers.ids)
    assert np.concatenate(gains(held, Catalogue(serving, papers))).mean() > 0


def test_a_place_gains_what_it_would_in_ndcg(held, judged):
    one = Held("newest", held.learn, held.now, held.histories[:1], held.targets[:1])
    ranked = Catalogue(judged).rank(one.histories[0], candidates=None, k=None, now=held.now)
    places = np.array([ranked.ids.index(paper) + 1 for paper in one.targets[0]])
    plain = Catalogue(judged, config=replace(judged.config, diversity=0, exploration=0))
    assert gains(one, plain)[0] == pytest.approx(1 / np.log2(1 + places))


@pytest.mark.slow
@pytest.mark.parametrize(("readers", "of_each"), [(1, 20), (5, 20), (20, 5), (60, 5)])
def test_false_alarms_are_as_rare_as_promised(readers, of_each):
    """Two equally good models: gains drawn from one distribution, some readers easier than others."""
    alarms, seeds = 0, 300
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        easy = random.uniform(20, 400, readers)
        ours, theirs = ([1 / np.log2(2 + random.exponential(scale, of_each)) for scale in easy] for _ in range(2))
        alarms += compare(ours, theirs).worse
    assert alarms / seeds <= 3 * NOISE


def test_a_real_loss_is_noticed():
    random = np.random.default_rng(0)
    theirs = [1 / np.log2(2 + random.exponential(50, 5)) for _ in range(100)]
    ours = [1 / np.log2(2 + random.exponential(100, 5)) for _ in range(100)]
    assert compare(ours, theirs).worse
    assert not compare(theirs, ours).worse


def test_a_difference_nobody_notices_is_no_reason():
    theirs = [np.full(5, 0.2) for _ in range(100)]
    assert not compare([one * 0.995 for one in theirs], theirs).worse
    assert compare([one * 0.95 for one in theirs], theirs).worse


@pytest.mark.slow
def test_another_seed_is_never_held_back(papers, events, older, config):
    """Equally good models that differ by chance alone."""
    serving = train(papers, older, config, now=NOW - 10 * DAY)
    verdicts = [retrain(papers, events, serving, config, seed=seed, now=NOW)[1] for seed in range(1, 11)]
    assert all(verdict.passed for verdict in verdicts)


def test_settings_do_not_decide(papers, events, serving):
    """A list that is diverse or explores on purpose is not worse for it."""
    restless = Config(factors=32, iterations=10, diversity=2.0, exploration=0.5)
    assert retrain(papers, events, serving, restless, now=NOW)[1].passed
