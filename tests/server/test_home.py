"""The home: any path works or is refused by name, and what is in it is its owner's alone."""

from __future__ import annotations

import os
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import URL, make_url

from server.commands import main
from server.config import ConfigurationError, Settings
from server.demo.paper_generator import generate_papers
from server.home import atomic_write, permissions_warning
from server.services.papers import merge_source_papers
from server.store import readers
from server.store.database import Database, migrate
from tests.server.inkling_process import Up, call, run, until

NAMES = {
    "a question mark": "papers?2026",
    "options": "papers?mode=memory&uri=true",
    "a hash": "papers#1",
    "per cent": "100%",
    "per cent and digits": "a%20b%3Fc%",
    "spaces": " my  papers ",
    "quotes": """it's "mine" `id` $HOME""",
    "brackets": "[a-z]*{x}",
    "a backslash": "a\\b",
    "letters of the world": "論文-статьи-Aufsätze-📚",
    "two forms of a letter": "e\u0301-\u00e9",
    "two hundred characters": "x" * 200,
    "a leading dash": "-x",
    "a colon and a semicolon": "a:b;c",
}


def inkling(*arguments: str, home: object, status: int = 0, **environ: str) -> str:
    env = {name: None for name in os.environ if name.startswith("INKLING_")}
    result = CliRunner().invoke(main, arguments, env={**env, "INKLING_HOME": str(home), **environ})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    return result.output


def everything(folder: Path) -> set[Path]:
    return {Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files)}


def open_ones(paths: set[Path]) -> dict[str, str]:
    """Return those of `paths` that others may do anything with, and their modes."""
    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in paths if not path.is_symlink()}
    return {path: oct(mode) for path, mode in modes.items() if mode & 0o077}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_path_is_a_home_and_everything_is_inside(name, tmp_path):
    home = tmp_path / name
    inkling("migrate", home=home)
    assert {path.name for path in home.iterdir()} >= {"inkling.sqlite3", "secret"}
    assert everything(tmp_path) - everything(home) == {home}
    inkling("pair", home=home)
    inkling("backup", str(tmp_path / "backup"), home=home)
    inkling("restore", str(tmp_path / "backup"), home=tmp_path / "again" / name)
    assert "already" not in inkling("pair", home=tmp_path / "again" / name)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_address_of_the_database_is_the_one_made_of_its_parts(name, tmp_path):
    settings = Settings.from_environment({}, home=tmp_path / name)
    made = URL.create("sqlite", database=str(tmp_path / name / "inkling.sqlite3"))
    assert make_url(settings.database_url) == made
    assert Settings.from_environment(settings.to_environment()) == settings


def test_a_home_may_be_named_in_any_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for text, where in {
        "relative": "relative",
        "./a/../b/": "b",
        "~/tilde": "tilde",
        "link": "real",
        f"{tmp_path}/slash//": "slash",
    }.items():
        inkling("migrate", home=text)
        assert (tmp_path / where / "inkling.sqlite3").is_file(), text
        inkling("migrate", "--home", f"{text}/by-option", home="unused")
        assert (tmp_path / where / "by-option" / "inkling.sqlite3").is_file(), text


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x1bb", os.fsdecode(b"a\xffb"), ""])
def test_a_path_that_cannot_be_written_down_is_refused_by_name(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="INKLING_HOME: must be the path of a folder"):
        Settings.from_environment({}, home=text)
    assert "INKLING_HOME" in inkling("migrate", "--home", text, home=tmp_path / "unused", status=2)
    assert not everything(tmp_path)


