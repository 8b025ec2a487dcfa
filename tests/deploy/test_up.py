"""`deploy/up` in a small clone of its own: the real script and a real environment, with nothing to download."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SERVER = "import os, sys; print('inkling', *sys.argv[1:], flush=True)"
COMMANDS = "import sys\n\n\ndef main(prog_name):\n    print('the command', prog_name, *sys.argv[1:])\n"


@pytest.fixture
def clone(tmp_path):
    """Give a clone whose lock file names nothing and whose `inkling` prints what it was asked for."""
    clone = tmp_path / "a clone"
    (clone / "deploy").mkdir(parents=True)
    for name in ("up", "inkling", "environment.py"):
        shutil.copy(ROOT / "deploy" / name, clone / "deploy" / name)
    (clone / "requirements.lock").touch()
    (clone / "server").mkdir()
    (clone / "server" / "__init__.py").touch()
    (clone / "server" / "__main__.py").write_text(SERVER)
    (clone / "server" / "commands.py").write_text(COMMANDS)
    (clone / "implicit.py").touch()
    return clone


def only(tmp_path, **programs):
    """Return a PATH on which the system's tools and just these programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    for name in ("sh", "dirname", "readlink"):
        target = folder / name
        if not target.exists():
            target.symlink_to(shutil.which(name))
    return str(folder)


def up(clone, *arguments, path=None, script=None, cwd=None):
    env = {**os.environ, "PATH": path or os.environ["PATH"]}
    env.pop("PYTHONPATH", None)
    command = [str(script or clone / "deploy" / "up"), *arguments]
    return subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def without_uv(tmp_path):
    return only(tmp_path, python3=f'exec "{sys.executable}" "$@"')


@pytest.fixture
def tools(request):
    """Give a PATH with uv where there is one: its environments take a tenth of the time."""
    return os.environ["PATH"] if shutil.which("uv") else request.getfixturevalue("without_uv")


@pytest.mark.slow
def test_it_sets_up_once_and_becomes_inkling_up(clone, without_uv, tmp_path):
    first = up(clone, "--demo", "--home", "a home", path=without_uv, cwd=tmp_path)
    assert first.stdout == "inkling up --demo --home a home\n", first.stderr
    assert "happens once" in first.stderr
    began = time.monotonic()
    second = up(clone, path=without_uv, cwd="/")
    assert (second.stdout, second.stderr) == ("inkling up\n", "")
    assert time.monotonic() - began < 5


def test_another_lock_file_is_installed_over_what_is_there(clone, tools):
    up(clone, path=tools)
    (clone / ".venv" / "a-developers-tool").touch()
    (clone / "requirements.lock").write_text("# another\n")
    again = up(clone, path=tools)
    assert "happens once" in again.stderr
    assert (clone / ".venv" / "a-developers-tool").exists()


def test_an_environment_that_was_cut_short_or_broken_is_made_anew(clone, tools):
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to("/nowhere/python")
    assert up(clone, path=tools).stdout == "inkling up\n"


def test_it_may_be_called_by_a_link_from_anywhere(clone, tools, tmp_path):
    (tmp_path / "start").symlink_to(clone / "deploy" / "up")
    assert up(clone, script=tmp_path / "start", path=tools, cwd="/").stdout == "inkling up\n"


def test_any_command_of_inkling_runs_from_a_fresh_clone(clone, tools):
    assert up(clone, "evaluate", "--task", "alone", script=clone / "deploy" / "inkling", path=tools).stdout == (
        "inkling evaluate --task alone\n"
    )


def test_a_folder_of_the_same_name_where_it_is_called_is_not_run(clone, tools, tmp_path):
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "__main__.py").write_text("print('somebody else')")
    assert up(clone, path=tools, cwd=tmp_path).stdout == "inkling up\n"


def test_two_at_once_do_not_disturb_each_other(clone, tools):
    env = {**os.environ, "PATH": tools}
    both = [
        subprocess.Popen(
            [clone / "deploy" / "up"], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for _ in range(2)
    ]
    assert [process.communicate(timeout=120)[0] for process in both] == ["inkling up\n"] * 2


def test_an_old_python_is_told_in_plain_words(clone, tmp_path):
    path = only(tmp_path, python3='[ "$1" = -V ] && echo Python 3.8.1 && exit 0; exit 1')
    told = up(clone, path=path)
    assert told.returncode == 1
    assert "no Python 3.11 or newer here (python3 is Python 3.8.1)" in told.stderr
    assert not (clone / ".venv").exists()


def test_a_missing_library_of_the_system_is_told_in_plain_words(clone, tools):
    message = "libgomp.so.1: cannot open shared object file"
    (clone / "implicit.py").write_text(f"raise ImportError({message!r})")
    told = up(clone, path=tools)
    assert told.returncode == 1
    assert "libgomp.so.1 is missing; on Debian and Ubuntu: apt install libgomp1" in told.stderr
    (clone / "implicit.py").write_text("")
    assert up(clone, path=tools).stdout == "inkling up\n"


@pytest.mark.parametrize("name", ['it\'s a "clone" $HOME %i', "x" * 120 + "/" + "y" * 120])
def test_the_clones_own_command_runs_wherever_it_is(clone, tools, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    moved = clone.rename(tmp_path / name)
    assert up(moved, path=tools).stdout == "inkling up\n"
    told = up(moved, "pair", "--home", "a home", script=moved / ".venv" / "bin" / "inkling", path=tools, cwd="/")
    assert (told.stdout, told.stderr) == ("the command inkling pair --home a home\n", "")


@pytest.mark.parametrize("name", ["a:b", "a\nb", "a ", b"\xff"])
def test_a_path_that_no_environment_can_be_made_in_is_refused_by_name(clone, tools, tmp_path, name):
    moved = clone.rename(tmp_path / os.fsdecode(name))
    told = up(moved, path=tools)
    assert told.returncode == 1
    assert "move this clone to another path" in told.stderr
    assert not (moved / ".venv").exists()


@pytest.mark.skipif(not shutil.which("uv"), reason="no uv here")
def test_uv_is_used_where_there_is_one(clone):
    assert up(clone).stdout == "inkling up\n"
    assert "uv" in (clone / ".venv" / "pyvenv.cfg").read_text()
