"""The trainer's loop, with small commands in place of a training."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from server.services import trainer_loop


class Trainings:
    """Starts a command for each training that is asked for."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)
        self.started: list[float] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(self) -> subprocess.Popen[bytes]:
        self.started.append(time.monotonic())
        code = self.codes.pop(0) if self.codes else "pass"
        self.processes.append(subprocess.Popen([sys.executable, "-S", "-c", code]))
        return self.processes[-1]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(trainer_loop, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(trainer_loop, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(trainer_loop, "GROWING_PAUSE", 0.4)
    monkeypatch.setattr(trainer_loop, "REST", 0.0)
    monkeypatch.setattr(trainer_loop, "_make_partitions", lambda _context: None)


def run(trainings, seconds, reasons=None):
    stop = threading.Event()
    left = list(reasons or [])
    trainer_loop._look = lambda *_: (left.pop(0) if left else None) if reasons is not None else "always"
    thread = threading.Thread(target=trainer_loop.run, args=(None, trainings, stop))
    thread.start()
    time.sleep(seconds)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def _look_again(monkeypatch):
    monkeypatch.setattr(trainer_loop, "_look", trainer_loop._look)


def test_nothing_starts_while_nothing_is_due():
    trainings = Trainings()
    run(trainings, 0.2, reasons=[])
    assert trainings.started == []


def test_one_training_for_each_time_it_is_due():
    trainings = Trainings()
    run(trainings, 0.8, reasons=["events", None, "events"])
    assert len(trainings.started) == 2


def test_a_training_that_dies_is_tried_again_later_and_later():
    trainings = Trainings(*["import os; os.kill(os.getpid(), 9)"] * 9)
    run(trainings, 1.4)
    gaps = [after - before for before, after in zip(trainings.started, trainings.started[1:], strict=False)]
    assert len(gaps) >= 2
    assert gaps[1] > gaps[0] > 0.2


def test_too_few_papers_are_no_failure():
    trainings = Trainings(*["raise SystemExit(3)"] * 9)
    run(trainings, 1.3)
    assert 2 <= len(trainings.started) <= 4


def test_a_training_under_way_is_ended_with_us():
    trainings = Trainings("import time; time.sleep(60)")
    run(trainings, 0.4)
    assert trainings.processes[0].poll() is not None


def test_the_log_gets_its_partitions_at_the_start_and_at_intervals(monkeypatch):
    looked = []
    monkeypatch.setattr(trainer_loop, "_make_partitions", lambda _context: looked.append(time.monotonic()))
    monkeypatch.setattr(trainer_loop, "TIDY_EVERY", 0.2)
    run(Trainings(), 1.0, reasons=[])
    assert 2 <= len(looked) <= 6
    monkeypatch.setattr(trainer_loop, "TIDY_EVERY", 3600.0)
    looked.clear()
    run(Trainings(), 0.3, reasons=[])
    assert len(looked) == 1
