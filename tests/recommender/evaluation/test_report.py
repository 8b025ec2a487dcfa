import json

import numpy as np
import pytest

from recommender.evaluation.report import OURS, Figures, Report


@pytest.fixture
def report():
    made = Report("warm", [0, 1])
    for seed in (0, 1):
        ours = np.random.default_rng(seed).random(50)
        figures = {"recall@20": ours, "ndcg@20": ours, "coverage": np.array([0.5])}
        made.add("warm", OURS, figures)
        made.add("warm", "first twenty", {metric: values[:20] / 2 for metric, values in figures.items()})
    made.facts["blend"] = "none"
    return made


def test_a_mean_is_of_the_seeds_means_and_leaves_out_readers_without_a_target():
    figures = Figures()
    figures.add({"recall@20": np.array([1.0, np.nan])})
    figures.add({"recall@20": np.array([0.0, 0.0, 0.0])})
    assert figures.mean("recall@20") == 0.5
    assert len(figures.pool("recall@20")) == 5


def test_methods_are_compared_on_the_readers_both_ranked_for(report):
    compared = report.compare("warm", "first twenty")
    assert set(compared) == {"recall@20", "ndcg@20"}  # coverage is of a list of lists, with no readers to pair
    assert compared["recall@20"]["ratio"] == pytest.approx(2)
    assert compared["recall@20"]["low"] > 0


def test_a_report_survives_json(report):
    whole = json.loads(json.dumps(report.as_dict()))
    recall = whole["splits"]["warm"]["methods"][OURS]["recall@20"]
    assert recall["low"] <= recall["mean"] <= recall["high"]
    assert len(recall["by_seed"]) == 2
    assert whole["splits"]["warm"]["ours_against"]["first twenty"]["recall@20"]["ratio"] == pytest.approx(2)


def test_the_table_has_a_row_for_each_method_with_the_ratio_to_ours(report):
    rows = [line for line in report.as_markdown().splitlines() if line.startswith("| ") and "---" not in line]
    assert [row.split(" | ")[0] for row in rows] == ["| method", f"| {OURS}", "| first twenty"]
    assert "2.000" in rows[-1]
    assert "blend: none" in report.as_markdown()
