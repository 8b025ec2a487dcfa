"""The command line: fast to start, plain in its errors, thin over the services."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from server.commands import COMMANDS, HIDDEN, main
from server.config import Settings
from server.demo import populate
from server.demo.paper_generator import generate_papers
from server.services.papers import merge_source_papers
from server.store import devices, papers, readers
from server.store.database import Database, migrate
from server.supervise.ports import describe_holder

HEAVY = ("numpy", "scipy", "sklearn", "implicit", "flask", "sqlalchemy")


@pytest.fixture
def inkling(tmp_path, monkeypatch):
    for name in ("INKLING_OFFLINE", "INKLING_RATE_LIMIT"):
        monkeypatch.setenv(name, {"INKLING_OFFLINE": "on"}.get(name, "off"))

    def run(*arguments, status=0, home=tmp_path / "home"):
        result = CliRunner().invoke(main, [*arguments], env={"INKLING_HOME": str(home)}, catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.fixture
def home(tmp_path, inkling):
    """Give a home with a database and 40 papers, and its settings."""
    inkling("migrate")
    settings = Settings.from_environment({"INKLING_HOME": str(tmp_path / "home")})
    database = Database.at(settings)
    found = generate_papers(40, seed=1, newest=time.time(), days=30)
    with database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in found], now=time.time())
    yield database
    database.close()


def test_help_names_every_command_and_imports_none():
    code = (
        "import sys; from server.commands import main; main(['--help'], standalone_mode=False); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(re.search(rf"^  {name}\b", told, re.MULTILINE) for name in COMMANDS)
    assert told.rstrip().endswith("[]")
    assert "prepare" not in told


@pytest.mark.parametrize("name", [*COMMANDS, *HIDDEN])
def test_every_command_explains_itself(name):
    result = CliRunner().invoke(main, [name, "--help"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_trainers_loop_and_the_supervisor_stay_light():
    for module in ("server.commands.schedule", "server.commands.up"):
        code = f"import sys, {module}; print([m for m in ('numpy', 'sklearn', 'flask') if m in sys.modules])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_bad_setting_is_one_plain_line(inkling, monkeypatch):
    monkeypatch.setenv("INKLING_PORT", "none")
    assert "Error: INKLING_PORT: must be a whole number" in inkling("migrate", status=2)


def test_an_expected_error_is_one_plain_line(home, inkling):
    assert inkling("models", "rollback", status=1).strip().endswith("There is no older model to go back to.")
    assert "INKLING_OFFLINE is on" in inkling("ingest", "hf", status=1)


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


def test_pairing_is_for_the_only_reader_or_asks_whose(home, inkling):
    link, _, code = inkling("pair").splitlines()[0].partition("#")
    assert link == "http://127.0.0.1:8765/pair"
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    with home.writing() as session:
        one, _ = (readers.create(session, 1.0) for _ in range(2))
    assert "say --reader ID" in inkling("pair", status=2)
    assert json.loads(inkling("pair", "--reader", one, "--json"))["link"].startswith(f"{link}#")
    assert json.loads(inkling("pair", "--new", "--json"))["expires_at"].endswith("Z")
    assert "exclude each other" in inkling("pair", "--new", "--reader", one, status=2)
    assert "No reader nobody" in inkling("pair", "--reader", "nobody", status=1)


def test_devices_are_listed_and_revoked(home, inkling, monkeypatch):
    assert "No reader yet" in inkling("devices")
    monkeypatch.setattr(populate, "READERS", 1)
    inkling("demo", status=1)
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert f"reader {reader}" in inkling("devices")
    assert json.loads(inkling("devices", "--json"))[0]["devices"] == []
    assert "no such device" in inkling("devices", "revoke", reader, "none", status=1)


def test_a_reader_takes_their_file_elsewhere(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert "0 events" in inkling("export", reader, str(tmp_path / "me.json"))
    assert "Events: 0 accepted" in inkling("import", reader, str(tmp_path / "me.json"))
    (tmp_path / "bad.json").write_text("{")
    assert "is not JSON" in inkling("import", reader, str(tmp_path / "bad.json"), status=2)
    (tmp_path / "list.json").write_text("[]")
    assert "not a file of Inkling's export" in inkling("import", reader, str(tmp_path / "list.json"), status=2)


def test_a_backup_makes_another_home_the_same(home, inkling, tmp_path):
    inkling("train")
    assert "40 papers, 0 events, 1 models" in inkling("backup", str(tmp_path / "b.tar.gz"))
    inkling("restore", str(tmp_path / "b.tar.gz"), home=tmp_path / "new")
    inkling("migrate", home=tmp_path / "new")
    assert "serving" in inkling("models", "list", home=tmp_path / "new")
    assert "not empty" in inkling("restore", str(tmp_path / "b.tar.gz"), status=1)


def test_a_database_of_an_earlier_start_is_left_as_it_is(home, inkling):
    assert inkling("migrate") == "The schema is current.\n"
    migrate(home.engine)
    with home.reading() as session:
        assert papers.count(session) == 40


def test_a_devices_name_gives_the_terminal_no_orders(home, inkling):
    hostile = "\x1b]0;owned\x07me\x1b[2J\nreader 42  since \u202enow\x9b"
    with home.writing() as session:
        reader = readers.create(session, 0.0)
        devices.create(session, reader, hostile, "a hash", 0.0)
    told = inkling("devices")
    assert "]0;ownedme[2J reader 42 since now  last seen" in told
    assert [letter for letter in told if not letter.isprintable()] == ["\n"] * 2
    assert json.loads(inkling("devices", "--json"))[0]["devices"][0]["name"] == hostile


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who holds a port")
def test_whoever_holds_the_port_gives_the_terminal_no_orders():
    code = (
        "import socket, time; s = socket.create_server(('', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, "\x1b[2Jgone\x07"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        told = describe_holder(int(other.stdout.readline()))
        other.kill()
    assert f"process {other.pid}" in told
    assert told.isprintable()


def test_a_link_says_whom_it_is_for(home, inkling):
    assert inkling("pair").splitlines()[-1] == "It is for a new reader, the operator of this server."
    with home.writing() as session:
        reader = readers.create(session, 0.0, operator=True)
        devices.create(session, reader, "Firefox\x1b[2J on Linux", "a hash", 0.0)
    told = f"It is for the next browser of reader {reader} (so far: Firefox[2J on Linux)."
    assert inkling("pair").splitlines()[-1] == told
    assert json.loads(inkling("pair", "--json"))["for"] == told
    assert inkling("pair", "--new").splitlines()[-1] == "It is for a new reader."
    with home.writing() as session:
        readers.create(session, 1.0)
    assert "several readers" in inkling("pair", status=2)
    assert inkling("pair", "--reader", reader).splitlines()[-1] == told
