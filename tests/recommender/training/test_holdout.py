from dataclasses import replace

import numpy as np
import pytest

from recommender import Events
from recommender.model.holdout_record import HoldoutRecord
from recommender.training.holdout import MAX_PAIRS, MAX_READERS, MIN_PAIRS, choose_holdout
from tests.recommender.conftest import NOW
from tests.recommender.training.conftest import pairs_of


@pytest.fixture(scope="module")
def papers(hard_papers):
    return hard_papers


@pytest.fixture(scope="module")
def events(dated_events):
    return dated_events


def test_held_out_papers_are_newer_than_the_serving_model_and_kept_from_the_holdout_fit(holdout, serving, older_events):
    assert holdout.kind == "newest"
    assert holdout.pairs >= MIN_PAIRS
    assert not pairs_of(holdout) & set(zip(holdout.learn.readers, holdout.learn.papers, strict=True))
    assert not pairs_of(holdout) & set(zip(older_events.readers, older_events.papers, strict=True))
    assert holdout.now > serving.manifest.now
    assert holdout.learn.times.max() < holdout.now
    assert len(holdout.learn) > len(older_events)


def test_judged_readers_keep_their_older_history(holdout):
    for history, papers in zip(holdout.histories, holdout.targets, strict=True):
        assert len(set(history.readers)) == 1
        assert len(history)
        assert not set(history.papers) & set(papers)


def test_without_newer_events_a_sample_both_models_know_is_judged(papers, events, config):
    holdout = choose_holdout(papers, events, since=NOW, config=config, seed=0)
    assert holdout.kind == "sample"
    assert not pairs_of(holdout) & set(zip(holdout.learn.readers, holdout.learn.papers, strict=True))
    assert holdout.pairs >= MIN_PAIRS


def test_events_without_times_are_judged_by_a_sample(papers, events, config):
    timeless = replace(events, times=np.full(len(events), np.nan))
    assert choose_holdout(papers, timeless, since=None, config=config, seed=0).kind == "sample"


def test_no_more_is_held_out_than_judging_needs(papers, config):
    random = np.random.default_rng(0)
    rows = [(f"r{reader}", papers.ids[paper], "save", NOW - float(random.integers(0, 10**6)))
            for reader in range(300) for paper in random.permutation(len(papers))[:30]]  # fmt: skip
    holdout = choose_holdout(papers, Events.from_rows(rows), since=None, config=config, seed=0)
    assert holdout.pairs <= 1.05 * MAX_PAIRS
    assert len(holdout.learn) >= len(rows) - 1.05 * MAX_PAIRS
    assert len(holdout.targets) <= MAX_READERS


def test_hidden_papers_are_nothing_to_find_again(papers, events, config):
    reader, paper = events.readers[0], events.papers[0]
    hidden = Events.from_rows(
        [
            *zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True),
            (reader, paper, "hide", NOW),
        ]
    )
    holdout = choose_holdout(papers, hidden, since=NOW, config=config, seed=0)
    assert (reader, paper) not in pairs_of(holdout)


def test_what_the_serving_model_was_judged_on_is_held_out_again(papers, events, holdout, config):
    record = HoldoutRecord("newest", holdout.now, np.concatenate(holdout.keys), np.zeros(holdout.pairs, np.float32))
    again = choose_holdout(papers, events, since=NOW, config=config, seed=9, holdout_record=record)
    assert again.is_repeat
    assert pairs_of(again) == pairs_of(holdout)
    assert again.now == holdout.now


def test_too_few_pairs_hold_out_nothing(papers, config):
    events = Events.from_rows(("only", papers.ids[at], "save", NOW - at) for at in range(MIN_PAIRS - 1))
    holdout = choose_holdout(papers, events, since=None, config=config, seed=0)
    assert holdout.kind == "none"
    assert holdout.pairs == 0
    assert len(holdout.learn) == len(events)


def test_a_history_names_its_own_papers_alone(papers, events, config):
    """Ranking looks up every name of a history; those of the whole log would cost each reader a catalogue."""
    judged = choose_holdout(papers, events, since=None, config=config, seed=0)
    for history in judged.histories:
        assert set(history.papers.categories) == set(history.papers)
        assert list(history.readers.categories) == [history.readers[0]]
