"""One run a home; what a killed one left is ended, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from server.supervise.state import AlreadyRunning, RunState, start_time


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_home_is_run_once(tmp_path):
    first, second = RunState(tmp_path / "run"), RunState(tmp_path / "run")
    first.lock()
    with pytest.raises(AlreadyRunning):
        second.lock()


def test_leftovers_are_ended_and_forgotten(tmp_path):
    left = sleeper()
    state = RunState(tmp_path / "run")
    state.lock()
    state.record_children({"API": left.pid})
    state.publish({"pid": 1, "url": "http://127.0.0.1:1"})
    assert state.end_leftovers() == ["API"]
    assert left.wait(5) != 0
    assert state.read() is None


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path):
    other = sleeper()
    state = RunState(tmp_path / "run")
    state.lock()
    (tmp_path / "run" / "children.json").write_text(json.dumps({"API": [other.pid, "another start"]}))
    assert state.end_leftovers() == []
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_torn_file_counts_as_none(tmp_path, content):
    state = RunState(tmp_path)
    (tmp_path / "state.json").write_text(content)
    (tmp_path / "children.json").write_text(content)
    assert state.read() is None
    assert state.end_leftovers() == []


def test_the_dead_have_no_birth():
    gone = sleeper()
    assert start_time(gone.pid)
    gone.kill()
    gone.wait()
    assert start_time(gone.pid) is None


def test_a_state_that_cannot_be_written_is_written_later(tmp_path):
    state = RunState(tmp_path)
    (tmp_path / "state.json").mkdir()  # stands for a full disk, which root is not stopped by a mode
    state.publish({"pid": 1, "url": "x"})
    state.record_children({"API": os.getpid()})
    assert (tmp_path / "children.json").is_file()
    (tmp_path / "state.json").rmdir()
    state.retry_writes()
    assert state.read() == {"pid": 1, "url": "x"}
    state.clear()
    state.retry_writes()
    assert state.read() is None
