"""`inkling train` and `inkling models`."""

from __future__ import annotations

import json


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
