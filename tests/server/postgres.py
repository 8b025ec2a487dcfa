"""A real PostgreSQL for the tests: started once a session on a unix socket in a folder of its own, ended with it."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


def find_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine, or None."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in _PLACES:
        found += sorted(map(Path, glob.glob(place)), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[str]:
    """Yield the address of an empty server without a port; PostgreSQL refuses root, so root lends it another user.

    Unless `durable`, its data is not safe from a crash: it is thrown away with it, and what the code asks for
    (synchronous_commit) is looked at, not timed.
    """
    binaries = find_binaries()
    assert binaries is not None
    # A short folder: a unix socket's path has about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="inkling-pg-", dir="/tmp"))
    user = ordinary_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    run_as = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    try:
        subprocess.run(
            [
                binaries / "initdb",
                "-D",
                folder / "data",
                "-U",
                "inkling",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **run_as,
        )
        command = [
            binaries / "postgres",
            "-D",
            folder / "data",
            "-k",
            folder,
            "-c",
            "listen_addresses=",
            "-c",
            "shared_buffers=32MB",
            "-c",
            f"fsync={'on' if durable else 'off'}",
        ]
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **run_as)
        try:
            _wait_until_ready(folder, server)
            yield f"postgresql+psycopg://inkling@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ordinary_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            psycopg.connect(host=str(folder), user="inkling", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text())
