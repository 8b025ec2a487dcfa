"""A signal requests a shutdown, cuts a wait short and sets the event of a loop."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from server.supervise.shutdown import SIGNALS, shutdown_on_signals, stop_on_signals


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_requests_a_shutdown_and_cuts_a_wait_short(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with shutdown_on_signals() as shutdown:
        assert not shutdown.requested
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        began = time.monotonic()
        shutdown.wait(30)
        assert shutdown.requested
        assert time.monotonic() - began < 20
    assert signal.getsignal(number) == before


def test_an_ignored_hang_up_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with shutdown_on_signals() as shutdown:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not shutdown.requested
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_loop_learns_of_a_signal_by_its_event() -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(20)
