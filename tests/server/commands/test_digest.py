"""`inkling digest` as processes: they race, they are killed, and each digest is mailed once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.app import create_app
from server.config import Settings
from server.services.digest_periods import is_time
from tests.server import inkling_process
from tests.server.conftest import card, pair
from tests.server.inkling_process import Up, call, until
from tests.server.mail_server import MailServer, mail_server, morning

READERS = 4


@pytest.fixture(autouse=True)
def _morning(socket_enabled: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, morning(patch):
        yield


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as found:
        yield found


@pytest.fixture
def environ(server: MailServer, database_url: str) -> dict[str, str]:
    return {
        "INKLING_DATABASE_URL": database_url,
        "INKLING_SMTP_URL": server.url,
        "INKLING_MAIL_FROM": "Inkling <inkling@example.org>",
        "TZ": os.environ["TZ"],
    }


@pytest.fixture
def home(tmp_path: Path, environ: dict[str, str], server: MailServer) -> Path:
    """A home with some readers who wait for their digest."""
    home = tmp_path / "home"
    settings = {"INKLING_HOME": str(home), "INKLING_REGISTRATION": "open", "INKLING_RATE_LIMIT": "off", **environ}
    app = create_app(Settings.from_environment(settings))
    context = app.extensions["inkling"]
    for number in range(READERS):
        reader = pair(app.test_client())
        reader.rank(card(1), card(2))
        reader.call("PATCH", "/v1/me", {"digest": {"email": f"r{number}@example.org", "every": "daily"}})
    with context.database.writing() as session:
        session.execute(text("UPDATE digest_addresses SET confirmed_at = 1"))
    context.close()
    server.taken.clear()
    server.arrived.clear()
    return home


def start(home: Path, environ: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    argv, keywords = inkling_process.inkling("digest", *arguments, home=home, **environ)
    return subprocess.Popen(argv, **keywords, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(home: Path, environ: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    process = start(home, environ, "--json", *arguments)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def let_claims_run_out(database_url: str) -> None:
    from server.store.database import Database
    from tests.server.conftest import At

    database = Database.at(At(database_url))
    with database.writing() as session:
        session.execute(text("UPDATE digests SET due_at = 1"))
    database.close()


def mailed(server: MailServer) -> list[str]:
    return sorted(to for to, _, _ in server.taken)


ALL = [f"r{number}@example.org" for number in range(READERS)]


def test_processes_that_race_mail_each_digest_once(home: Path, environ: dict[str, str], server: MailServer) -> None:
    # All stand at the server before the first gets on: each has claimed what it mails.
    server.stands_at = "rcpt"
    racing = [start(home, environ) for _ in range(3)]
    assert until(lambda: len(server.arrived) >= 3, 120)
    server.stands_at = None
    for process in racing:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert mailed(server) == ALL
    assert run(home, environ) == []


def test_killed_before_it_is_handed_over_it_is_mailed_later(
    home: Path, environ: dict[str, str], server: MailServer, database_url: str
) -> None:
    server.stands_at = "rcpt"
    process = start(home, environ)
    assert until(lambda: bool(server.arrived), 120)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.stands_at = None
    rest = run(home, environ)  # the claim of the killed one still stands
    assert [one["status"] for one in rest] == ["sent"] * (READERS - 1)
    let_claims_run_out(database_url)
    assert [one["status"] for one in run(home, environ)] == ["sent"]
    assert mailed(server) == ALL


def test_killed_while_it_is_handed_over_it_is_not_mailed_twice_and_not_forgotten(
    home: Path, environ: dict[str, str], server: MailServer, database_url: str
) -> None:
    server.stands_at = "data"
    process = start(home, environ)
    assert until(lambda: "data" in server.arrived, 120)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    server.stands_at = None  # the server had it all and takes it
    until(lambda: len(server.taken) == 1, 10)
    first = len(server.taken)
    let_claims_run_out(database_url)
    again = start(home, environ)
    out, err = again.communicate(timeout=120)
    assert "digests_unknown" in err
    assert mailed(server)[: READERS - 1 + first] == mailed(server)
    assert len(set(mailed(server))) == len(mailed(server)) >= READERS - 1
    assert out.count(": mailed") == READERS - 1
    told = [one["status"] for one in run(home, environ, "--dry-run")]
    assert sorted(told) == ["sent"] * (READERS - 1) + ["unknown"]


def test_a_dry_run_says_what_would_be_mailed_to_whom(home: Path, environ: dict[str, str], server: MailServer) -> None:
    process = start(home, environ, "--dry-run")
    out, _ = process.communicate(timeout=120)
    assert out.count("r…@e….org") == READERS
    assert "2 papers for you" in out
    assert "2401.00002  On graphs of proteins, part 2" in out
    assert "r0@" not in out
    assert server.arrived == []
    assert {one["status"] for one in run(home, environ)} == {"sent"}


def test_what_runs_beside_the_api_mails_by_itself(home: Path, environ: dict[str, str], server: MailServer) -> None:
    assert is_time(__import__("time").time())
    with Up(home, **environ, INKLING_REGISTRATION="open") as up:
        assert "mail" in up.children()
        assert until(lambda: mailed(server) == ALL, 120), up.log.read_text()
        assert call(up.url, "/readyz")[1]["checks"]["mail"] == {"status": "ok"}
        log = up.log.read_text()
    assert not [one for one in ALL if one in log], "the log has addresses"
    assert mailed(server) == ALL


def test_without_a_mail_server_it_says_what_is_missing(tmp_path: Path) -> None:
    inkling_process.run("migrate", home=tmp_path / "home")
    found = inkling_process.run("digest", home=tmp_path / "home")
    assert found.returncode == 2
    assert "INKLING_SMTP_URL" in found.stderr
    without = inkling_process.run("digest", home=tmp_path / "home", INKLING_SMTP_URL="smtp://127.0.0.1")
    assert (without.returncode, "INKLING_MAIL_FROM" in without.stderr) == (2, True)
