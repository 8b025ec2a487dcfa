"""A backup is one consistent moment, whole or not there, and makes an empty home what the old one was."""

from __future__ import annotations

import io
import stat
import tarfile
import threading
from dataclasses import replace

import pytest

from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.errors import Conflict, Invalid
from server.services import backups
from server.services.context import Context
from server.services.papers import merge_source_papers
from server.services.training import train_once
from server.store import papers, readers, trained_models
from server.store.database import Database, schema_problem
from server.store.database_copies import is_empty

PAPERS = generate_papers(40, seed=1, newest=1_790_000_000.0, days=30)


@pytest.fixture
def used(database, settings):
    with database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in PAPERS], now=1.0)
        readers.create(session, 1.0)
    return database


def new_home(settings, tmp_path):
    if settings.database_url.startswith("postgresql"):
        pytest.skip("needs a second database; see the test of the command")
    return Settings.from_environment({"INKLING_HOME": str(tmp_path / "new")})


def test_everything_comes_back_in_an_empty_home(context, used, settings, tmp_path):
    version = train_once(context).version
    made = backups.back_up(context, tmp_path / "b.tar.gz")
    assert (made.papers, made.events, made.models) == (40, 0, 1)
    assert stat.S_IMODE((tmp_path / "b.tar.gz").stat().st_mode) == 0o600
    restored = new_home(settings, tmp_path)
    backups.restore(Context.of(restored), tmp_path / "b.tar.gz")
    database = Database.at(restored)
    with database.reading() as session:
        assert papers.count(session) == 40
        assert readers.count(session) == 1
        assert trained_models.serving_version(session) == version
    assert not schema_problem(database.engine)
    database.close()
    assert (restored.models_dir / version / "manifest.json").exists()
    assert (restored.home / "secret").read_text() == (settings.home / "secret").read_text()
    assert not [path for path in restored.home.iterdir() if path.name.startswith(".")]


def test_a_backup_may_be_made_while_others_write(context, used, settings, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with used.writing() as session:
                papers.add_stubs(session, [f"2401.{number % 99999:05d}"], 1.0)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [backups.back_up(context, tmp_path / f"{number}.tar.gz") for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert made[0].papers >= 40
    restored = new_home(settings, tmp_path)
    backups.restore(Context.of(restored), tmp_path / "2.tar.gz")


def test_a_home_in_use_is_not_overwritten(context, used, tmp_path):
    backups.back_up(context, tmp_path / "b.tar.gz")
    with pytest.raises(Conflict, match="not empty"):
        backups.restore(context, tmp_path / "b.tar.gz")


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "models/../../x", "models/v/../../x", "notes.txt"])
def test_only_our_own_names_come_out(context, tmp_path, name):
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    settings = Settings.from_environment({"INKLING_HOME": str(tmp_path / "new")})
    with pytest.raises(Invalid, match="does not belong"):
        backups.restore(Context.of(settings), tmp_path / "bad.tar")


def test_links_do_not_come_out(context, tmp_path):
    link = tarfile.TarInfo("secret")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "bad.tar", "w") as archive:
        archive.addfile(link)
    settings = Settings.from_environment({"INKLING_HOME": str(tmp_path / "new")})
    with pytest.raises(Invalid, match="does not belong"):
        backups.restore(Context.of(settings), tmp_path / "bad.tar")


@pytest.mark.parametrize("content", [b"", b"not a backup", b"\x1f\x8b\x08\x00garbage"])
def test_another_file_is_refused_and_changes_nothing(context, tmp_path, content):
    (tmp_path / "b.tar.gz").write_bytes(content)
    settings = Settings.from_environment({"INKLING_HOME": str(tmp_path / "new")})
    with pytest.raises(Invalid):
        backups.restore(Context.of(settings), tmp_path / "b.tar.gz")
    database = Database.at(settings)
    assert is_empty(database.engine)
    database.close()


def test_a_cut_backup_is_refused(context, used, settings, tmp_path):
    whole = tmp_path / "b.tar.gz"
    backups.back_up(context, whole)
    whole.write_bytes(whole.read_bytes()[:-2000])
    with pytest.raises(Invalid):
        backups.restore(Context.of(new_home(settings, tmp_path)), whole)


def test_a_backup_of_the_other_kind_of_database_is_refused(context, used, settings, tmp_path):
    backups.back_up(context, tmp_path / "b.tar.gz")
    other = replace(settings, home=tmp_path, database_url="postgresql+psycopg://x/y")
    if settings.database_url.startswith("postgresql"):
        other = replace(settings, home=tmp_path, database_url=f"sqlite:///{tmp_path}/other.sqlite3")
    with pytest.raises(Invalid, match="no copy of a"):
        backups.restore(Context.of(other), tmp_path / "b.tar.gz")
