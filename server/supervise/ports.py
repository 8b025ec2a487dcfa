"""Whether a port is free, and if not, which process holds it."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from pathlib import Path

from server.characters import one_line

LISTENING = "0A"  # the state column of /proc/net/tcp


class PortTaken(Exception):
    """Another program listens on the port; the text says which, as far as this user may see."""


class BindFailed(Exception):
    """The address cannot be bound; the text names the setting and the fix."""


def check_port(host: str, port: int) -> int:
    """Return the port to use: `port` itself, or a free one when it is 0.

    Raises PortTaken or BindFailed. SO_REUSEPORT stays off for this check: the workers set it, and with it a second
    server would silently take half of the requests.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise BindFailed(f"INKLING_HOST: {host!r} is no address of this machine; use 127.0.0.1 or 0.0.0.0") from error
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(address)
            trial.listen()
        except OSError as error:
            raise _explain(error, host, port) from error
        return int(trial.getsockname()[1])


def _explain(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(f"port {port} is taken by {describe_holder(port)}; end it, or choose another port with --port")
    if error.errno == errno.EACCES:
        return BindFailed(f"INKLING_PORT: this user may not use port {port}; choose one above 1023")
    return BindFailed(f"INKLING_HOST: cannot listen on {host} ({error.strerror}); use an address of this machine")


def describe_holder(port: int) -> str:
    """Return a description of the process that listens on `port`."""
    pid = _holder_by_proc(port) if Path("/proc/net/tcp").exists() else _holder_by_lsof(port)
    if pid is None:
        return "a process of another user"
    return f"process {pid} ({_command_line(pid)})"


def _holder_by_proc(port: int) -> int | None:
    inodes = {row[9] for row in _socket_rows() if row[3] == LISTENING and int(row[1].rsplit(":", 1)[1], 16) == port}
    links = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and links & _open_sockets(process):
            return int(process.name)
    return None


def _socket_rows() -> list[list[str]]:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    return [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]


def _open_sockets(process: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            found.add(os.readlink(descriptor))
    except OSError:  # the process has ended, or is another user's
        pass
    return found


def _holder_by_lsof(port: int) -> int | None:
    if not shutil.which("lsof"):
        return None
    command = ["lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return int(lines[0]) if lines else None


def _command_line(pid: int) -> str:
    command = ["ps", "-o", "args=", "-p", str(pid)]
    proc = Path(f"/proc/{pid}/cmdline")
    try:
        text = proc.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip() if proc.exists() else ""
    except OSError:
        text = ""
    if not text and shutil.which("ps"):
        text = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return one_line(text)[:120] or "unknown"
