"""Which model serves."""

from __future__ import annotations

import pytest

from server.errors import NotFound
from server.store import trained_models
from server.store.database import Database


def _add(database: Database, *versions: str) -> None:
    with database.writing() as session:
        for number, version in enumerate(versions):
            trained_models.add(session, version, {"n": number}, float(number))


def test_one_model_serves_and_the_one_before_is_kept(database: Database) -> None:
    _add(database, "a", "b")
    with database.writing() as session:
        trained_models.promote(session, "a")
        trained_models.promote(session, "b")
    with database.reading() as session:
        assert trained_models.serving_version(session) == "b"
        assert {row["version"]: row["status"] for row in trained_models.every(session)} == {"a": "kept", "b": "serving"}
        assert trained_models.previous(session, "b") == "a"


def test_a_model_that_is_gone_is_not_promoted(database: Database) -> None:
    _add(database, *"abcdefg")
    with database.writing() as session:
        trained_models.promote(session, "a")
        assert trained_models.prune(session, keep=5) == ["b"]
    with pytest.raises(NotFound, match="models list"), database.writing() as session:
        trained_models.promote(session, "b")
    with pytest.raises(NotFound), database.writing() as session:
        trained_models.promote(session, "never")


def test_the_serving_model_is_not_pruned(database: Database) -> None:
    _add(database, *"abc")
    with database.writing() as session:
        trained_models.promote(session, "a")
        assert trained_models.prune(session, keep=1) == ["b"]
        assert trained_models.serving_version(session) == "a"
