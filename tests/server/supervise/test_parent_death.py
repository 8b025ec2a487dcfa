"""Nothing outlives a parent that was killed, by the kernel's help or without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from server.supervise.state import start_time

PARENT = """
import subprocess, sys, os
from server.supervise.parent_death import spawn
child = spawn([sys.executable, "-c", {body!r}], dict(os.environ), in_kernel={in_kernel})
print(child.pid, flush=True)
child.wait()
"""
SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def wait_for_end(pid: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while start_time(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return start_time(pid) is None


@pytest.fixture(
    params=[pytest.param(True, marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux only")), False]
)
def family(request):
    code = PARENT.format(body=SLEEPER, in_kernel=request.param)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    yield parent, pids
    parent.kill()
    parent.wait()
    parent.stdout.close()


def test_a_killed_parent_takes_its_child_along(family):
    parent, pids = family
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert all(wait_for_end(pid) for pid in pids)


def test_a_watched_command_gets_our_signals_and_gives_its_status():
    code = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7)); print(flush=True); time.sleep(60)"
    argv = [sys.executable, "-m", "server.supervise.parent_death", str(os.getpid()), sys.executable, "-c", code]
    watched = subprocess.Popen(argv, stdout=subprocess.PIPE)
    watched.stdout.readline()
    watched.send_signal(signal.SIGTERM)
    assert watched.wait(5) == 7
    watched.stdout.close()
