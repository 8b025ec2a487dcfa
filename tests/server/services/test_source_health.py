"""Broken or only a quiet day: invented histories of a source, and what is made of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.services.source_health import (
    DAY,
    STATES,
    WEEKDAYS,
    DayAnswer,
    History,
    expected_weekdays,
    judge,
)

HOUR = 3600.0
FRIDAY = date(2026, 11, 27)


def at(day, hours=12.0):
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + hours * HOUR


def before(day, count):
    """The `count` days up to a day, it included, oldest first."""
    return [day - timedelta(days=back) for back in reversed(range(count))]


def working(days, papers=40):
    """Papers from Monday to Friday, none at weekends, each answer its own."""
    return {day: DayAnswer(papers, f"of {day}") if day.weekday() < 5 else DayAnswer(0) for day in days}


def without(days, *missed):
    return {**days, **dict.fromkeys(missed, DayAnswer(0))}


def on(year, month, *days):
    return [date(year, month, day) for day in days]


def history(days, today=FRIDAY, **facts):
    return History(**{"every": HOUR, "days": days, "answered_at": at(today, 11.5), **facts})


USUAL = working(before(FRIDAY, 70))
NEW_YEAR = working(before(date(2027, 1, 8), 100))
HOLIDAYS = on(2026, 12, 24, 25, 26, 27, 28, 29, 30, 31) + on(2027, 1, 1, 2)
WEDNESDAYS = {
    day: DayAnswer(9, f"of {day}") if day.weekday() == 2 else DayAnswer(0) for day in before(date(2026, 11, 25), 70)
}
SEVEN_DAYS = {day: DayAnswer(9, f"of {day}") for day in before(FRIDAY, 70)}
STALE_THURSDAY = {**USUAL, date(2026, 11, 26): USUAL[date(2026, 11, 25)], FRIDAY: DayAnswer(0)}

# name -> (history, the day it is judged on, the state, what the reason says)
TABLE = {
    "a usual Friday": (history(USUAL), FRIDAY, "ok", None),
    "a usual Friday whose papers are not out": (history(without(USUAL, FRIDAY)), FRIDAY, "ok", None),
    "a Sunday": (
        history(working(before(date(2026, 11, 29), 70)), date(2026, 11, 29)),
        date(2026, 11, 29),
        "quiet",
        None,
    ),
    "a Monday before its papers": (
        history(without(working(before(date(2026, 11, 30), 70)), date(2026, 11, 30)), date(2026, 11, 30)),
        date(2026, 11, 30),
        "quiet",
        None,
    ),
    "a holiday": (history(without(USUAL, date(2026, 11, 26), FRIDAY)), FRIDAY, "quiet", None),
    "two holidays and the weekend after them": (
        history(without(working(before(date(2026, 11, 29), 70)), date(2026, 11, 26), FRIDAY), date(2026, 11, 29)),
        date(2026, 11, 29),
        "quiet",
        None,
    ),
    "three weekdays in a row": (
        history(without(USUAL, *on(2026, 11, 24, 25, 26, 27))),
        FRIDAY,
        "silent",
        "nothing new since 2026-11-23: 3 days",
    ),
    "three weekdays around a weekend": (
        history(
            without(working(before(date(2026, 12, 1), 70)), *on(2026, 11, 26, 27, 30), date(2026, 12, 1)),
            date(2026, 12, 1),
        ),
        date(2026, 12, 1),
        "silent",
        "nothing new since 2026-11-25",
    ),
    "closed over Christmas and New Year": (
        history(without(NEW_YEAR, *HOLIDAYS, *on(2027, 1, 4, 5)), date(2027, 1, 5)),
        date(2027, 1, 5),
        "quiet",
        None,
    ),
    "not back after New Year": (
        history(without(NEW_YEAR, *HOLIDAYS, *on(2027, 1, 4, 5, 6, 7)), date(2027, 1, 7)),
        date(2027, 1, 7),
        "silent",
        "nothing new since 2026-12-23",
    ),
    "back after New Year": (history(without(NEW_YEAR, *HOLIDAYS), date(2027, 1, 8)), date(2027, 1, 8), "ok", None),
    "an outage of a week, three weeks ago": (
        history(without(USUAL, *on(2026, 11, 2, 3, 4, 5, 6))),
        FRIDAY,
        "ok",
        None,
    ),
    "90 empty answers in a row": (
        history(dict.fromkeys(before(FRIDAY, 90), DayAnswer(0))),
        FRIDAY,
        "silent",
        "nothing was listed in 89 days",
    ),
    "90 empty answers after papers that are forgotten": (
        history({date(2026, 8, 1): DayAnswer(40, "x"), **dict.fromkeys(before(FRIDAY, 90), DayAnswer(0))}),
        FRIDAY,
        "silent",
        "nothing new since 2026-08-01",
    ),
    "a new source, not asked": (History(), FRIDAY, "new", "not asked yet"),
    "a new source, asked once, for today": (history({FRIDAY: DayAnswer(0)}), FRIDAY, "quiet", None),
    "a new source, begun on a Saturday": (
        history(dict.fromkeys(on(2026, 11, 28, 29, 30), DayAnswer(0)), date(2026, 11, 30)),
        date(2026, 11, 30),
        "quiet",
        None,
    ),
    "a new source with papers since yesterday": (history(working(before(FRIDAY, 2))), FRIDAY, "ok", None),
    "a new source without papers for three weekdays": (
        history(dict.fromkeys(before(FRIDAY, 4), DayAnswer(0))),
        FRIDAY,
        "silent",
        "is its address right?",
    ),
    "papers on Wednesdays only, on the next Tuesday": (
        history(WEDNESDAYS, date(2026, 12, 1)),
        date(2026, 12, 1),
        "ok",
        None,
    ),
    "papers on Wednesdays only, two of them missed": (
        history({**WEDNESDAYS, **dict.fromkeys(before(date(2026, 12, 10), 15), DayAnswer(0))}, date(2026, 12, 10)),
        date(2026, 12, 10),
        "quiet",
        None,
    ),
    "papers on Wednesdays only, three of them missed": (
        history({**WEDNESDAYS, **dict.fromkeys(before(date(2026, 12, 17), 22), DayAnswer(0))}, date(2026, 12, 17)),
        date(2026, 12, 17),
        "silent",
        "3 days",
    ),
    "papers every day of the week, none since Friday": (
        history({**SEVEN_DAYS, **dict.fromkeys(on(2026, 11, 28, 29, 30), DayAnswer(0))}, date(2026, 12, 1)),
        date(2026, 12, 1),
        "silent",
        "nothing new since 2026-11-27",
    ),
    "the day that is refused says nothing": (
        history({day: answer for day, answer in USUAL.items() if day not in on(2026, 11, 24, 25, 26)}),
        FRIDAY,
        "ok",
        None,
    ),
    "yesterday's answer again, byte for byte": (
        history(STALE_THURSDAY),
        FRIDAY,
        "stale",
        "its answer for 2026-11-26 is, byte for byte, the one for 2026-11-25",
    ),
    "yesterday's answer again, but today's is not over": (
        history({**USUAL, FRIDAY: USUAL[date(2026, 11, 26)]}),
        FRIDAY,
        "ok",
        None,
    ),
    "one answer for all 90 days": (
        history(dict.fromkeys(before(FRIDAY, 90), DayAnswer(3, "the same"))),
        FRIDAY,
        "stale",
        "byte for byte",
    ),
    "a Saturday that repeats the Friday": (
        history({**working(before(date(2026, 11, 29), 70)), date(2026, 11, 28): USUAL[FRIDAY]}, date(2026, 11, 29)),
        date(2026, 11, 29),
        "quiet",
        None,
    ),
    "a repeat that is over and done with": (
        history({**USUAL, date(2026, 11, 17): USUAL[date(2026, 11, 16)]}),
        FRIDAY,
        "ok",
        None,
    ),
    "what is trending, the same since Wednesday": (
        history(USUAL, same_since=at(date(2026, 11, 25))),
        FRIDAY,
        "stale",
        "the same answer, byte for byte, since 2026-11-25",
    ),
    "what is trending, the same since this night": (history(USUAL, same_since=at(FRIDAY, 1)), FRIDAY, "ok", None),
    "what is trending, the same over a weekend": (
        history(working(before(date(2026, 11, 29), 70)), date(2026, 11, 29), same_since=at(FRIDAY, 23)),
        date(2026, 11, 29),
        "quiet",
        None,
    ),
    "no answer for a day and a bit": (
        history(USUAL, answered_at=at(date(2026, 11, 26), 6)),
        FRIDAY,
        "stopped",
        "no answer for 30 h",
    ),
    "no answer for two days of one that is asked daily": (
        history(USUAL, every=DAY, answered_at=at(FRIDAY) - 2 * DAY),
        FRIDAY,
        "ok",
        None,
    ),
    "no answer for four days of one that is asked daily": (
        history(USUAL, every=DAY, answered_at=at(FRIDAY) - 4 * DAY),
        FRIDAY,
        "stopped",
        "no answer for 96 h",
    ),
    "cannot be asked": (history(USUAL, failure="It is away.", failing_since=1.0), FRIDAY, "failing", "It is away."),
    "cannot be asked and never was": (History(failure="It is away."), FRIDAY, "failing", "It is away."),
    "answers from the future, of a clock put back since": (
        history(USUAL, answered_at=at(FRIDAY + timedelta(days=400))),
        FRIDAY,
        "ok",
        None,
    ),
    "days from the future hide no silence": (
        history(without(USUAL, *on(2026, 11, 24, 25, 26, 27)) | {date(2027, 11, 27): DayAnswer(40, "x")}),
        FRIDAY,
        "silent",
        "nothing new since 2026-11-23",
    ),
    "a clock put back by two years": (history(USUAL), date(2024, 11, 27), "quiet", None),
    "asked by id, with nothing to ask for a year": (
        History(on_demand=True, answered_at=at(FRIDAY) - 365 * DAY),
        FRIDAY,
        "ok",
        None,
    ),
    "asked by id, never": (History(on_demand=True), FRIDAY, "ok", None),
    "asked by id, 19 times in vain": (History(on_demand=True, unknown=19), FRIDAY, "ok", None),
    "asked by id, 124 times in vain": (
        History(on_demand=True, unknown=124),
        FRIDAY,
        "silent",
        "with none of 124 papers",
    ),
    "rare papers, three weeks after the last": (
        history(
            {
                **dict.fromkeys(before(FRIDAY, 70), DayAnswer(0)),
                **dict.fromkeys(on(2026, 9, 21), DayAnswer(1, "a")),
                **dict.fromkeys(on(2026, 10, 8), DayAnswer(1, "b")),
                **dict.fromkeys(on(2026, 11, 6), DayAnswer(1, "c")),
            }
        ),
        FRIDAY,
        "quiet",
        None,
    ),
    "rare papers, ten weeks after the last": (
        history(
            {
                **dict.fromkeys(before(FRIDAY, 140), DayAnswer(0)),
                **dict.fromkeys(on(2026, 8, 3), DayAnswer(1, "a")),
                **dict.fromkeys(on(2026, 8, 20), DayAnswer(1, "b")),
                **dict.fromkeys(on(2026, 9, 14), DayAnswer(1, "c")),
            }
        ),
        FRIDAY,
        "silent",
        "over twice as long",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_history_has_its_state_and_reason(name):
    past, today, state, reason = TABLE[name]
    found = judge(past, at(today))
    assert (found.state, found.status) == (state, "ok" if state in ("ok", "quiet") else "degraded")
    assert found.reason is None if reason is None else reason in found.reason
    assert state in STATES


def test_since_when_it_is_not_well_is_told():
    def since(name):
        past, today, _, _ = TABLE[name]
        return judge(past, at(today)).since

    assert since("three weekdays in a row") == at(date(2026, 11, 23), 0)
    assert since("yesterday's answer again, byte for byte") == at(date(2026, 11, 26), 0)
    assert since("no answer for a day and a bit") == at(date(2026, 11, 26), 6)
    assert since("a usual Friday") is None


def test_papers_of_the_last_days_are_counted_and_a_repeat_brings_none():
    found = judge(history(USUAL), at(FRIDAY))
    assert (found.day, found.week, found.age) == (80, 200, HOUR / 2)
    assert judge(history(STALE_THURSDAY), at(FRIDAY)).day == 0
    assert judge(history(USUAL, answered_at=at(FRIDAY, 99)), at(FRIDAY)).age == 0.0


def test_a_long_silence_does_not_unlearn_the_rhythm():
    counts = {day: answer.papers for day, answer in SEVEN_DAYS.items()}
    counts |= dict.fromkeys(before(date(2027, 5, 1), 150), 0)
    assert expected_weekdays(counts, FRIDAY) == frozenset(range(7))
    assert expected_weekdays({}, None) == WEEKDAYS


DAYS = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.builds(DayAnswer, st.integers(0, 3), st.sampled_from([None, "a", "b"])),
    max_size=60,
)
TIMES = st.one_of(st.none(), st.floats(0, 4e9))


@given(
    st.builds(History, days=DAYS, answered_at=TIMES, same_since=TIMES, unknown=st.integers(0, 30)), st.floats(0, 4e9)
)
def test_any_history_at_any_time_is_judged(past, now):
    found = judge(past, now)
    assert found.state in STATES
    assert found.reason or found.status == "ok", "what is not well says why"
    assert found.age is None or found.age >= 0


@given(st.integers(0, 400))
def test_however_long_nothing_came_it_is_not_well_again_by_itself(later):
    """A source that stops on any day of a year, asked each day since, is told of within a week outside the holidays."""
    stopped = date(2026, 1, 12) + timedelta(days=later)
    days = working(before(stopped, 70)) | dict.fromkeys(before(stopped + timedelta(days=30), 30), DayAnswer(0))
    for gone in (17, 24, 30):
        today = stopped + timedelta(days=gone)
        past = replace(history(days, today), days={day: one for day, one in days.items() if day <= today})
        assert judge(past, at(today)).state == "silent"
