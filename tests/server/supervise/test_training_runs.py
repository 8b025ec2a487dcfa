"""Models come and go under a running server: a trainer killed half-way costs nothing, a new model needs no restart."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from tests.server.inkling_process import Up, call, inkling, log_open, run, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a home with the demo's papers and readers, and one model."""
    home = tmp_path_factory.mktemp("trained") / "home"
    filled = run("demo", home=home)
    assert filled.returncode == 0, filled.stderr
    return home


def models(home):
    listed = run("models", "list", "--json", home=home)
    return {row["version"]: row["status"] for row in json.loads(listed.stdout)}


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
        code = json.loads(run("pair", "--new", "--json", home=home).stdout)["code"]
        token = call(up.url, "/v1/devices", {"name": "a browser", "code": code})[1]["token"]

        def serving():
            status, body = call(up.url, "/v1/recommendations?limit=5", token=token)
            assert status == 200, body
            assert len(body["items"]) == 5
            return body["model"]

        assert serving() == first
        workers = up.group()
        log_open(up.url, token, "9911.00100")
        assert until(lambda: serving() != first, 200), up.log.read_text()[-2000:]
        assert workers <= up.group()
    after = models(home)
    assert after[first] == "kept"
    assert sorted(path.name for path in (home / "models").iterdir()) == sorted(after)
