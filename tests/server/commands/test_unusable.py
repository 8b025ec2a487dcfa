"""What cannot work is said in a sentence: every command on homes, databases and settings that are broken."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from server.commands import COMMANDS, HIDDEN, main
from server.config import Settings
from server.store import readers
from server.store.database import Database
from tests.server.inkling_process import inkling, run

# FILE stands for a file that is there, OUT for one that is not.
OF_THE_DATABASE = [
    *(["train"], ["schedule"], ["pair"], ["pair", "--new"], ["devices"], ["devices", "revoke", "r", "d"]),
    *(["models", "list"], ["models", "promote", "x"], ["models", "rollback"], ["models", "card"]),
    *(["open"], ["digest"], ["digest", "--dry-run"], ["mail"], ["archive"], ["archive", "--dry-run"]),
    *(["ingest", "hf"], ["ingest", "arxiv"], ["ingest", "follow"]),
    *(["backup", "OUT"], ["export", "r", "OUT"], ["import", "r", "FILE"]),
]
MAKING_ONE = [["migrate"], ["demo"], ["prepare"]]
OF_THE_HOME = [["serve"], ["up"], ["restore", "FILE"], ["service", "install", "--print"]]
WITHOUT_A_HOME = {"rank", "evaluate"}
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
NOBODY = 65534


def test_the_lists_above_name_every_command():
    named = {arguments[0] for arguments in (*OF_THE_DATABASE, *MAKING_ONE, *OF_THE_HOME)} | WITHOUT_A_HOME
    assert named == set(COMMANDS) | set(HIDDEN)


def told(arguments: list[str], home: Path, **environ: str) -> tuple[int, str]:
    """Run a command in this process and return its status and all it said; an exception fails the test."""
    (home.parent / "file").write_text("{}")
    places = {"FILE": str(home.parent / "file"), "OUT": str(home.parent / "out")}
    argv = [places.get(argument, argument) for argument in arguments]
    clean = {name: None for name in os.environ if name.startswith("INKLING_")}
    env = {**clean, "INKLING_HOME": str(home), **environ}
    result = CliRunner().invoke(main, argv, env=env, catch_exceptions=False)
    return result.exit_code, result.output


def newer(home: Path, template: Path) -> None:
    shutil.copy(template, home / "inkling.sqlite3")
    with sqlite3.connect(home / "inkling.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()


def no_database(home: Path, _template: Path) -> None:
    (home / "inkling.sqlite3").write_bytes(b"This was a letter once. " * 400)


def overwritten(home: Path, template: Path) -> None:
    whole = template.read_bytes()
    (home / "inkling.sqlite3").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


def truncated(home: Path, template: Path) -> None:
    whole = template.read_bytes()
    (home / "inkling.sqlite3").write_bytes(whole[: len(whole) // 2])


def a_folder(home: Path, _template: Path) -> None:
    (home / "inkling.sqlite3").mkdir()


BROKEN = {
    newer: "made by a newer version",
    no_database: "The database is damaged",
    overwritten: "The database is damaged",
    truncated: "The database is damaged",
    a_folder: "cannot be opened",
}


@pytest.mark.parametrize("arguments", [*OF_THE_DATABASE, *MAKING_ONE], ids=" ".join)
@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
def test_a_broken_database_is_said_to_be_so(breaks, arguments, tmp_path, sqlite_template):
    home = tmp_path / "home"
    home.mkdir()
    breaks(home, sqlite_template)
    status, output = told(arguments, home)
    assert status != 0
    assert BROKEN[breaks] in output
    assert str(home / "inkling.sqlite3") in output


def absent(_home: Path) -> None:
    pass


def empty(home: Path) -> None:
    home.mkdir()


def of_no_bytes(home: Path) -> None:
    home.mkdir()
    (home / "inkling.sqlite3").touch()


@pytest.mark.parametrize("arguments", OF_THE_DATABASE, ids=" ".join)
@pytest.mark.parametrize("make", [absent, empty, of_no_bytes])
def test_a_home_that_was_never_set_up_is_said_to_be_so(make, arguments, tmp_path):
    home = tmp_path / "home"
    make(home)
    status, output = told(arguments, home)
    assert status != 0
    assert "`inkling migrate`" in output
    assert "try again" not in output
    assert (home / "inkling.sqlite3").exists() == (make is of_no_bytes)


SECRETS = {
    "empty": lambda path: path.touch(),
    "blank": lambda path: path.write_text("\n\n"),
    "short": lambda path: path.write_text("abc\n"),
    "binary": lambda path: path.write_bytes(b"\xff\xfe" * 40),
    "a folder": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
}
EVERY = [*OF_THE_DATABASE, *MAKING_ONE, *OF_THE_HOME]


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_is_none_is_no_key(secret, arguments, tmp_path):
    (tmp_path / "home").mkdir()
    SECRETS[secret](tmp_path / "home" / "secret")
    status, output = told(arguments, tmp_path / "home")
    assert status == 2
    assert "INKLING_HOME:" in output
    assert "secret" in output


@pytest.mark.parametrize("arguments", EVERY, ids=" ".join)
def test_a_home_that_is_a_file_is_said_to_be_one(arguments, tmp_path):
    (tmp_path / "home").touch()
    status, output = told(arguments, tmp_path / "home")
    assert status == 2
    assert "it is a file" in output


GARBAGE = {
    "INKLING_HOME": ["~nobody-of-that-name/x", "a\nb", "/" + "x" * 300, "/dev/null/x", os.fsdecode(b"/tmp/\xff")],
    "INKLING_HOST": ["a b", "ü"],
    "INKLING_PORT": ["http", "-1", "65536", "1e3", "9" * 5000, "٣"],
    "INKLING_DATABASE_URL": [
        *("x", "mysql://a/b", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:////a?b=c"),
        *("sqlite:///file:x", "postgresql://[", "postgresql://u:p@h:port/d", "postgresql://h:99999/d"),
    ],
    "INKLING_REDIS_URL": ["localhost", "redis://[", "redis://h:port", "redis://h:99999"],
    "INKLING_WORKERS": ["0", "many", "-2"],
    "INKLING_DRAIN": ["1s", "601"],
    "INKLING_REGISTRATION": ["yes"],
    "INKLING_TRUSTED_PROXIES": ["all", "17"],
    "INKLING_METRICS_TOKEN": ["two words", "ü"],
    "INKLING_RATE_LIMIT": ["60"],
    "INKLING_TRAIN_EVERY": ["0h", "soon", "-1h", "1w", "9" * 400, "99999999d"],
    "INKLING_TRAIN_AFTER_EVENTS": ["0", "x"],
    "INKLING_ENCODER": ["/nowhere", "~nobody-of-that-name"],
    "INKLING_SPARK_MASTER": ["yarn", "spark://host", "local[two]", "spark://h:1 --conf x"],
    "INKLING_HF_URL": ["ftp://x", "https://", "https://[", "https://h:port", "https://h/?q"],
    "INKLING_ARXIV_URL": ["x", "http://h:99999"],
    "INKLING_OFFLINE": ["maybe"],
    "INKLING_CONTACT": ["Jürgen <j@example.org>", "a\nb"],
    "INKLING_CORS_ORIGINS": ["example.org"],
    "INKLING_CONFIRM_PAGE_TEXT": ["2"],
    "INKLING_SECRET_KEY": ["abc", "fifteen letters"],
    "INKLING_DEMO": ["2"],
}


@pytest.mark.parametrize(
    ("variable", "value"),
    [(name, value) for name, values in GARBAGE.items() for value in values],
    ids=lambda text: ascii(text)[:40],
)
def test_a_setting_that_cannot_be_is_named(variable, value, tmp_path):
    for arguments in (["devices"], ["up"]):
        status, output = told(arguments, tmp_path / "home", **{variable: value})
        assert status == 2
        assert f"{variable}: " in output
        assert re.search(r"must be|choose another", output)
        assert len(output) < 1000


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"], ids=["none", "empty", "blank", "binary"])
@pytest.mark.parametrize("variable", ["INKLING_SECRET_KEY", "INKLING_METRICS_TOKEN", "INKLING_DATABASE_URL"])
def test_a_secrets_file_without_a_secret_is_named(variable, content, tmp_path):
    if content is not None:
        (tmp_path / "it").write_bytes(content)
    status, output = told(["devices"], tmp_path / "home", **{f"{variable}_FILE": str(tmp_path / "it")})
    assert status == 2
    assert f"{variable}_FILE" in output


@pytest.mark.parametrize("arguments", [*OF_THE_DATABASE, *MAKING_ONE], ids=" ".join)
def test_a_postgresql_that_is_away_is_named(arguments, tmp_path):
    url = f"postgresql://me:top-secret@/x?host={tmp_path}"
    status, output = told(arguments, tmp_path / "home", INKLING_DATABASE_URL=url)
    assert status == 1
    assert "The database does not answer" in output
    assert "see INKLING_DATABASE_URL" in output
    assert "top-secret" not in output


@pytest.fixture(scope="module")
def with_passwords(postgres_server: str) -> str:
    """Let the role `locked` in with its password alone, and return the server's address for it."""
    folder = postgres_server.partition("host=")[2]
    with psycopg.connect(host=folder, user="inkling", dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        rules = Path(connection.execute("SHOW hba_file").fetchone()[0])
        rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
        connection.execute("SELECT pg_reload_conf()")
    return f"postgresql://locked:wrong-one@/postgres?host={folder}"


@pytest.mark.postgres
def test_what_postgresql_refuses_is_told_to_the_operator(with_passwords, tmp_path):
    wrong = [
        (with_passwords, "password authentication failed"),
        (with_passwords.replace("locked", "stranger"), 'role "stranger" does not exist'),
        (
            with_passwords.replace("locked:wrong-one", "inkling").replace("/postgres?", "/nothing?"),
            '"nothing" does not',
        ),
    ]
    for url, expected in wrong:
        for arguments in (["devices"], ["migrate"], ["pair"]):
            status, output = told(arguments, tmp_path / "home", INKLING_DATABASE_URL=url)
            assert status == 1
            assert expected in output
            assert "wrong-one" not in output


@pytest.mark.slow
@pytest.mark.parametrize("breaks", [newer, no_database, truncated], ids=lambda breaks: breaks.__name__)
def test_up_ends_with_what_is_wrong(breaks, tmp_path, sqlite_template):
    home = tmp_path / "home"
    home.mkdir()
    breaks(home, sqlite_template)
    ended = run("up", "--port", "0", home=home)
    assert ended.returncode == 1
    assert BROKEN[breaks] in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout


def without_privilege() -> None:
    """Give up, in the child, root's right to read and write what is another user's."""
    prctl = ctypes.CDLL(None).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        prctl(PR_CAPBSET_DROP, capability)


def run_without_privilege(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    argv, keywords = inkling(*arguments, home=home)
    as_root = {"preexec_fn": without_privilege} if os.geteuid() == 0 else {}
    return subprocess.run(argv, **keywords, **as_root, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="root gives up its privilege by prctl")
@pytest.mark.parametrize("name", ["run", "run/up.lock", "secret", "models", "inkling.sqlite3", "."])
def test_what_another_user_has_in_the_home_is_named_with_the_way_to_get_it_back(name, tmp_path):
    home = tmp_path / "a home"
    assert told(["migrate"], home)[0] == 0
    for folder in ("run", "models"):
        (home / folder).mkdir()
    (home / "run" / "up.lock").touch()
    if os.geteuid() == 0:
        (home / name).chmod(0o700)
        os.chown(home / name, NOBODY, NOBODY)
        expected = f"give it back with: sudo chown -R root '{home}'"
    else:
        (home / name).chmod(0)
        expected = "to its owner"
    for arguments in (["up"], ["devices"]):
        ended = run_without_privilege(*arguments, home=home)
        assert ended.returncode == 2, ended.stderr
        assert str(home / name) in ended.stderr
        assert expected in ended.stderr
        assert "Traceback" not in ended.stderr
    (home / name).chmod(0o700)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="root gives up its privilege by prctl")
def test_a_folder_that_may_only_be_read_is_refused_by_name(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    for arguments in (["up"], ["migrate"], ["devices"]):
        ended = run_without_privilege(*arguments, home=home)
        assert ended.returncode == 2, ended.stderr
        assert f"{home} cannot be written" in ended.stderr
        assert "Traceback" not in ended.stderr


FILES = {
    "in no folder": (["export", "READER", "/nowhere/out.json"], "No such file or directory"),
    "in a file": (["export", "READER", "/dev/null/out.json"], "Not a directory"),
    "a backup over a device": (["backup", "/dev/null"], "is not a file"),
    "a backup in a file": (["backup", "/dev/null/b.tar.gz"], "File exists"),
    "a name too long": (["backup", "/tmp/" + "x" * 300], "File name too long"),
    "no backup": (["restore", "FILE"], "is not a whole backup"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_is_named(case, tmp_path):
    arguments, expected = FILES[case]
    home = tmp_path / "home"
    if arguments[0] != "restore":
        assert told(["migrate"], home)[0] == 0
        database = Database.at(Settings.from_environment({}, home=home))
        with database.writing() as session:
            reader = readers.create(session, 1.0)
        database.close()
        arguments = [reader if argument == "READER" else argument for argument in arguments]
    status, output = told(arguments, home)
    assert status == 1
    assert expected in output
