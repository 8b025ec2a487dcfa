"""A real Valkey for tests, on a unix socket of its own."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from server.supervise import valkey


class ValkeyProcess:
    """Starts, stops and kills one server; data does not matter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        program = valkey.find_server()
        assert program, "no Valkey server to test with"
        self.process = subprocess.Popen(valkey.command(program, self.folder, self.socket, self.folder / "log"))
        deadline = time.monotonic() + 10
        try:
            while not valkey.is_answering(self.socket):
                assert time.monotonic() < deadline, "Valkey does not start"
                time.sleep(0.01)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextlib.contextmanager
def running_valkey() -> Iterator[ValkeyProcess]:
    with tempfile.TemporaryDirectory(prefix="ink-") as name:
        server = ValkeyProcess(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.kill()
