"""What every end-to-end test stands on: stand-in pages, a real server with real Valkey, real browsers."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e import chromium, firefox
from tests.e2e.chromium import Chromium
from tests.e2e.tabs import ChromiumTab, FirefoxTab, Tab
from tests.pages.server import PagesServer
from tests.server.inkling_process import Up, call, pair, run

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


@pytest.fixture(scope="session")
def pages() -> Iterator[PagesServer]:
    server = PagesServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if chromium.executable() is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS


class Server:
    """A home and what runs on it; `token` is its first reader's."""

    def __init__(self, home: Path, pages: PagesServer) -> None:
        self.home, self.port, self._pages = home, free_port(), pages
        self.environ = {"INKLING_OFFLINE": "off", "INKLING_HF_URL": pages.api_url, "INKLING_ARXIV_URL": pages.api_url}
        self.up = self.start()
        self.token = pair(self.url)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Up:
        self.up = Up(self.home, "--port", str(self.port), **self.environ)
        return self.up

    def kill(self) -> None:
        """Kill all its processes at once, as a power cut would."""
        self.up.kill_group()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Answer nothing for a while, and then all that was asked."""
        os.killpg(self.up.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.up.process.pid, signal.SIGCONT)

    def train(self) -> None:
        """Train now; where the server's own schedule is at it, after that."""
        deadline = time.monotonic() + 120
        while (done := run("train", home=self.home, **self.environ)).returncode:
            busy = "nother training" in done.stderr + done.stdout
            assert busy, done.stderr
            assert time.monotonic() < deadline, done.stderr
            time.sleep(1)

    def ingest(self, days: int = 3, today: str | None = None) -> None:
        """Take in the listing of some days up to `today`, where the pages have a day of their own."""
        if today:
            days += (datetime.now(UTC).date() - date.fromisoformat(today)).days
        done = run("ingest", "hf", "--days", str(days), home=self.home, **self.environ)
        assert done.returncode == 0, done.stderr

    def ask(self, path: str, body: Any = None) -> Any:
        status, answer = call(self.url, path, body, self.token)
        assert status < 300, answer
        return answer

    def similar(self, paper: str) -> list[str]:
        """Return the ids of the papers most like one, as many as the extension shows."""
        return [one["paper"]["id"] for one in self.ask(f"/v1/papers/{paper}/similar?limit=8")["items"]]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=20) as answer:
            return str(answer.read().decode())

    def events(self) -> list[dict[str, Any]]:
        """Return all that is logged, oldest first."""
        items, cursor = [], ""
        while True:
            answer = self.ask(f"/v1/me/events?limit=100{cursor}")
            items += answer["items"]
            if not answer["next"]:
                return items[::-1]
            cursor = f"&cursor={answer['next']}"

    def acts(self) -> list[tuple[str, str]]:
        """Return what the reader did, without what they were only shown."""
        return [(one["kind"], one["paper"]) for one in self.events() if one["kind"] != "impression"]

    def end(self) -> None:
        self.up.end()


@pytest.fixture
def server(tmp_path: Path, pages: PagesServer) -> Iterator[Server]:
    running = Server(tmp_path / "home", pages)
    yield running
    running.end()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory, pages: PagesServer) -> Iterator[Server]:
    """One server for all tests of a file."""
    running = Server(tmp_path_factory.mktemp("server") / "home", pages)
    yield running
    running.end()


@contextmanager
def tab_of(
    name: str, request: pytest.FixtureRequest, profile: Path, pages: PagesServer, **options: Any
) -> Iterator[Tab]:
    """Start a browser with one tab."""
    if name == "chromium":
        with_extension = Chromium(request.getfixturevalue("playwright"), profile, pages.https_port, **options)
        yield ChromiumTab(with_extension)
        with_extension.close()
        return
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    running = firefox.Firefox(profile, pages.https_port, **options)
    yield FirefoxTab(running)
    running.close()


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def any_tab(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pages: PagesServer
) -> Iterator[Tab]:
    """A tab of each browser in turn, one browser for all tests of a file."""
    with tab_of(request.param, request, tmp_path_factory.mktemp(request.param) / "profile", pages) as tab:
        yield tab


@pytest.fixture(scope="module")
def plain_tab(
    request: pytest.FixtureRequest, any_tab: Tab, tmp_path_factory: pytest.TempPathFactory, pages: PagesServer
) -> Iterator[Tab]:
    """A tab of the same browser without the extension."""
    profile = tmp_path_factory.mktemp(f"plain-{any_tab.name}") / "profile"
    with tab_of(any_tab.name, request, profile, pages, extension=None) as tab:
        yield tab


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(found: Callable[[], Any], wanted: Any, seconds: float = 20) -> None:
    """Wait until a function answers what is wanted; fail with what it last answered.

    What is looked for in the extension's storage may not be written yet: that it, or a part of it, is missing is an
    answer like any other.
    """

    def answer() -> Any:
        try:
            return found()
        except (KeyError, TypeError) as missing:  # a part of it, or all
            return missing

    deadline = time.monotonic() + seconds
    while (now := answer()) != wanted:
        assert time.monotonic() < deadline, f"still {now!r}, wanted {wanted!r}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def installed_firefox(pages: PagesServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[firefox.Firefox]:
    """One Firefox for all tests of a file, with the packed extension installed to stay."""
    if firefox.executable() is None:
        pytest.skip("no Firefox on this machine (Debian: apt-get install firefox-esr)")
    folder = tmp_path_factory.mktemp("firefox")
    browser = firefox.Firefox(folder / "profile", pages.https_port, extension=firefox.packed(folder))
    yield browser
    browser.close()


@pytest.fixture
def clean_firefox(installed_firefox: firefox.Firefox, pages: PagesServer) -> firefox.Firefox:
    """The one Firefox, as it is right after the installation."""
    pages.set()
    installed_firefox.wipe()
    return installed_firefox
