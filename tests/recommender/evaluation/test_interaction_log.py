import numpy as np
import pytest

from recommender import Config, Events
from recommender.evaluation.interaction_log import InteractionLog

CONFIG = Config()


def test_the_log_gives_back_the_events_behind_its_pairs(papers, events):
    log = InteractionLog.of(papers, events, CONFIG)
    assert len(log.select_events(log.X)) == len(events)
    one = log.X[5:6]
    assert set(log.select_events(one, np.array([5])).readers) == {log.readers[5]}


def test_the_matrix_has_what_readers_like_in_order_of_appearance(papers):
    rows = [
        ("b", "t1p00", "save", 5.0),
        ("a", "t0p00", "open", 7.0),
        ("b", "t0p01", "hide", 9.0),
        ("b", "x", "save", 1.0),
    ]
    log = InteractionLog.of(papers, Events.from_rows(rows), CONFIG)
    assert log.readers == ["b", "a"]
    assert sorted(zip(*log.X.nonzero(), strict=True)) == [
        (0, papers.ids.index("t1p00")),
        (1, papers.ids.index("t0p00")),
    ]
    assert sorted(log.times.data) == [5.0, 7.0]
    assert log.keys[-1] == -1


def test_a_split_is_named_by_its_task_and_history_size(papers, events):
    log = InteractionLog.of(papers, events, CONFIG)
    assert [name for name, _ in log.split("warm", 0)] == ["warm"]
    assert [name for name, _ in log.split("alone", 0)] == ["alone k=1", "alone k=3", "alone k=10"]


def test_the_time_task_needs_a_time_on_every_interaction(papers, events):
    times = events.times.copy()
    times[0] = np.nan
    log = InteractionLog.of(papers, Events(events.readers, events.papers, events.kinds, times), CONFIG)
    with pytest.raises(ValueError, match="time"):
        log.split("time", 0)


def test_readers_with_too_few_papers_are_refused(papers):
    log = InteractionLog.of(papers, Events.from_rows([("a", "t0p00", "save", 1.0)]), CONFIG)
    with pytest.raises(ValueError, match="no reader"):
        log.split("warm", 0)
