import json

import numpy as np
import pytest

from recommender.evaluation.report import OURS, Report
from recommender.evaluation.suite import Measured
from recommender.evaluation.suite_report import SuiteReport

READERS = 200


def make_report(task, splits, seeds=(0, 1)):
    """A report of methods by split, each with its mean: readers' figures differ between methods by little noise."""
    report = Report(task, list(seeds))
    for seed in seeds:
        base = np.random.default_rng(seed).random(READERS)
        for split, methods in splits.items():
            for at, (method, mean) in enumerate(methods.items()):
                noise = np.random.default_rng([seed, at]).normal(0, 0.01, READERS)
                values = (mean + base * 0.1 + noise)[: 30 if method == "linear SVM" else READERS]
                metrics = ("recall@20", "ndcg@20", "warm ndcg@20", "cold ndcg@20")
                report.add(split, method, dict.fromkeys(metrics, values))
    return report


def measure(kind, task, splits):
    return Measured(kind, task, make_report(task, splits))


@pytest.fixture
def report():
    made = SuiteReport([0, 1])
    warm = {OURS: 0.4, "ALS": 0.3, "EASE": 0.35, "TF-IDF mean": 0.1, "kernel ridge": 0.12, "linear SVM": 0.11}
    made.add(measure("whole", "warm", {"warm": warm}))
    made.add(measure("dense", "warm", {"warm": warm | {"EASE": 0.45}}))
    alone = {OURS: 0.4, "TF-IDF mean": 0.35, "linear SVM": 0.38}
    made.add(measure("whole", "alone", {"alone k=1": alone, "alone k=3": alone}))
    return made


def read_table(report):
    lines = [line for line in report.as_markdown().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [dict(zip(cells[0], row, strict=False)) for row in cells[2:]]


def test_a_row_says_ours_the_best_and_the_ratios(report):
    rows = read_table(report)
    assert [(row["kind"], row["task"], row["figure"]) for row in rows] == [
        ("whole", "warm", "ndcg@20"),
        ("dense", "warm", "ndcg@20"),
        ("whole", "alone k=1", "recall@20"),
        ("whole", "alone k=3", "recall@20"),
    ]
    whole = rows[0]
    assert whole["best baseline"] == "EASE"
    assert whole["readers"] == "400"
    assert float(whole["ratio"]) == pytest.approx(0.45 / 0.4, abs=0.02)
    assert whole["ratio"] == whole["/ EASE"]
    assert float(whole["/ ALS"]) == pytest.approx(0.45 / 0.35, abs=0.02)
    assert float(whole["/ best text"]) == pytest.approx(0.45 / 0.17, abs=0.1)
    low, high = whole["95% of the difference"].split(" to ")
    assert 0 < float(low) < 0.05 < float(high)


def test_a_method_that_ranked_for_some_readers_is_compared_on_those_and_marked(report):
    row = report.rows[2]
    assert row.best == "linear SVM"
    assert row.against["linear SVM"].readers == 60
    assert read_table(report)[2]["best baseline"] == "linear SVM*"
    assert read_table(report)[2]["/ ALS"] == ""


def test_where_a_baseline_is_ahead_is_said_in_words(report):
    told = report.as_markdown()
    assert "- dense, warm, ndcg@20: **EASE** 0.5" in told
    assert told.count("\n- ") == 1
    assert report.as_dict()["ahead"] == [{"kind": "dense", "split": "warm", "metric": "ndcg@20", "method": "EASE"}]


def test_a_baseline_ahead_by_noise_is_not_said_to_be_ahead():
    made = SuiteReport([0])
    wide = np.random.default_rng(0).random((2, 20))
    report = Report("warm", [0])
    for method, values in ((OURS, wide[0]), ("EASE", wide[0] + 0.01 + 0.5 * (wide[1] - wide[1].mean()))):
        report.add("warm", method, {"ndcg@20": values})
    made.add(Measured("few", "warm", report))
    assert made.rows[0].against["EASE"].ratio < 1
    assert "No baseline is ahead beyond noise." in made.as_markdown()


@pytest.mark.parametrize(("readers", "said"), [(1, False), (19, False), (20, True)])
def test_a_handful_of_readers_tells_nothing(readers, said):
    made, report = SuiteReport([0]), Report("warm", [0])
    for method, figure in ((OURS, 0.4), ("EASE", 0.5)):
        report.add("warm", method, {"ndcg@20": np.full(readers, figure)})
    made.add(Measured("few", "warm", report))
    assert bool(made.as_dict()["ahead"]) == said


def test_both_halves_of_a_mixed_list_are_rows():
    made = SuiteReport([0, 1])
    made.add(measure("whole", "mixed", {"mixed": {OURS: 0.4, "ALS": 0.3}}))
    assert [row["figure"] for row in read_table(made)] == ["ndcg@20", "warm ndcg@20", "cold ndcg@20"]


def test_what_could_not_be_measured_is_said_once_for_each_reason():
    made = SuiteReport([0])
    made.add(measure("whole", "warm", {"warm": {OURS: 0.4, "ALS": 0.3}}))
    for kind in ("whole", "dense"):
        made.add(Measured(kind, "time", None, "no times"))
    assert made.as_markdown().endswith("Not measured: time on whole, dense: no times.")


def test_a_baseline_that_finds_nothing_has_no_ratio():
    made = SuiteReport([0])
    report = Report("cold", [0])
    for method, figure in ((OURS, 0.5), ("popularity", 0.0), ("TF-IDF mean", 0.25)):
        values = np.full(9, figure)
        report.add("cold", method, {"recall@20": values, "ndcg@20": values})
    made.add(Measured("whole", "cold", report))
    assert made.rows[0].best == "TF-IDF mean"
    assert "inf" not in made.as_markdown()
    whole = json.loads(json.dumps(made.as_dict(), allow_nan=False))
    assert whole["rows"][0]["against"]["popularity"]["ratio"] is None


def test_everything_is_json(report):
    whole = json.loads(json.dumps(report.as_dict()))
    assert whole["rows"][0]["against"]["ALS"]["ratio"] > 1
    assert whole["rows"][0]["best"] == "EASE"
    assert set(whole["runs"]) == {"whole warm", "dense warm", "whole alone"}
