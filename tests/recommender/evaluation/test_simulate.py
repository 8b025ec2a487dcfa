"""A simulated log: the same for a seed, possible in time, opened by place, and in the format that evaluation reads."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from recommender import Config
from recommender.config import DAY
from recommender.data.files import read_events, read_papers
from recommender.evaluation.evaluate import evaluate
from recommender.evaluation.simulate import START, World, examination, simulate
from tests.long.simulate import SETTINGS, take_some, write_log

SMALL = World(readers=40, days=12, communities=6)


def rows_of(events):
    return list(zip(events.readers, events.papers, events.kinds, events.times.tolist(), strict=True))


@pytest.fixture(scope="module")
def log(papers):
    return simulate(papers, SMALL, 0)


def test_a_seed_gives_one_log(papers, log):
    again, other = simulate(papers, SMALL, 0), simulate(papers, SMALL, 1)
    assert rows_of(again[1]) == rows_of(log[1]) != rows_of(other[1])
    assert np.array_equal(again[0].published, log[0].published)


def test_the_catalogue_grows_evenly_in_the_order_of_real_dates(papers, log):
    published = log[0].published
    assert (published < START).mean() == SMALL.published_before
    assert (np.diff(published[np.argsort(papers.published, kind="stable")]) >= 0).all()
    per_day = np.histogram(published, START + DAY * np.arange(SMALL.days + 1))[0]
    assert per_day.min() == per_day.max() == len(papers) * 0.5 / SMALL.days


def test_only_what_is_published_is_shown_and_only_what_is_shown_is_opened_and_once(log):
    papers, events = log
    published = dict(zip(papers.ids, papers.published.tolist(), strict=True))
    shown, opened = {}, set()
    for reader, paper, kind, at in rows_of(events):
        if kind == "impression":
            assert at >= published[paper]
            assert (reader, paper) not in opened
            shown[reader, paper] = at
        elif kind == "open":
            assert 0 < at - shown[reader, paper] < 1000
            opened.add((reader, paper))
        else:
            assert kind == "save"
            assert (reader, paper) in opened
    assert len(opened) > 100


def test_lists_are_runs_of_impressions_of_one_time(log):
    is_new = ((row[0], row[3]) for row in rows_of(log[1]) if row[2] == "impression")
    lists = [(key, len(list(run))) for key, run in groupby(is_new)]
    assert len({key for key, _ in lists}) == len(lists)
    assert max(length for _, length in lists) == SMALL.places


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_places_are_looked_at_by_the_stated_law(papers, bias):
    world = World(readers=120, days=12, communities=6, position_bias=bias, ordered=0.0, places=10, quality=0.0)
    opens, place_of = np.zeros(10), {}
    run = 0
    previous = None
    for reader, paper, kind, at in rows_of(simulate(papers, world, 0)[1]):
        if kind == "impression":
            run = run + 1 if previous == (reader, at) else 0
            previous, place_of[reader, paper] = (reader, at), run
        elif kind == "open":
            opens[place_of[reader, paper]] += 1
    # Half of the lists are in an order by text, in which the first are better: at least as steep as the law.
    share = examination(10, bias)[5:].sum() / examination(10, bias).sum()
    assert 0.55 * share < opens[5:].sum() / opens.sum() < 1.1 * share


def test_interests_drift_apart_only_where_they_are_to(papers):
    still = simulate(papers, World(readers=40, days=30, communities=6, drift=0.0, trend=0.0, hidden=0.0), 3)
    moving = simulate(papers, World(readers=40, days=30, communities=6, drift=0.3, trend=0.0, hidden=0.0), 3)
    assert topic_change(moving[1]) > topic_change(still[1]) + 0.1


def topic_change(events):
    """Return how much the topics of what readers open in the last third differ from those of the first, 0 to 1."""
    early, late = {}, {}
    for reader, paper, kind, at in rows_of(events):
        day = (at - START) / DAY
        if kind == "open" and not 10 <= day < 20:
            counts = (early if day < 10 else late).setdefault(reader, np.zeros(8))
            counts[int(paper[1])] += 1
    both = [(early[reader] / early[reader].sum(), late[reader] / late[reader].sum()) for reader in early.keys() & late]
    return float(np.mean([np.abs(one - other).sum() / 2 for one, other in both]))


def test_what_is_written_is_what_the_time_task_reads(papers, tmp_path):
    some = take_some(papers, 150, 0)
    simulated, events = simulate(some, SMALL, 0)
    write_log(simulated, events, tmp_path)
    read = read_papers(tmp_path / "papers.jsonl.gz"), read_events(tmp_path / "interactions.tsv.gz")
    assert read[0].ids == some.ids
    assert np.array_equal(read[0].published, simulated.published)
    assert [row[:3] for row in rows_of(read[1])] == [row[:3] for row in rows_of(events)]
    report = evaluate(*read, "time", [0], Config(factors=16, iterations=2), baselines=False)
    assert report.splits["time"]["Inkling"].mean("recall@20") > 0


def test_every_setting_of_the_command_has_readers_who_open_papers(papers):
    for name, world in SETTINGS.items():
        events = simulate(take_some(papers, 100, 1), replace(world, days=6), 1)[1]
        assert list(events.kinds).count("open") > 50, name
