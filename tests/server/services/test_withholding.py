"""What becomes of a retrained model that is worse than the one that serves."""

from __future__ import annotations

import logging
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from server.config import Settings
from server.demo.populate import populate_home
from server.errors import NotFound
from server.services import readiness, training
from server.services.context import Context
from server.services.serving_context import ServingContext
from server.services.training_due import why_due
from server.store import trained_models
from server.store.database import Database
from server.store.tables import papers

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Home:
    folder: Path
    result: training.TrainingResult

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder / 'inkling.sqlite3'}"


@pytest.fixture(scope="module")
def trained_home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with readers and a first model: made once, as the training takes longer than the tests."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(sqlite_template, folder / "inkling.sqlite3")
    settings = Settings.from_environment({}, home=folder, offline=True)
    context = Context.of(settings)
    populate_home(context, now=time.time())
    result = training.train_once(context)
    context.close()
    return Home(folder, result)


@pytest.fixture
def home(trained_home: Home, tmp_path: Path) -> Home:
    return replace(trained_home, folder=shutil.copytree(trained_home.folder, tmp_path / "home"))


@pytest.fixture
def context(settings: Settings) -> Iterator[ServingContext]:
    found = ServingContext.of(settings)
    yield found
    found.close()


@pytest.fixture
def trained(home: Home) -> training.TrainingResult:
    return home.result


@pytest.fixture
def database_url(home: Home) -> str:
    """SQLite alone: what is tested here is the same SQL as elsewhere."""
    return home.database_url


def mix_up_texts(database: Database) -> None:
    """Give every paper the text of another one, as a broken source might."""
    with database.writing() as session:
        rows = [dict(row) for row in session.execute(select(papers.c.id, papers.c.title, papers.c.abstract)).mappings()]
        texts = [(row["title"], row["abstract"]) for row in rows]
        random.Random(0).shuffle(texts)
        for row, (title, abstract) in zip(rows, texts, strict=True):
            session.execute(update(papers).where(papers.c.id == row["id"]).values(title=title, abstract=abstract))


def test_a_first_model_serves_and_says_how_it_was_judged(
    trained: training.TrainingResult, context: ServingContext
) -> None:
    assert trained.serves
    assert "words alone" in trained.note
    (row,) = training.list_models(context)
    assert row["status"] == "serving"
    assert row["note"] == trained.note
    assert row["manifest"]["gate"]["passed"] is True
    assert readiness.run_checks(context, time.time())["model"] == {"status": "ok"}


def test_its_card_says_so_too(context: Context, trained: training.TrainingResult, settings: Settings) -> None:
    told = training.read_model_card(context, None)
    assert told == training.read_model_card(context, trained.version)
    assert told == (settings.models_dir / trained.version / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert trained.note in told
    with pytest.raises(NotFound, match="models list"):
        training.read_model_card(context, "never")


def test_there_is_no_card_before_the_first_model(context: Context, database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(trained_models.models))
    with pytest.raises(NotFound, match="inkling train"):
        training.read_model_card(context, None)


def test_a_worse_model_is_held_back_and_the_operator_told(
    trained: training.TrainingResult,
    database: Database,
    context: ServingContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mix_up_texts(database)
    with caplog.at_level(logging.WARNING, "server.services.training"):
        worse = training.train_once(context)
    assert not worse.serves
    assert "Worse than" in worse.note
    assert worse.version in caplog.text
    assert "held back" in caplog.text
    with database.reading() as session:
        assert trained_models.serving_version(session) == trained.version
    statuses = {row["version"]: (row["status"], row["note"]) for row in training.list_models(context)}
    assert statuses[worse.version] == ("withheld", worse.note)
    check = readiness.run_checks(context, time.time())["model"]
    assert check["status"] == "degraded"
    assert worse.version in check["reason"]
    assert worse.note in check["reason"]
    assert context.model_cache.current().version == trained.version


def test_what_was_held_back_is_not_trained_again_at_once(
    context: Context, trained: training.TrainingResult, database: Database
) -> None:
    mix_up_texts(database)
    training.train_once(context)
    assert why_due(context, time.time()) is None


def test_the_operator_can_overrule_the_gate(
    trained: training.TrainingResult, database: Database, context: ServingContext
) -> None:
    mix_up_texts(database)
    worse = training.train_once(context)
    training.promote(context, worse.version)
    context.model_cache.refresh()
    assert context.model_cache.current().version == worse.version
    assert readiness.run_checks(context, time.time())["model"] == {"status": "ok"}


def test_models_held_back_do_not_push_out_those_to_go_back_to(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(trained_models.models))
        for number, version in enumerate("abcdefgh"):
            status = "candidate" if version in "ab" else "withheld"
            trained_models.add(session, version, {}, float(number), status=status)
        trained_models.promote(session, "a")
        trained_models.promote(session, "b")
        assert sorted(trained_models.prune(session, keep=5)) == list("cdefg")
        assert trained_models.previous(session, "b") == "a"
        assert {row["version"] for row in trained_models.every(session) if row["status"] != "gone"} == set("abh")
