"""The application and its references (`application.py`) on granian, and a client that times each request."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.bench import homes
from tests.bench.application import THREADS_VARIABLE
from tests.bench.world import Paper

ROOT = Path(__file__).parents[2]
START_SECONDS = 300


@dataclass(frozen=True)
class Took:
    """Milliseconds of one request: as the client saw it, in the application, and of it in the recommender."""

    wall: float
    server: float
    recommender: float


class Served:
    """A home that is served: one worker of one thread unless told, for requests that are timed alone."""

    def __init__(self, home: Path, *, workers: int = 1, threads: int = 1, **environ: str) -> None:
        self.home, self.workers = home, workers
        clean = {name: value for name, value in os.environ.items() if not name.startswith("INKLING_")}
        open_to_all = {"INKLING_OFFLINE": "on", "INKLING_RATE_LIMIT": "off", "INKLING_REGISTRATION": "open"}
        self.environ = {**clean, "PYTHONPATH": str(ROOT), "INKLING_HOME": str(home), **open_to_all}
        self.environ |= {THREADS_VARIABLE: str(threads), **environ}

    def __enter__(self) -> Served:
        self.port = free_port()
        options = ["--interface", "rsgi", "--port", str(self.port), "--workers", str(self.workers)]
        command = [
            sys.executable,
            "-m",
            "granian",
            *options,
            "--log-level",
            "warning",
            "--factory",
            "tests.bench.application:rsgi",
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=subprocess.DEVNULL)
        self.client = httpx.Client(base_url=self.url, timeout=120)
        self._await()
        self.client.headers["Authorization"] = f"Bearer {self.register()}"
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _await(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.client.get("/readyz").json()["checks"]["model"]["status"] == "ok":
                    return
            except (httpx.HTTPError, KeyError, ValueError):
                pass
            if self.process.poll() is not None:
                raise RuntimeError("the server ended while starting")
            time.sleep(0.1)
        raise RuntimeError("the server did not become ready")

    def register(self) -> str:
        """Return the token of a new reader."""
        return str(self.client.post("/v1/devices", json={"name": "bench"}).json()["token"])

    def post(self, path: str, body: Any) -> Took:
        """Send a body and return what it took; whatever is not 200 is an error."""
        began = time.perf_counter_ns()
        answer = self.client.post(path, json=body)
        took = (time.perf_counter_ns() - began) / 1e6
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        server, recommender = (int(part) / 1e6 for part in answer.headers["X-Spent"].split())
        return Took(took, server, recommender)

    def save(self, papers: list[Paper], token: str | None = None, seed: int = 2) -> None:
        """Let the reader, or the one of a token, save these papers, by events that each `seed` makes anew."""
        batch = homes.batch(papers, random.Random(seed), len(papers))
        saves = [{**event, "kind": "save", "paper": one.id} for event, one in zip(batch, papers, strict=True)]
        headers = {"Authorization": f"Bearer {token}"} if token else None
        answer = self.client.post("/v1/events", json={"events": saves}, headers=headers).raise_for_status()
        if any(result["status"] == "rejected" for result in answer.json()["results"]):
            raise RuntimeError(f"a save was refused: {answer.text[:300]}")


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
