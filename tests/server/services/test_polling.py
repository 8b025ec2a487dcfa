"""The rules by which every source is asked: one bad thing keeps back nothing else, and nobody is asked for ever."""

from __future__ import annotations

import logging
import threading
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import DatabaseUnavailable, SourceRefused, SourceUnavailable
from server.services import polling
from server.services.polling import GaveUp, Progress, ask_batches, is_due, poll, wait_after
from server.sources.http import Stopped


class Round:
    """Asks for numbers, some of which are refused with whatever is asked for beside them."""

    def __init__(self, culprits, error=None):
        self.culprits, self.error = set(culprits), error or SourceRefused("Not that.")
        self.requests, self.found, self.refused = [], [], {}

    def ask(self, batch):
        self.requests.append(list(batch))
        if self.culprits & set(batch):
            raise self.error
        return batch

    def run(self, *batches):
        ask_batches(
            batches,
            self.ask,
            answered=lambda _batch, found: self.found.extend(found),
            refused=lambda item, error: self.refused.update({item: error.message}),
        )
        return self


@given(st.integers(1, 100).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), max_size=3))))
def test_culprits_at_any_place_are_found_and_cost_nobody_else(drawn):
    size, culprits = drawn
    ran = Round(culprits).run(list(range(size)), [1000], [2000, 2001])
    assert sorted(ran.found) == sorted({*range(size), 1000, 2000, 2001} - culprits)
    assert set(ran.refused) == culprits
    # Two requests for each halving, for each culprit: not one for each paper.
    assert len(ran.requests) <= 3 + 2 * 7 * len(culprits)


def test_a_source_that_refuses_everything_is_not_asked_for_everything():
    ran = Round(range(5000))
    with pytest.raises(GaveUp, match="Refused 30 times in a row, the last time so: Not that"):
        ran.run(*[list(range(start, start + 100)) for start in range(0, 5000, 100)])
    assert len(ran.requests) == polling.MAX_REFUSALS
    assert ran.refused, "what was refused alone is kept, so that the next round begins elsewhere"


def test_refusals_between_answers_are_never_too_many():
    ran = Round(range(0, 400, 2)).run(*[[number] for number in range(400)])
    assert len(ran.found) == len(ran.refused) == 200


@pytest.mark.parametrize("error", [SourceUnavailable("Away."), DatabaseUnavailable("Away."), Stopped("Ended.")])
def test_a_source_that_is_away_ends_the_round_at_once(error):
    ran = Round([3], error)
    with pytest.raises(type(error)):
        ran.run(*[[number] for number in range(9)])
    assert (ran.found, len(ran.requests), ran.refused) == ([0, 1, 2], 4, {})


@pytest.mark.parametrize("error", [RecursionError("deep"), KeyError("a title"), TypeError("x"), OverflowError()])
def test_trouble_nobody_thought_of_is_trouble_with_one_thing(error):
    ran = Round([3], error).run([1, 2, 3, 4], [5])
    assert ran.found == [1, 2, 4, 5]
    assert type(error).__name__ in ran.refused[3]
    assert "title" not in ran.refused[3]


def test_an_answer_that_cannot_be_kept_is_trouble_with_one_thing_too():
    kept = []

    def keep(batch, _found):
        if 3 in batch:
            raise ValueError("the database refuses this")
        kept.extend(batch)

    ask_batches([[1, 2, 3, 4]], lambda batch: batch, answered=keep, refused=lambda *_: None)
    assert kept == [1, 2, 4]


def test_waits_begin_short_and_grow_to_a_limit():
    waits = [wait_after(tries) for tries in range(1, 100)]
    assert waits[0] == polling.FIRST_WAIT
    assert all(after == min(2 * before, polling.MAX_WAIT) for before, after in pairwise(waits))
    assert wait_after(10**9, 50.0) == 50.0


def test_a_time_written_by_a_clock_that_was_ahead_has_come():
    assert [is_due(100.0, 200.0, now) for now in (150.0, 200.0, 90.0)] == [False, True, True]


def test_what_a_source_says_of_when_to_come_back_is_kept(database):
    now = time.time()
    error = SourceUnavailable("It asks to be left alone.", retry_at=now + 3600)
    Progress.load(database, "x").with_failure(error, now).save(database, "x")
    after_a_restart = Progress.load(database, "x")
    with pytest.raises(SourceUnavailable, match="left alone") as told:
        after_a_restart.check_not_held(now + 3599)
    assert told.value.retry_at == now + 3600
    after_a_restart.check_not_held(now + 3600)
    after_a_restart.check_not_held(now - 60)  # the clock was ahead when it was written
    after_a_restart.with_success(now).check_not_held(now + 1)


def in_a_thread(ask, stop, every=0.01):
    thread = threading.Thread(target=poll, args=(ask, stop), kwargs={"every": every})
    thread.start()
    return thread


@pytest.mark.parametrize("error", [SourceUnavailable("Away."), ZeroDivisionError(), RecursionError()])
def test_after_failures_it_is_asked_later_and_later_and_told_of_once(error, monkeypatch, caplog):
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.05)
    stop, times = threading.Event(), []

    def ask():
        times.append(time.monotonic())
        raise error

    with caplog.at_level(logging.WARNING):
        thread = in_a_thread(ask, stop)
        while len(times) < 5 and thread.is_alive():
            time.sleep(0.01)
        stop.set()
        thread.join(5)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps[3] > gaps[0]
    [record] = caplog.records
    assert record.exc_info is None
    assert "\n" not in record.getMessage()


def test_another_failure_and_one_after_an_answer_are_told_of(monkeypatch, caplog):
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.01)
    stop = threading.Event()
    rounds = iter(["Left alone until 10:00.", "Left alone until 11:00.", "Away.", None, "Away."])

    def ask():
        if message := next(rounds, ""):
            raise SourceUnavailable(message)
        if message == "":
            stop.set()

    with caplog.at_level(logging.WARNING):
        polling.poll(ask, stop, every=0.01)
    assert [record.getMessage() for record in caplog.records] == [
        "catalogue: Left alone until 10:00.",
        "catalogue: Away.",
        "catalogue: Away.",
    ]


def test_a_source_that_says_when_is_asked_then_and_not_before():
    stop, times = threading.Event(), []

    def ask():
        times.append(time.time())
        if len(times) == 1:
            raise SourceUnavailable("Not now.", retry_at=times[0] + 0.5)

    thread = in_a_thread(ask, stop, every=5)
    while len(times) < 2 and time.time() - times[0] < 4:
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert 0.5 <= times[1] - times[0] < 4
