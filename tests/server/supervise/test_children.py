"""A child that ends is restarted, each time after a longer wait."""

from __future__ import annotations

import os
import sys
import time

import pytest

from server.supervise import children
from server.supervise.children import Child


def child(code: str) -> Child:
    return Child("test", [sys.executable, "-c", code], os.environ)


def until_changed(one: Child) -> None:
    deadline = time.monotonic() + 20
    while not one.restart_if_ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_that_ends_is_restarted_after_a_growing_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "MIN_BACKOFF", 0.2)
    one = child("raise SystemExit(3)")
    one.start()
    for crashes in (1, 2):
        until_changed(one)
        assert (one.pid, one.crashes) == (None, crashes)
        ended = time.monotonic()
        until_changed(one)
        assert one.pid
        assert time.monotonic() - ended >= 0.2 * 2 ** (crashes - 1) - 0.05
    one.wait_or_kill(time.monotonic() + 20)


def test_a_crash_after_a_long_run_counts_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "STABLE_AFTER", 0.0)
    one = child("raise SystemExit(3)")
    one.crashes = 5
    one.start()
    until_changed(one)
    assert one.crashes == 1


def test_a_child_that_does_not_end_is_killed() -> None:
    one = child("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    one.start()
    one.terminate()
    one.wait_or_kill(time.monotonic() + 0.1)
    assert one.process is not None
    assert one.process.poll() is not None
