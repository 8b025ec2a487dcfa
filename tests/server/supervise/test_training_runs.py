"""Models come and go under a running server: a trainer killed half-way costs nothing, a new model needs no restart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.services.papers import merge_source_papers
from server.store.database import Database
from tests.server.inkling_process import Up, call, inkling, log_open, pair, run, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a home with 120 papers and one model."""
    home = tmp_path_factory.mktemp("trained") / "home"
    assert run("migrate", home=home).returncode == 0
    with closing(Database.at(Settings.from_environment({"INKLING_HOME": str(home)}))) as database:
        found = generate_papers(120, seed=1, newest=time.time(), days=30)
        with database.writing() as session:
            merge_source_papers(session, "test", [vars(paper) for paper in found], now=time.time())
    trained = run("train", home=home)
    assert trained.returncode == 0, trained.stderr
    return home


def models(home):
    printed = run("models", "list", "--json", home=home)
    return {row["version"]: row["status"] for row in json.loads(printed.stdout)}


def kill_a_training(home):
    """Start a training and kill it in the middle."""
    argv, keywords = inkling("train", home=home)
    with subprocess.Popen(argv, **keywords, stderr=subprocess.PIPE, text=True) as trainer:
        assert any("training: " in line for line in trainer.stderr)
        trainer.send_signal(signal.SIGKILL)
    assert trainer.returncode == -signal.SIGKILL


def test_a_killed_training_costs_nothing_and_a_new_model_is_served_without_a_restart(home):
    (first,) = models(home)
    kill_a_training(home)
    (home / "models" / ".tmp-cut-short").mkdir()
    assert models(home) == {first: "serving"}
    with Up(home, INKLING_TRAIN_AFTER_EVENTS="1", INKLING_RATE_LIMIT="off") as up:
        token = pair(up.url)

        def serving():
            status, body = call(up.url, "/v1/recommendations?limit=5", token=token)
            assert status == 200, body
            assert len(body["items"]) == 5
            return body["model"]

        assert serving() == first
        workers = up.group()
        log_open(up.url, token, "9911.00100")
        assert until(lambda: serving() != first, 120), up.log.read_text()[-2000:]
        assert workers <= up.group()
    after = models(home)
    assert after[first] == "kept"
    assert sorted(path.name for path in (home / "models").iterdir()) == sorted(after)
