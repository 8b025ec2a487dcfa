"""How this program starts itself again for another part of its work."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from server.config import Settings

_ROOT = Path(__file__).parents[2]
# One thread of linear algebra for each: more of them only fight over the processors.
_CALM = {"OPENBLAS_NUM_THREADS": "1"}


def inkling_command(*arguments: str) -> list[str]:
    """Return the command line of `inkling ARGUMENTS...` with this interpreter.

    -P keeps the current folder out of the import path: it may hold a `server` of somebody else's.
    """
    return [sys.executable, "-P", "-m", "server", *arguments]


def inkling_environment(settings: Settings) -> dict[str, str]:
    """Return the environment for it: these settings, and this very code where it runs from a checkout."""
    environ = {**settings.child_environment(), **_CALM}
    if _ROOT.name not in {"site-packages", "dist-packages"}:
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environ.get("PYTHONPATH")]))
    return environ


def shell_line(*arguments: str) -> str:
    """Return `inkling ARGUMENTS...` as a person's shell runs it: by name where that is this one, else by its path."""
    beside = Path(sys.executable).parent / "inkling"
    found = shutil.which("inkling")
    if found and Path(found).resolve() == beside.resolve():
        return shlex.join(["inkling", *arguments])
    if beside.exists():
        return shlex.join([str(beside), *arguments])
    # A checkout without an environment of its own.
    return shlex.join(["env", f"PYTHONPATH={_ROOT}", *inkling_command(*arguments)])
