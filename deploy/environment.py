"""Makes the clone's own Python environment, `.venv`, from the lock file, then becomes `inkling` in it.

The standard library alone.

Safe to run twice at once, and again after it was cut short: a stamp says that the environment is whole and for which
lock file and which Python it was made.
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
ALONE = ENVIRONMENT / "inkling-lock"  # not `.lock`, which is uv's
PYTHON = ENVIRONMENT / "bin" / "python"
# Both a shell's program and Python's: a `#!` line takes no path with a space, nor a long one.
SCRIPT = """#!/bin/sh
'''exec' {python} "$0" "$@"
' '''
import sys

from server.commands import main

sys.exit(main(prog_name="inkling"))
"""
UNUSABLE = re.compile(r"[\x00-\x1f\x7f:\ud800-\udfff]|[ \t]$")  # what neither PATH nor a .pth file can hold


def main() -> None:
    """Make the environment unless it is there and whole."""
    if UNUSABLE.search(str(ROOT)):
        fail(f"{str(ROOT)!r} has a colon, a control character or a space at its end; move this clone to another path")
    ENVIRONMENT.mkdir(exist_ok=True)
    with _alone():
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
    """Tell the person who started this."""
    print(f"deploy/up: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> None:
    """End with a plain sentence."""
    say(message)
    sys.exit(1)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other run works on the environment."""
    with open(ALONE, "a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _wanted() -> str:
    """Return what the stamp of a whole environment says."""
    made_of = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes() + str(ROOT).encode()).hexdigest()
    return f"{made_of}\n"


def _is_whole() -> bool:
    """Whether the stamp fits and the interpreter is still there."""
    try:
        return STAMP.read_text(encoding="ascii") == _wanted() and _works()
    except OSError:
        return False


def _works() -> bool:
    """Whether an interpreter of its own, new enough, is there: a system's upgrade may have taken it away."""
    with contextlib.suppress(OSError):
        asked = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
        return subprocess.run([PYTHON, "-c", asked], check=False).returncode == 0
    return False


def _make() -> None:
    """Make a new, empty environment, keeping only the lock that this run holds."""
    for old in ENVIRONMENT.iterdir():
        if old != ALONE:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    if shutil.which("uv"):
        _run("uv", "venv", "--quiet", "--allow-existing", "--no-project", "--python", sys.executable, str(ENVIRONMENT))
    elif subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=False).returncode:
        fail("Python's venv module does not work here; on Debian and Ubuntu: apt install python3-venv")


def _install() -> None:
    """Install what the lock file names, each file checked against its hash, nothing built from source.

    What else is in the environment stays: a developer's tools live there too.
    """
    if shutil.which("uv"):
        options = ("--quiet", "--require-hashes", "--only-binary", ":all:", "--python", str(PYTHON))
        _run("uv", "pip", "install", *options, "-r", str(LOCK))
    else:
        options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:", "--no-deps")
        if subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
            _run(str(PYTHON), "-m", "ensurepip")  # uv made this environment, and has gone since
        _run(str(PYTHON), "-m", "pip", "install", *options, "-r", str(LOCK))


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        fail(f"`{' '.join(command[:3])} ...` failed; what it said is above. Run deploy/up again once that is mended.")


def _link_project() -> None:
    """Make the clone's own code importable, and `inkling` a command, without building anything."""
    asked = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "inkling-checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    script = ENVIRONMENT / "bin" / "inkling"
    script.write_text(SCRIPT.format(python=shlex.quote(str(PYTHON))), encoding="utf-8")
    script.chmod(0o755)


def _check_imports() -> None:
    """Import what needs a library of the system's, so that its lack is said here and in plain words."""
    tried = subprocess.run([str(PYTHON), "-c", "import implicit"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return
    if "libgomp" in tried.stderr:
        fail("libgomp.so.1 is missing; on Debian and Ubuntu: apt install libgomp1, on Fedora: dnf install libgomp")
    fail(f"the environment does not work: {tried.stderr.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
    # -P: whatever `server` folder lies where this was started from is not ours.
    os.execv(PYTHON, [str(PYTHON), "-P", "-m", "server", *sys.argv[1:]])  # noqa: S606
