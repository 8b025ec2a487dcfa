"""The command line and environment of another `inkling` process."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from server.config import Settings

_ROOT = Path(__file__).parents[2]
# One BLAS thread per process: more only compete for the processors.
_ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def inkling_command(*arguments: str) -> list[str]:
    """Return the command line of `inkling ARGUMENTS...` with this interpreter.

    -P keeps the working directory, which may hold another `server` package, out of the import path.
    """
    return [sys.executable, "-P", "-m", "server", *arguments]


def inkling_environment(settings: Settings) -> dict[str, str]:
    """Return the environment for it: these settings, and PYTHONPATH when the code runs from a checkout."""
    environ = {**settings.child_environment(), **_ONE_BLAS_THREAD}
    if _ROOT.name not in {"site-packages", "dist-packages"}:
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environ.get("PYTHONPATH")]))
    return environ


def shell_line(*arguments: str) -> str:
    """Return `inkling ARGUMENTS...` for a person's shell: by name when PATH leads to this program, else by its path."""
    beside = Path(sys.executable).parent / "inkling"
    found = shutil.which("inkling")
    if found and Path(found).resolve() == beside.resolve():
        return shlex.join(["inkling", *arguments])
    if beside.exists():
        return shlex.join([str(beside), *arguments])
    # A checkout without a virtual environment of its own.
    return shlex.join(["env", f"PYTHONPATH={_ROOT}", *inkling_command(*arguments)])
