"""Another `inkling` process runs this very code, and a printed command line runs it too."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from server import __version__
from server.config import Settings
from server.supervise.inkling_command import inkling_command, inkling_environment, shell_line


def test_it_runs_this_code_whatever_lies_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    (tmp_path / "server/__init__.py").write_text("raise SystemExit('somebody else')")
    settings = Settings.from_environment({}, home=tmp_path / "home")
    environ = inkling_environment(settings)
    assert environ["INKLING_HOME"] == str(tmp_path / "home")
    command = inkling_command("--version")
    ran = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert __version__ in ran.stdout


@pytest.mark.parametrize("path", ["/usr/bin:/bin", ""])
def test_the_line_for_a_shell_runs_it_and_quotes_its_arguments(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", path)
    words = shlex.split(shell_line("up", "--home", "/a folder"))
    assert words[-3:] == ["up", "--home", "/a folder"]
    assert words[:-3] != ["inkling"]
