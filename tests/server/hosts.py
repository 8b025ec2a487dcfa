"""Several hosts on one machine, each a network namespace, on one bridge: what one of them loses, the others keep."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

PROGRAM = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")


def why_not() -> str | None:
    """Return why this machine cannot have hosts of its own, or None if it can."""
    if PROGRAM is None:
        return "no `ip` on this machine (Debian: iproute2)"
    if os.geteuid() != 0:
        return "network namespaces take root"
    name = f"ink-try-{os.getpid()}"
    tried = subprocess.run([PROGRAM, "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"this machine allows no network namespaces: {tried.stderr.strip()}"
    ip("netns", "del", name)
    return None


def ip(*arguments: str) -> None:
    subprocess.run([str(PROGRAM), *arguments], check=True, capture_output=True, text=True)


class Host:
    """One host: an address of its own, and processes that see no other network."""

    def __init__(self, name: str, address: str, bridge: str) -> None:
        self.name, self.address, self.link = name, address, f"v{name}"
        self.processes: list[subprocess.Popen[bytes]] = []
        ip("netns", "add", name)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", self.link, "master", bridge, "up")
        ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", name, "link", "set", device, "up")

    def inside(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` on this host."""
        return [str(PROGRAM), "netns", "exec", self.name, *command]

    def start(self, command: Sequence[str], env: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self.inside(command), env=env, stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)
        return process

    def unplug(self) -> None:
        """Let what is sent to it vanish, as after a power cut: nobody is refused, nobody is answered."""
        ip("link", "set", self.link, "down")

    def plug_in(self) -> None:
        ip("link", "set", self.link, "up")

    def kill(self) -> None:
        """End all that runs on it, at once."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self.processes.clear()


@contextmanager
def running(count: int) -> Iterator[list[Host]]:
    """Give `count` hosts on a new bridge, which this machine is on too."""
    number = os.getpid()
    bridge, network = f"inkbr{number}", f"10.87.{number % 250 + 1}"
    ip("link", "add", bridge, "type", "bridge")
    hosts: list[Host] = []
    try:
        ip("addr", "add", f"{network}.1/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        hosts += [Host(f"ink{number}-{at}", f"{network}.{at + 2}", bridge) for at in range(count)]
        yield hosts
    finally:
        for host in hosts:
            host.kill()
            ip("netns", "del", host.name)
        ip("link", "del", bridge)


def free_folder(parent: Path, name: str) -> Path:
    """Make a folder that processes of another user may enter and write to."""
    folder = parent / name
    folder.mkdir()
    folder.chmod(0o777)
    return folder
