"""`inkling train` and `inkling models`."""

from __future__ import annotations

import json

import pytest

from tests.recommender.training import spark_cluster


def test_models_are_trained_listed_and_chosen(home, inkling):
    assert inkling("models", "list") == "No model yet.\n"
    first = json.loads(inkling("train", "--json").strip().splitlines()[-1])["version"]
    second = json.loads(inkling("train", "--seed", "1", "--json").strip().splitlines()[-1])["version"]
    assert first != second
    assert f"Model {first} serves again" in inkling("models", "rollback")
    assert f"Model {second} serves." in inkling("models", "promote", second)
    status = {row["version"]: row["status"] for row in json.loads(inkling("models", "list", "--json"))}
    assert status == {first: "kept", second: "serving"}
    assert "40 papers, 0 events" in inkling("models", "list")


def test_training_on_too_little_has_its_own_status(inkling):
    inkling("migrate")
    assert "training needs 20" in inkling("train", status=3)


def test_a_cluster_must_be_named_and_answer(inkling, monkeypatch):
    inkling("migrate")
    assert "INKLING_SPARK_MASTER" in inkling("train", "--engine", "spark", status=1)
    monkeypatch.setenv("INKLING_SPARK_MASTER", "spark://127.0.0.1:1")
    assert "spark://127.0.0.1:1 cannot be used" in inkling("train", "--engine", "spark", status=1)


@pytest.mark.slow
@pytest.mark.skipif(spark_cluster.why_not() is not None, reason=spark_cluster.why_not() or "")
def test_a_model_trained_on_spark_serves_and_leaves_nothing_behind(home, inkling, monkeypatch, tmp_path):
    monkeypatch.setenv("INKLING_SPARK_MASTER", "local[1]")
    trained = json.loads(inkling("train", "--engine", "spark", "--json").strip().splitlines()[-1])
    assert trained["serves"]
    assert [folder.name for folder in (tmp_path / "home" / "models").iterdir()] == [trained["version"]]
