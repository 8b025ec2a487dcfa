"""The command line in process, on a home of its own."""

from __future__ import annotations

import time

import pytest
from click.testing import CliRunner

from server.commands import main
from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.services.papers import merge_source_papers
from server.store.database import Database


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
