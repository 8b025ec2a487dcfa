"""Makes the clone's virtual environment, `.venv`, from the lock file, then becomes `inkling` in it.

Uses only the standard library. Safe to run twice at once, and again after an interruption: a stamp says that the
environment is complete, and for which lock file and location it was made.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = ENVIRONMENT / "inkling-stamp"
LOCK_OF_RUN = ENVIRONMENT / "inkling-lock"  # not `.lock`, which is uv's
PYTHON = ENVIRONMENT / "bin" / "python"
# A shell script and a Python program at once: a `#!` line allows neither spaces nor long paths.
SCRIPT = """#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys

from server.commands import main

sys.exit(main(prog_name="inkling"))
"""
UNUSABLE = re.compile(r"[\x00-\x1f\x7f:\ud800-\udfff]|[ \t]$")  # what PATH or a .pth file cannot hold


def main() -> None:
    """Make the environment, unless a complete one is there."""
    if UNUSABLE.search(str(ROOT)):
        fail(f"{str(ROOT)!r} has a colon, a control character or a space at its end; move this clone to another path")
    ENVIRONMENT.mkdir(exist_ok=True)
    with _only_run():
        if _is_whole():
            return
        say("Setting up Inkling's own environment in .venv; this happens once.")
        STAMP.unlink(missing_ok=True)
        if not _works():
            _make()
        _install()
        _link_project()
        _check_imports()
        STAMP.write_text(_wanted(), encoding="ascii")


def say(message: str) -> None:
    """Print a message for the person who started this."""
    print(f"deploy/up: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> None:
    """Exit with a message."""
    say(message)
    sys.exit(1)


@contextlib.contextmanager
def _only_run() -> Iterator[None]:
    """Wait until no other run works on the environment."""
    with open(LOCK_OF_RUN, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wanted() -> str:
    """Return the stamp of a complete environment."""
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes() + str(ROOT).encode()).hexdigest()
    return f"{digest}\n"


def _is_whole() -> bool:
    """Whether the stamp matches and the interpreter still works."""
    try:
        return STAMP.read_text(encoding="ascii") == _wanted() and _works()
    except OSError:
        return False


def _works() -> bool:
    """Whether the environment's interpreter runs and is new enough; an upgrade of the system may have removed it."""
    with contextlib.suppress(OSError):
        asked = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
        return subprocess.run([PYTHON, "-c", asked], check=False).returncode == 0
    return False


def _make() -> None:
    """Make a new, empty environment, keeping only this run's lock."""
    for old in ENVIRONMENT.iterdir():
        if old != LOCK_OF_RUN:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    if shutil.which("uv"):
        _run("uv", "venv", "--quiet", "--allow-existing", "--no-project", "--python", sys.executable, str(ENVIRONMENT))
    elif subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=False).returncode:
        fail("Python's venv module does not work here; on Debian and Ubuntu: apt install python3-venv")


def _install() -> None:
    """Install what the lock file names, each file checked against its hash, nothing built from source.

    Other packages in the environment, such as a developer's tools, stay.
    """
    if shutil.which("uv"):
        options = ("--quiet", "--require-hashes", "--only-binary", ":all:", "--python", str(PYTHON))
        _run("uv", "pip", "install", *options, "-r", str(LOCK))
    else:
        options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "--no-deps")
        if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            _run(str(PYTHON), "-m", "ensurepip")  # uv made this environment and is gone
        _run(str(PYTHON), "-m", "pip", "install", *options, "-r", str(LOCK))


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        fail(f"`{' '.join(command[:3])} ...` failed; its output is above. Run deploy/up again once that is fixed.")


def _link_project() -> None:
    """Make the clone's code importable and `inkling` a command, without a build."""
    asked = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "inkling-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = ENVIRONMENT / "bin" / "inkling"
    script.write_text(SCRIPT.format(python=shlex.quote(str(PYTHON))), encoding="utf-8")
    script.chmod(0o755)


def _check_imports() -> None:
    """Import the package that needs a system library, so that a missing one is reported here, in plain words."""
    tried = subprocess.run([str(PYTHON), "-c", "import implicit"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return
    if "libgomp" in tried.stderr:
        fail("libgomp.so.1 is missing; on Debian and Ubuntu: apt install libgomp1, on Fedora: dnf install libgomp")
    fail(f"the environment does not work: {tried.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
    # -P: a `server` folder in the working directory must not be imported.
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "server", *sys.argv[1:]])  # noqa: S606
