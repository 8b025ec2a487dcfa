"""`inkling open`: a link from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.app import create_app
from server.commands import main
from server.config import Settings
from server.store import readers
from server.store.database import Database, engine_for, migrate


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("INKLING_HOME", str(home))
    engine = engine_for(Settings.from_environment({}, home=home))
    migrate(engine)
    engine.dispose()
    return home


def add_reader(home: Path) -> str:
    database = Database.ready(Settings.from_environment({}, home=home))
    with database.writing() as session:
        reader = readers.create(session, 1.0)
    database.close()
    return reader


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["open", *arguments])
    return done.exit_code, done.output


def test_the_link_of_the_only_reader_works(home: Path) -> None:
    add_reader(home)
    status, told = run("--page", "library")
    assert (status, told.count("\n")) == (0, 1)
    assert told.startswith("http://127.0.0.1:8765/session?to=library#")
    app = create_app(Settings.from_environment({}, home=home))
    answer = app.test_client().post("/session", data={"code": told.strip()})
    app.extensions["inkling"].close()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/library")


def test_it_says_whose_is_to_be_said(home: Path) -> None:
    assert "no reader yet" in run()[1]
    first, second = add_reader(home), add_reader(home)
    status, told = run()
    assert (status, "several readers" in told) == (2, True)
    assert first != second
    assert run("--reader", second)[0] == 0
    assert "No reader nobody here" in run("--reader", "nobody")[1]


def test_it_leads_to_pages_alone(home: Path) -> None:
    add_reader(home)
    assert run("--page", "papers/2401.00001")[0] == 0
    assert run("--page", "//evil.example")[0] == 2


def test_as_json(home: Path) -> None:
    add_reader(home)
    told = json.loads(run("--json")[1])
    assert set(told) == {"url", "expires_at"}


def test_a_browser_that_cannot_be_opened_gets_the_link_printed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_reader(home)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda link: bool(opened.append(link)))
    assert run("--browser")[1].strip() == opened[0]
    monkeypatch.setattr("webbrowser.open", lambda link: True)
    assert run("--browser") == (0, "")


def test_the_address_that_others_reach_the_server_at_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_reader(home)
    monkeypatch.setenv("INKLING_PUBLIC_URL", "https://inkling.example.org")
    assert run()[1].startswith("https://inkling.example.org/session#")
