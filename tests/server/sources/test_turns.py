"""Turns at a source, over threads, processes and restarts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from server.sources.turns import Turn

OTHER = """
import sys, time
from pathlib import Path
from server.sources.turns import Turn
with Turn(Path(sys.argv[1]), 1.0).taken(time.sleep):
    print("taken", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run" / "arxiv.turn"


def test_of_two_threads_one_has_the_turn(file):
    under_way, at_most = [], []

    def ask():
        for _ in range(3):
            with Turn(file, 0.0).taken(time.sleep):
                under_way.append(1)
                at_most.append(len(under_way))
                time.sleep(0.02)
                under_way.pop()

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert at_most == [1] * 9


def test_the_turn_of_a_process_that_is_killed_is_free(file):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "taken\n"
        waited = []

        def sleep(seconds):
            waited.append(seconds)
            if len(waited) == 3:
                other.kill()
                other.wait()

        with Turn(file, 1.0).taken(sleep):
            assert len(waited) >= 3


def test_who_is_told_to_end_does_not_wait_for_the_turn(file):
    def stopped(_seconds):
        raise InterruptedError

    with Turn(file, 1.0).taken(time.sleep), pytest.raises(InterruptedError), Turn(file, 1.0).taken(stopped):
        pytest.fail("the turn was taken twice")


def test_the_pace_counts_from_the_last_request_of_anybody(file):
    mine, theirs = Turn(file, 60.0), Turn(file, 60.0)
    with mine.taken(time.sleep):
        assert mine.left_of_pace() == 0.0, "nobody has asked yet"
        mine.mark()
    assert 50 < theirs.left_of_pace() <= 60
    os.utime(file, (time.time() + 3600,) * 2)
    assert theirs.left_of_pace() == 0.0, "a clock that has been corrected since"


def test_a_pause_that_the_source_asked_for_holds_for_everybody_and_is_not_cut_short(file):
    mine, theirs = Turn(file, 1.0), Turn(file, 1.0)
    with mine.taken(time.sleep):
        mine.mark()
        mine.hold(600)
        mine.hold(5)
    assert 590 < theirs.left_of_hold() <= 600
    file.write_text(f"{time.time() + 900} {time.time() + 1800}")
    assert theirs.left_of_hold() == 0.0, "a clock that has been corrected since"


@pytest.mark.parametrize("content", ["", "1", "a b", "\u2603 1", "1 2 3"])
def test_a_file_with_anything_else_in_it_is_no_pause(file, content):
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    assert Turn(file, 1.0).left_of_hold() == 0.0


def test_where_no_file_can_be_written_the_request_is_sent_all_the_same(tmp_path):
    (tmp_path / "run").write_text("in the way")
    turn = Turn(tmp_path / "run" / "x.turn", 1.0)
    with turn.taken(time.sleep):
        turn.mark()
        turn.hold(60)
    assert turn.left_of_pace() == turn.left_of_hold() == 0.0
