"""A temporal replay: lists are ranked before their events are known, and gains are compared reader by reader."""

import numpy as np
import pytest

from recommender import Config, Events
from recommender.config import DAY
from recommender.evaluation.replay import DAILY, HISTORY, MEMORY, METHODS, POOLS, Outcome, find_lists, replay
from recommender.evaluation.simulate import START, World, simulate

CONFIG = Config(factors=16, iterations=3)
SINCE = START + 9 * DAY


@pytest.fixture(scope="module")
def log(papers):
    world = World(readers=50, days=12, communities=6, quality=2.0, hidden=0.6, visits=1.5, ordered=0.0)
    return simulate(papers, world, 0)


@pytest.fixture(scope="module")
def outcome(log):
    return replay(*log, since=SINCE, config=CONFIG)


def test_lists_have_their_papers_in_order_and_what_is_taken_of_each():
    rows = [
        ("a", "p", "open", 1.0),  # before any list
        ("a", "p", "impression", 2.0),
        ("a", "q", "impression", 2.0),
        ("b", "q", "impression", 2.0),
        ("a", "q", "open", 3.0),
        ("a", "q", "save", 4.0),
        ("a", "q", "hide", 4.5),
        ("a", "q", "impression", 5.0),
        ("a", "p", "open", 6.0),  # of the list with it in
    ]
    lists = find_lists(Events.from_rows(rows))
    assert [(one.reader, one.at, one.rows, list(one.taken)) for one in lists] == [
        ("a", 2.0, [1, 2], ["q", "p"]),
        ("b", 2.0, [3], []),
        ("a", 5.0, [7], []),
    ]


def test_where_readers_know_what_no_text_tells_the_memory_recovers_it(outcome):
    for pool in POOLS:
        assert len(outcome.readers[pool]) > 50
        assert all(len(outcome.gains[pool][method]) == len(outcome.readers[pool]) for method in METHODS)
        assert outcome.summarize(pool)["memory gains"][1] > 0, pool


def test_the_first_day_is_the_same_for_a_model_trained_daily(log, outcome):
    first = sum(one.at < SINCE + DAY and bool(one.taken) for one in find_lists(log[1]) if one.at >= SINCE)
    gains = outcome.gains["list"]
    assert gains[HISTORY][:first] == gains[DAILY][:first]
    assert gains[HISTORY][first:] != gains[DAILY][first:]
    assert gains[HISTORY][:2] == gains[MEMORY][:2], "nothing is known yet"


def test_no_list_is_ranked_by_what_comes_after_it(log, outcome):
    papers, events = log
    last = next(one for one in reversed(find_lists(events)) if len(one.taken) == 1)
    shown = [events.papers[row] for row in last.rows]
    other = next(paper for paper in reversed(shown) if paper not in last.taken)
    rows = [
        (reader, other if (reader in last.reader and paper in last.taken and at > last.at) else paper, kind, at)
        for reader, paper, kind, at in zip(events.readers, events.papers, events.kinds, events.times, strict=True)
    ]
    changed = replay(papers, Events.from_rows(rows), since=SINCE, config=CONFIG)
    at = sum(bool(one.taken) and one.at < last.at for one in find_lists(events) if one.at >= SINCE)
    for method in METHODS:
        before, after = outcome.gains["list"][method], changed.gains["list"][method]
        assert before[:at] == after[:at]
        assert before[at] != after[at], "only what is taken has changed, and so the gain"


def test_a_log_out_of_order_is_refused(log):
    papers, events = log
    with pytest.raises(ValueError, match="not in order of time"):
        replay(papers, events.take(np.arange(len(events))[::-1]), since=SINCE, config=CONFIG)


def test_recovered_is_a_share_of_what_daily_training_gains_over_readers():
    one, other = Outcome(), Outcome()
    for outcome in (one, other):
        for pool in POOLS:
            outcome.readers[pool] = ["a", "a", "b"]
            outcome.gains[pool] = {HISTORY: [0.2, 0.2, 0.2], MEMORY: [0.3, 0.3, 0.3], DAILY: [0.4, 0.4, 0.4]}
    one.extend(other)
    assert len(one.by_reader("list")) == 4, "the readers of another replay are others"
    figures = one.summarize("list")
    assert figures["recovered"] == pytest.approx((0.5, 0.5, 0.5))
    assert figures["memory gains"][0] == pytest.approx(0.1)
    assert figures[DAILY][0] == pytest.approx(0.4)
