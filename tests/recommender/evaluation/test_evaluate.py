import json
import math

import numpy as np
import pytest

from recommender import Config, Events
from recommender.evaluation.evaluate import FACTORS_METHOD, evaluate
from recommender.evaluation.report import OURS

pytestmark = pytest.mark.slow

CONFIG = Config(factors=16, iterations=5).relevance_only()


@pytest.fixture(scope="module")
def report(papers, events):
    told = []
    found = evaluate(papers, events, "warm", [0, 1], CONFIG, progress=lambda stage, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1
    return found


def test_every_method_has_every_figure(report):
    methods = report.splits["warm"]
    text = {"TF-IDF mean", "kernel ridge", "linear SVM"}
    assert {OURS, FACTORS_METHOD, "ALS", "EASE", "SLIM", "BM25 kNN", "popularity", *text} == set(methods)
    for figures in methods.values():
        assert {"recall@20", "recall@50", "recall@100", "ndcg@20", "mrr", "coverage", "novelty", "diversity"} == set(
            figures.by_reader
        )


@pytest.mark.parametrize(("method", "settings"), [("ALS", 22), ("EASE", 8), ("SLIM", 8)])
def test_a_baseline_is_chosen_from_its_whole_grid(report, method, settings):
    grid = report.grids[method]
    assert len(grid) == settings
    assert [row["chosen"] for row in grid].count(True) == 1
    assert max(grid, key=lambda row: row["figure"])["chosen"]


def test_ours_finds_the_readers_topics_and_beats_popularity(report):
    methods = report.splits["warm"]
    assert methods[OURS].mean("recall@20") > methods["popularity"].mean("recall@20")
    assert report.compare("warm", "popularity")["recall@20"]["low"] > 0


def test_the_report_is_json_and_a_table(report):
    whole = json.loads(json.dumps(report.as_dict()))
    recall = whole["splits"]["warm"]["methods"][OURS]["recall@20"]
    assert recall["low"] <= recall["mean"] <= recall["high"]
    assert len(recall["by_seed"]) == 2
    assert "kernel ridge" in report.as_markdown()
    assert "ours / it" in report.as_markdown()


def test_halves_of_a_mixed_list_are_told_apart(papers, events):
    found = evaluate(papers, events, "mixed", [0], CONFIG, baselines=False).splits["mixed"][OURS]
    assert {"warm recall@20", "cold recall@20", "warm ndcg@20", "cold ndcg@20"} <= set(found.by_reader)
    assert not math.isnan(found.mean("cold recall@20"))


@pytest.mark.parametrize("task", ["cold", "new", "alone", "time"])
def test_every_task_runs(papers, events, task):
    found = evaluate(papers, events, task, [0], CONFIG, baselines=False)
    assert all(0 < methods[OURS].mean("recall@20") <= 1 for methods in found.splits.values())
    assert len(found.splits) == {"cold": 1, "time": 1, "new": 3, "alone": 3}[task]


def test_time_needs_times(papers, events):
    timeless = Events(events.readers, events.papers, events.kinds, np.full(len(events), np.nan))
    with pytest.raises(ValueError, match="time"):
        evaluate(papers, timeless, "time", [0], CONFIG, baselines=False)


def test_baselines_are_chosen_on_newcomers_of_their_own_for_new_readers(papers, events):
    found = evaluate(papers, events, "new", [0], CONFIG)
    assert all(0 <= row["figure"] <= 1 for grid in found.grids.values() for row in grid)
    assert {"ALS", "EASE", "SLIM"} <= set(found.splits["new k=3"])
