"""A public service: two hosts behind a real nginx, one PostgreSQL, one Valkey, models in a shared folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest

from server.demo.paper_generator import generate_papers
from server.supervise import valkey
from tests.server import hosts, nginx, postgres
from tests.server.inkling_process import call, inkling, pair_with, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="hosts are network namespaces"),
    pytest.mark.skipif(nginx.PROGRAM is None, reason=nginx.MISSING),
    pytest.mark.skipif(postgres.find_binaries() is None, reason="no PostgreSQL server binary on this machine"),
    pytest.mark.timeout(300),
]
PORT, PAPERS, CLIENTS = 8765, 60, 3
# As the manual says: a host that does not answer is left out, and what it was asked is asked of the next.
UPSTREAMS = (
    "upstream inkling {{ {servers} }} proxy_next_upstream error timeout non_idempotent; proxy_next_upstream_tries 2;"
)
LINES = ("proxy_connect_timeout 1s;", "proxy_set_header Host $http_host;")


class Service:
    """The hosts and what they share."""

    def __init__(self, folder: Path, web: list[hosts.Host], data: hosts.Host, log: IO[bytes]) -> None:
        self.folder, self.web, self.data, self.log = folder, web, data, log
        self.models = hosts.free_folder(folder, "models")
        self.postgres = hosts.free_folder(folder, "postgres")
        self.database = f"host={data.address} user=inkling dbname=postgres"
        self.homes = [folder / f"home{at}" for at in range(len(web))]
        for home in self.homes:
            home.mkdir(mode=0o700)
            (home / "models").symlink_to(self.models)

    def environ(self, at: int) -> dict[str, str]:
        return {
            "INKLING_DATABASE_URL": f"postgresql+psycopg://inkling@{self.data.address}/postgres",
            "INKLING_REDIS_URL": f"redis://{self.data.address}:6379",
            "INKLING_SECRET_KEY": "the same on both hosts",
            "INKLING_TRUSTED_PROXIES": "1",
            "INKLING_WORKERS": "1",
            "INKLING_RATE_LIMIT": "off",
            "INKLING_CONFIRM_PAGE_TEXT": "off",
            "INKLING_REGISTRATION": "closed",
        }

    def start_database(self) -> None:
        """Start PostgreSQL on the data host, and make its files the first time."""
        binaries, user = postgres.find_binaries(), postgres.ordinary_user()
        assert binaries
        assert user
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        files = self.postgres / "data"
        if not files.exists():
            made = [*as_user, str(binaries / "initdb"), "-D", str(files), "-U", "inkling", "--auth=trust", "-E", "UTF8"]
            subprocess.run(made, check=True, capture_output=True, cwd=self.postgres)
            with open(files / "pg_hba.conf", "a") as rules:
                rules.write("host all all 10.87.0.0/16 trust\n")
        options = ("-c", f"listen_addresses={self.data.address}", "-k", str(self.postgres), "-c", "shared_buffers=32MB")
        command = [*as_user, str(binaries / "postgres"), "-D", str(files), *options]
        self.database_process = self.data.start(command, dict(os.environ), self.log)

        def answers() -> bool:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.database, connect_timeout=1).close()
                return True
            return False

        assert until(answers, 60), (self.folder / "log").read_text()[-2000:]

    def start_valkey(self) -> None:
        program = valkey.find_server()
        assert program
        options = ("--bind", self.data.address, "--protected-mode", "no", "--port", "6379", "--save", "")
        self.data.start([program, *options, "--dir", str(self.folder)], dict(os.environ), self.log)

    def command(self, at: int, *arguments: str) -> dict[str, Any]:
        """Run a command on a web host."""
        argv, keywords = inkling(*arguments, home=self.homes[at], **self.environ(at))
        done = subprocess.run(
            self.web[at].inside(argv), **keywords, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout) if "--json" in arguments else {}

    def start_web(self, at: int) -> None:
        host = self.web[at]
        argv, keywords = inkling(
            "serve", "--host", host.address, "--port", str(PORT), home=self.homes[at], **self.environ(at)
        )
        host.start(argv, keywords["env"], self.log)
        assert until(lambda: is_ready(self.url(at)), 60), (self.folder / "log").read_text()[-2000:]

    def url(self, at: int) -> str:
        return f"http://{self.web[at].address}:{PORT}"


def is_ready(url: str) -> bool:
    with suppress(OSError, ValueError):
        return call(url, "/readyz")[0] == 200
    return False


class Clients:
    """Readers' browsers that go on through all of it, as the extension does: what is not acknowledged is sent again."""

    def __init__(self, url: str, tokens: list[str], papers: list[str]) -> None:
        self.url, self.tokens, self.papers = url, tokens, papers
        self.acknowledged: list[str] = []
        self.statuses: list[tuple[float, int]] = []
        self.models: set[str | None] = set()
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go, args=(token,)) for token in tokens]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _go(self, token: str) -> None:
        at = 0
        while not self._stop.is_set():
            at += 1
            event = {"id": str(uuid.uuid4()), "kind": "open", "paper": self.papers[at % len(self.papers)]}
            self._log({**event, "at": "2026-11-20T08:15:00Z"}, token)
            status, body = self._ask("/v1/recommendations?limit=5", None, token)
            if status == 200:
                self.models.add(body["model"])
                opened = self.papers[at % len(self.papers)]
                if opened in [item["paper"]["id"] for item in body["items"]]:
                    self.wrong.append(f"{opened} is recommended after it was opened")

    def _log(self, event: dict[str, str], token: str) -> None:
        while True:
            status, body = self._ask("/v1/events", {"events": [event]}, token)
            if status == 200:
                if body["results"][0]["status"] not in {"accepted", "duplicate"}:
                    self.wrong.append(str(body))
                self.acknowledged.append(event["id"])
                return
            if self._stop.is_set():
                return
            time.sleep(0.2)

    def _ask(self, path: str, body: Any, token: str) -> tuple[int, Any]:
        try:
            status, answer = call(self.url, path, body, token)
        except (OSError, ValueError) as error:  # nginx's own pages are no JSON
            status, answer = 0, str(error)
        self.statuses.append((time.monotonic(), status))
        if status not in {0, 200, 503}:
            self.wrong.append(f"{path}: {status} {answer}")
        return status, answer

    def fine(self, seconds: float) -> bool:
        """Wait for so many seconds without a failure, and with answers; at most a minute."""

        def quiet() -> bool:
            since = time.monotonic() - seconds
            latest = [status for at, status in self.statuses if at >= since]
            return bool(latest) and set(latest) == {200} and began < since

        began = time.monotonic()
        return until(quiet, 60)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that PostgreSQL's user gets into; pytest's are for one user alone."""
    with tempfile.TemporaryDirectory(prefix="ink-hosts-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def service(folder: Path) -> Iterator[tuple[Service, str]]:
    reason = hosts.why_not()
    if reason:
        pytest.skip(reason)
    with open(folder / "log", "ab") as log, hosts.running(3) as (one, other, data):
        service = Service(folder, [one, other], data, log)
        service.start_database()
        service.start_valkey()
        service.command(0, "migrate")
        for at in (0, 1):
            service.start_web(at)
        servers = " ".join(f"server {host.address}:{PORT} max_fails=1 fail_timeout=3s;" for host in service.web)
        (folder / "nginx").mkdir()
        group = UPSTREAMS.format(servers=servers)
        with nginx.running(folder / "nginx", "http://inkling", *LINES, upstreams=group) as url:
            yield service, url


def test_nothing_is_wrong_or_lost_whatever_is_taken_away(service: tuple[Service, str]) -> None:
    service_, url = service
    tokens = [pair_with(url, service_.command(at % 2, "pair", "--new", "--json")["code"]) for at in range(CLIENTS)]
    written = generate_papers(PAPERS, seed=5, newest=time.time() - 3600, days=20)
    cards = [{"id": paper.id, "title": paper.title, "abstract": paper.abstract} for paper in written]
    assert call(url, "/v1/rank", {"papers": cards, "page": "daily/2026-11-20"}, tokens[0])[0] == 200
    with Clients(url, tokens, [paper.id for paper in written]) as clients:
        assert clients.fine(1)
        lose_a_host(service_, clients)
        publish_a_model(service_, clients)
        restart_the_database(service_, clients)
    assert clients.wrong == []
    with psycopg.connect(service_.database) as connection:
        logged = [row[0] for row in connection.execute("SELECT id FROM events")]
    assert len(logged) == len(set(map(str, logged)))
    assert set(clients.acknowledged) <= set(map(str, logged))
    assert len(clients.acknowledged) > 20 * CLIENTS


def lose_a_host(service: Service, clients: Clients) -> None:
    """Cut the power of one host: the other serves everybody; then it comes back."""
    service.web[0].unplug()
    service.web[0].kill()
    assert clients.fine(4), "one host is not enough"
    service.web[0].plug_in()
    service.start_web(0)
    assert clients.fine(1)


def publish_a_model(service: Service, clients: Clients) -> None:
    """Train on one host: both serve the model, and nobody notices but by the better list."""
    before = len(clients.statuses)
    service.command(1, "train")
    [version] = [folder.name for folder in service.models.iterdir()]

    def served(at: int) -> bool:
        return call(service.url(at), "/v1/recommendations?limit=1", token=clients.tokens[0])[1]["model"] == version

    assert until(lambda: served(0) and served(1), 20)
    assert clients.fine(1)
    assert {status for _, status in clients.statuses[before:]} == {200}
    assert clients.models == {None, version}


def restart_the_database(service: Service, clients: Clients) -> None:
    """Kill PostgreSQL and the cache under load, and start them again."""
    service.data.kill()
    time.sleep(2)
    service.start_database()
    service.start_valkey()
    assert clients.fine(2), "the hosts did not come back after the database"