@pytest.mark.parametrize("text", ["sqlite:///{}/a%3Fb.sqlite3", "sqlite:///{}/a b%25.sqlite3", "sqlite:///x/y"])
def test_a_database_elsewhere_is_where_it_is_said_to_be(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment({"INKLING_DATABASE_URL": text.format(tmp_path)}, home=tmp_path / "home")
    monkeypatch.chdir("/")
    with closing(Database.at(settings)) as database:
        migrate(database.engine)
    expected = {"a%3Fb": "a?b.sqlite3", "a b%25": "a b%.sqlite3", "x/y": "x/y"}
    assert (tmp_path / next(name for part, name in expected.items() if part in text)).is_file()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_are_their_owners_alone_under_any_umask_and_in_any_folder(umask, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    home.chmod(0o755)
    (tmp_path / "out").mkdir()
    before = os.umask(umask)
    try:
        inkling("migrate", home=home)
        reader = filled(home)
        inkling("train", home=home)
        inkling("export", reader, str(tmp_path / "out" / "me.json"), home=home)
        inkling("backup", str(tmp_path / "out" / "b.tar.gz"), home=home)
        inkling("restore", str(tmp_path / "out" / "b.tar.gz"), home=tmp_path / "new")
    finally:
        os.umask(before)
    kept = everything(home) | everything(tmp_path / "new") | everything(tmp_path / "out")
    assert len(kept) > 20
    assert open_ones(kept) == {}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == 0o755, "the folder itself is the operator's"


def filled(home: Path) -> str:
    """Put papers and a reader into a home; leave a WAL behind."""
    database = Database.at(Settings.from_environment({}, home=home))
    found = generate_papers(40, seed=1, newest=time.time(), days=30)
    with database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in found], now=time.time())
        reader = readers.create(session, 1.0)
    assert open_ones({path for path in everything(home) if "sqlite3" in path.name}) == {}
    database.close()
    return reader


def test_a_library_call_without_the_command_line_makes_a_private_database(tmp_path):
    before = os.umask(0)
    try:
        with closing(Database.at(Settings.from_environment({}, home=tmp_path / "home"))) as database:
            migrate(database.engine)
            with database.writing() as session:
                readers.create(session, 1.0)
            assert {path.name for path in everything(tmp_path / "home")} >= {"inkling.sqlite3-wal"}
            assert open_ones(everything(tmp_path)) == {}
    finally:
        os.umask(before)


def test_what_an_earlier_version_left_open_is_closed_and_what_is_not_ours_left_alone(tmp_path):
    home = tmp_path / "home"
    inkling("migrate", home=home)
    (home / "models" / "1").mkdir(parents=True)
    (home / "models" / "1" / "x.npy").touch()
    (home / "my own notes").touch()
    for path in (home, *everything(home)):
        path.chmod(0o777 if path.is_dir() else 0o666)
    inkling("devices", home=home)
    assert set(open_ones(everything(home))) == {str(home / "my own notes")}


def test_an_export_over_a_file_that_others_may_read_closes_it(tmp_path):
    (tmp_path / "out").touch(mode=0o666)
    (tmp_path / "out").chmod(0o666)
    with atomic_write(tmp_path / "out") as file:
        file.write("whole")
    assert ((tmp_path / "out").read_text(), open_ones(everything(tmp_path))) == ("whole", {})


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "out").write_text("before")

    def fail_half_way() -> None:
        with atomic_write(tmp_path / "out") as file:
            file.write("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert (tmp_path / "out").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_device_and_a_link_stay_what_they_are(tmp_path):
    with atomic_write(Path("/dev/null")) as file:
        file.write("gone")
    assert Path("/dev/null").is_char_device()
    (tmp_path / "link").symlink_to("target")
    with atomic_write(tmp_path / "link") as file:
        file.write("text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "text"


def test_a_home_that_others_may_enter_is_named_with_what_to_do(tmp_path):
    home = tmp_path / "a home"
    home.mkdir()
    for mode, others in ((0o700, False), (0o755, True), (0o750, True), (0o707, True)):
        home.chmod(mode)
        assert (f"chmod 700 '{home}'" in permissions_warning(home)) is others


@pytest.mark.slow
def test_a_server_in_an_odd_and_open_home_keeps_everything_to_itself(tmp_path):
    home = tmp_path / "a home?x=1 [#%20] 'q'"
    home.mkdir()
    home.chmod(0o755)
    before = os.umask(0)
    try:
        with Up(home) as up:
            assert call(up.url, "/readyz")[1]["checks"]["redis"]["status"] == "ok"
            assert run("pair", "--new", home=home).returncode == 0
            assert until(lambda: list((home / "run" / "metrics").glob("*.prom")), 10)
            assert b"inkling_requests_total{" in metrics(up.url)
            kept = everything(home)
            assert open_ones(kept) == {}
            names = {path.name for path in kept}
            assert {"inkling.sqlite3-wal", "state.json", "children.json", "up.lock"} <= names
            assert "other users may enter" in up.log.read_text()
    finally:
        os.umask(before)
    assert open_ones(everything(home)) == {}
    assert {path.name for path in tmp_path.iterdir()} == {home.name, up.log.name}


def metrics(url: str) -> bytes:
    import urllib.request

    with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
        return bytes(answer.read())
