"""A disk that fills under a running Inkling, and has room again: a real file system, seen by these processes alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.inkling_process import Up, call, pair, until

SIZE = "24m"
_MOUNT = f'mount -t tmpfs -o size={SIZE},mode=700 tmpfs "$0" && exec "$@"'
_LOGGING_THERE = _MOUNT + ' >"$0/up.log" 2>&1'


def _can_mount() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _can_mount(), reason="only root on Linux can mount a small file system of its own"),
]


class SmallDisk(Up):
    """`inkling up` whose home is on a small disk, mounted where only it and its children see it."""

    def __init__(self, home: Path, mount: str = _MOUNT, **environ: str) -> None:
        home.mkdir()
        super().__init__(home, before=["unshare", "-m", "sh", "-c", mount, str(home)], **environ)

    @property
    def inside(self) -> Path:
        return Path(f"/proc/{self.process.pid}/root{self.home}")

    def fill(self) -> None:
        """Write until not a byte more fits."""
        with open(self.inside / "filler", "ab", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def free(self) -> None:
        (self.inside / "filler").unlink()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[SmallDisk]:
    # Two workers, who share what they count through the disk.
    with SmallDisk(tmp_path / "home", INKLING_WORKERS="2") as found:
        yield found


def log(up: SmallDisk, token: str, papers: int = 30) -> tuple[int, Any, list[str]]:
    """Log a batch; return status, answer and the events' ids."""
    events = [
        {"id": str(uuid.uuid4()), "kind": "open", "paper": f"2401.{at:05d}", "at": "2026-11-20T08:15:00Z"}
        for at in range(papers)
    ]
    status, body = call(up.url, "/v1/events", {"events": events}, token)
    return status, body, [event["id"] for event in events]


def logged(up: SmallDisk, token: str) -> set[str]:
    status, body = call(up.url, "/v1/me/export", token=token)
    assert status == 200, body
    return {event["id"] for event in body["events"]}


def counted(up: SmallDisk) -> float:
    status, text = call(up.url, "/metrics")
    assert status == 200
    return sum(float(value) for value in re.findall(r'inkling_events_total\{.*"accepted"\} ([0-9.e+]+)', text))


def read_everything(up: SmallDisk, token: str) -> None:
    card = {"id": "2401.00009", "title": "A title not seen before", "abstract": str(uuid.uuid4())}
    assert call(up.url, "/healthz")[0] == 200
    assert call(up.url, "/readyz")[0] == 200
    assert call(up.url, "/v1/me", token=token)[0] == 200
    assert call(up.url, "/v1/me/events", token=token)[0] == 200
    assert call(up.url, "/v1/library", token=token)[0] == 200
    assert call(up.url, "/v1/recommendations", token=token)[0] == 200
    assert call(up.url, "/v1/rank", {"papers": [card], "limit": 5}, token)[0] == 200
    assert until(lambda: counted(up) > 0, 10)  # by whichever worker counted, or has read what the other did


def test_a_full_disk_refuses_writing_alone_and_nothing_is_lost(up: SmallDisk) -> None:
    token = pair(up.url)
    acknowledged: set[str] = set()

    def write() -> int:
        status, body, ids = log(up, token)
        if status == 200:
            acknowledged.update(ids)
        else:
            assert status == 503, body
            assert body["error"]["code"] == "disk_full", body
            assert "disk" in body["error"]["message"]
        return status

    assert write() == 200
    # Whichever worker is asked: each has what the other counted from the disk, a moment later.
    assert until(lambda: all(counted(up) > 0 for _ in range(8)), 20), "nothing is counted"
    up.fill()
    assert until(lambda: write() == 503, 60), "the disk is not full"
    read_everything(up, token)
    assert "MB left" in call(up.url, "/readyz")[1]["checks"]["disk"]["reason"]

    # What ends while the disk is full is started again, though its number cannot be noted anywhere.
    supervisor, api = up.process.pid, up.children()["API"]
    os.kill(api, signal.SIGKILL)

    def serves() -> bool:
        try:
            return call(up.url, "/v1/me", token=token)[0] == 200
        except OSError:
            return False

    assert until(lambda: not serves(), 20)
    assert until(serves, 60)
    assert write() == 503
    assert logged(up, token) == acknowledged

    up.free()
    assert until(lambda: write() == 200, 30)
    read_everything(up, token)
    assert logged(up, token) == acknowledged
    assert up.process.pid == supervisor
    assert until(lambda: up.children().get("API", api) != api, 10)
    state = json.loads((up.inside / "run" / "state.json").read_text())
    assert state["pid"] == supervisor
    told = up.log.read_text()
    assert "signal 7" not in told  # SIGBUS
    assert "Traceback" not in told


def test_a_log_on_the_full_disk_ends_nothing(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "home", _LOGGING_THERE) as up:
        token = pair(up.url)
        assert log(up, token)[0] == 200
        up.fill()
        assert until(lambda: log(up, token)[0] == 503, 60)
        read_everything(up, token)
        assert up.end() == 0
