"""The command line: fast to start, plain in its errors, thin over the services."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from server.commands import COMMANDS, HIDDEN, main
from server.supervise.ports import describe_holder

HEAVY = ("numpy", "scipy", "sklearn", "implicit", "flask", "sqlalchemy")


def test_help_names_every_command_and_imports_none():
    code = (
        "import sys; from server.commands import main; main(['--help'], standalone_mode=False); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(re.search(rf"^  {name}\b", told, re.MULTILINE) for name in COMMANDS)
    assert told.rstrip().endswith("[]")
    assert "prepare" not in told


@pytest.mark.parametrize("name", [*COMMANDS, *HIDDEN])
def test_every_command_explains_itself(name):
    result = CliRunner().invoke(main, [name, "--help"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_command_has_one_blas_thread_unless_the_environment_says_otherwise():
    code = (
        "from server.commands import main; main(['rank', '--help'], standalone_mode=False); "
        "import numpy, threadpoolctl; pools = threadpoolctl.threadpool_info(); "
        "print({one['num_threads'] for one in pools if one['user_api'] == 'blas'})"
    )
    environ = {name: text for name, text in os.environ.items() if not name.endswith("_NUM_THREADS")}
    for given, threads in (({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)):
        ran = subprocess.run(
            [sys.executable, "-c", code], env={**environ, **given}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.splitlines()[-1] == f"{{{min(threads, os.cpu_count() or 1)}}}"


@pytest.mark.slow
def test_the_trainers_loop_and_the_supervisor_stay_light():
    for module in ("server.commands.schedule", "server.commands.up"):
        code = f"import sys, {module}; print([m for m in ('numpy', 'sklearn', 'flask') if m in sys.modules])"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_bad_setting_is_one_plain_line(inkling, monkeypatch):
    monkeypatch.setenv("INKLING_PORT", "none")
    assert "Error: INKLING_PORT: must be a whole number" in inkling("migrate", status=2)


def test_an_expected_error_is_one_plain_line(home, inkling):
    assert inkling("models", "rollback", status=1).strip().endswith("There is no older model to go back to.")
    assert "INKLING_OFFLINE is on" in inkling("ingest", "hf", status=1)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who holds a port")
def test_whoever_holds_the_port_gives_the_terminal_no_orders():
    code = (
        "import socket, time; s = socket.create_server(('', 0)); print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, "\x1b[2Jgone\x07"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        told = describe_holder(int(other.stdout.readline()))
        other.kill()
    assert f"process {other.pid}" in told
    assert told.isprintable()
