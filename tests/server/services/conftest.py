"""No test in here may reach for the network, but for a source that it starts itself."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from server.config import Settings
from server.hot import Hot
from server.services.context import Context
from server.sources.arxiv import Arxiv
from server.sources.huggingface import HuggingFace
from server.tokens import Keys
from tests.server.sources.listing_server import listing_server


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Close Python's sockets."""


@pytest.fixture
def context(settings, database):
    """What a process that serves nothing hands to the use cases."""
    online = replace(settings, offline=False)
    found = Context(settings=online, database=database, hot=Hot(online), keys=Keys(online.secret_key))
    yield found
    found.hot.close()


@pytest.fixture
def source(socket_enabled):
    """A real server that speaks as the sources do, in one."""
    with listing_server() as server:
        yield server


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def asked(tmp_path, source):
    environ = {"INKLING_HOME": str(tmp_path), "INKLING_HF_URL": source.url, "INKLING_ARXIV_URL": source.url}
    return Settings.from_environment(environ)


@pytest.fixture
def listing(asked, stop, monkeypatch):
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.01)
    found = HuggingFace(asked, stop=stop, pace=0.0)
    yield found
    found.close()


@pytest.fixture
def archive(asked, stop, monkeypatch):
    monkeypatch.setattr("server.sources.http.FIRST_WAIT", 0.01)
    found = Arxiv(asked, stop=stop, pace=0.0)
    yield found
    found.close()
