"""Training: published whole or not at all, one at a time, and back again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from recommender import Model
from recommender.training.gate import Verdict
from server.demo.paper_generator import generate_papers
from server.errors import BrokenArtefact, NotFound
from server.services import account, events, training
from server.services.events import Event
from server.services.papers import merge_source_papers
from server.services.training import NotEnoughPapers, TrainerBusy, remove_leftovers, train_once, trainer_lock
from server.services.training_due import TrainingWatermarks, why_due
from server.store import events as event_rows
from server.store import papers, readers, trained_models

PAPERS = generate_papers(60, seed=1, newest=1_790_000_000.0, days=30)


def add_papers(database, found, now=None):
    with database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in found], now=now or time.time())


def add_events(context, count):
    with context.database.writing() as session:
        reader_id = readers.create(session, 1.0)
    log = [
        Event(
            id=f"00000000-0000-4000-8000-{number:012d}", kind="open", paper=PAPERS[number % 60].id, at=1_790_000_000.0
        )
        for number in range(count)
    ]
    events.log(context, reader_id, log, now=1_790_000_100.0)
    return reader_id


@pytest.fixture
def filled(database):
    add_papers(database, PAPERS)
    return database


def serving(database):
    with database.reading() as session:
        return trained_models.serving_version(session)


def test_a_first_model_is_published_and_serves(context, settings, filled):
    add_events(context, 5)
    heard = []
    result = train_once(context, lambda stage, share: heard.append((stage, share)))
    assert serving(filled) == result.version
    assert (result.papers, result.events) == (60, 5)
    assert Model.load(settings.models_dir / result.version).version == result.version
    assert [folder.name for folder in settings.models_dir.iterdir()] == [result.version]
    assert heard[-1][1] == 1.0


def test_nothing_is_learned_for_others_from_who_does_not_want_it(context, settings, filled):
    first, second = add_events(context, 5), add_events(context, 7)
    caller = SimpleNamespace(reader_id=second, device_id="d", operator=False, created_at=1.0)
    assert account.change_settings(context, caller, {"learn_for_others": False})["learn_for_others"] is False
    assert train_once(context).events == 5
    with filled.reading() as session:
        assert {row[0] for rows in event_rows.for_training(session) for row in rows} == {first}
    assert why_due(context, time.time() + 700) is None
    account.change_settings(context, caller, {"learn_for_others": True, "personal": False})
    assert train_once(context).events == 12


def test_a_model_that_learned_from_who_no_longer_wants_it_is_replaced(context, settings, filled):
    reader = add_events(context, 5)
    first = train_once(context).version
    caller = SimpleNamespace(reader_id=reader, device_id="d", operator=False, created_at=1.0)
    account.change_settings(context, caller, {"variety": 2})
    assert why_due(context, time.time() + 700) is None
    account.change_settings(context, caller, {"learn_for_others": False})
    assert "left" in why_due(context, time.time() + 700)
    # The vectors of the model before would hand on what it learned from them.
    assert training._why_from_scratch(context, Model.load(settings.models_dir / first)) != ""
    assert train_once(context).events == 0
    assert not (settings.models_dir / first).exists()


def test_the_manifest_says_up_to_when_papers_and_events_are_in_it(context, filled):
    add_events(context, 5)
    train_once(context)
    (row,) = training.list_models(context)
    with filled.reading() as session:
        assert row["manifest"]["papers_until"] == papers.newest_update(session)
        assert row["manifest"]["events_until"] == event_rows.newest_number(session) > 0


def test_too_few_papers_train_nothing(context, database):
    add_papers(database, PAPERS[:5])
    with pytest.raises(NotEnoughPapers, match="fill the catalogue"):
        train_once(context)
    assert serving(database) is None


def test_only_one_trains(context, filled):
    with trainer_lock(context), pytest.raises(TrainerBusy):
        train_once(context)
    train_once(context)


@pytest.mark.postgres
def test_two_hosts_with_one_database_share_the_lock(context, settings, filled, tmp_path):
    if not settings.database_url.startswith("postgresql"):
        pytest.skip("a file lock does it for SQLite")
    elsewhere = replace(context, settings=replace(settings, home=tmp_path / "other host"))
    with (
        trainer_lock(context),
        pytest.raises(TrainerBusy, match="another host"),
        trainer_lock(elsewhere),
    ):
        pass
    with trainer_lock(elsewhere):
        pass


HOLD = "import fcntl, sys, time; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print(flush=True); time.sleep(60)"


def test_the_lock_of_a_killed_trainer_is_free(context, settings, filled):
    with trainer_lock(context):
        pass
    argv = [sys.executable, "-S", "-c", HOLD, settings.run_dir / "train.lock"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as trainer:
        trainer.stdout.readline()
        with pytest.raises(TrainerBusy), trainer_lock(context):
            pass
        trainer.kill()
    with trainer_lock(context):
        pass


def test_what_a_killed_training_left_is_swept(context, settings, filled):
    kept = train_once(context).version
    (settings.models_dir / ".tmp-half").mkdir()
    shutil.copytree(settings.models_dir / kept, settings.models_dir / "named-but-never-entered")
    assert sorted(remove_leftovers(context)) == [".tmp-half", "named-but-never-entered"]
    assert [folder.name for folder in settings.models_dir.iterdir()] == [kept]


def test_a_model_that_does_not_load_is_never_published(context, filled, monkeypatch):
    first = train_once(context).version

    def truncated(self, folder, save=Model.save):
        save(self, folder)
        (folder / "vectors.npy").write_bytes(b"")

    monkeypatch.setattr(Model, "save", truncated)
    with pytest.raises(ValueError, match=r"vectors\.npy"):
        train_once(context, seed=1)
    assert serving(filled) == first


@pytest.fixture
def quick_models(context, settings, filled, monkeypatch):
    """Publish the same model under many names: what is tested is not the training."""
    train_once(context)
    trained = Model.load(settings.models_dir / serving(filled))
    seen = TrainingWatermarks(0, 1.0, 60, 1.0)

    def publish(version):
        manifest = replace(trained.manifest, version=version)
        training.publish(context, replace(trained, manifest=manifest), seen, Verdict(True, "none", "good"))
        time.sleep(0.002)
        return version

    return publish


def test_the_last_five_are_kept(context, settings, filled, quick_models):
    names = [quick_models(f"v{number}") for number in range(7)]
    assert serving(filled) == "v6"
    assert sorted(folder.name for folder in settings.models_dir.iterdir()) == names[-training.KEEP :]
    assert [row["status"] for row in training.list_models(context)].count("gone") == 3


def test_going_back_and_forth(context, filled, quick_models):
    one, two, three = (quick_models(name) for name in ("one", "two", "three"))
    assert training.rollback(context) == two
    assert training.rollback(context) == one
    training.promote(context, three)
    assert serving(filled) == three
    with pytest.raises(NotFound, match="models list"):
        training.promote(context, "never")


def test_a_damaged_model_is_not_promoted(context, settings, filled, quick_models):
    quick_models("whole")
    quick_models("newer")
    (settings.models_dir / "whole" / "idf.npy").unlink()
    with pytest.raises(BrokenArtefact, match="whole is damaged"):
        training.promote(context, "whole")
    assert serving(filled) == "newer"


def test_there_is_no_going_back_from_the_first(context, filled):
    with pytest.raises(NotFound):
        training.rollback(context)
    train_once(context)
    with pytest.raises(NotFound):
        training.rollback(context)
