"""The polite client: paced, patient, bounded, and stopped when told to."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from server.errors import SourceUnavailable
from server.sources import http
from server.sources.http import Client, Source, Stopped, retry_after
from tests.server.sources.listing_server import status

OK = status(200, b"fine")


@pytest.fixture
def make(settings, source):
    """Give a maker of clients, which are closed afterwards."""
    made = []

    def make(settings=settings, url=source.url, pace=0.0, **more):
        made.append(Client(Source("the source", url, pace), settings, **more))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make):
    return make()


def test_says_who_asks_and_whom_to_write_to(client, source):
    source.script = [OK]
    assert client.get("/x", {"a": 1}) == b"fine"
    assert source.asked == [("/x", {"a": "1"})]
    (agent,) = source.agents
    assert agent.startswith("Inkling/")
    assert "operator@example.org" in agent


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_passing_trouble_is_waited_out(client, source, code):
    source.script = [status(code), status(code), OK]
    assert client.get("/x", {}) == b"fine"
    assert source.times[2] - source.times[0] > 0.05


def test_retry_after_is_heeded(client, source):
    source.script = [status(429, Retry_After="1"), OK]
    assert client.get("/x", {}) == b"fine"
    assert source.times[1] - source.times[0] >= 1


def test_an_exhausted_rate_limit_is_waited_for(client, source):
    source.script = [status(200, b"fine", RateLimit='"api";r=0;t=1'), OK]
    client.get("/x", {})
    client.get("/x", {})
    assert source.times[1] - source.times[0] >= 1


def test_a_wait_that_is_too_long_is_not_waited(client, source):
    source.script = [status(503, Retry_After="86400")]
    with pytest.raises(SourceUnavailable, match="status 503"):
        client.get("/x", {})
    assert len(source.asked) == 1


def test_gives_up_after_a_few_attempts(client, source):
    source.script = [status(500)] * 9
    with pytest.raises(SourceUnavailable, match="the source does not answer /x: status 500"):
        client.get("/x", {})
    assert len(source.asked) == http.ATTEMPTS


@pytest.mark.parametrize("code", [301, 400, 401, 403, 404])
def test_lasting_trouble_is_told_at_once(client, source, code):
    source.script = [status(code)] * 2
    with pytest.raises(SourceUnavailable, match=str(code)):
        client.get("/x", {})
    assert len(source.asked) == 1


def test_a_source_that_is_down_is_a_plain_error(make):
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        make(url="http://127.0.0.1:9").get("/x", {})


def test_a_slow_answer_is_tried_again(client, source):
    client._http.timeout = httpx.Timeout(0.2)
    source.script = [lambda: time.sleep(0.6) or OK(), OK]
    assert client.get("/x", {}) == b"fine"


def test_an_endless_answer_is_cut_off(client, source, monkeypatch):
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    source.script = [status(200, bytes(5000))]
    with pytest.raises(SourceUnavailable, match="too much"):
        client.get("/x", {})


def test_an_answer_that_trickles_is_cut_off(client, source, monkeypatch):
    monkeypatch.setattr(http, "SLOWEST_ANSWER", -1.0)
    source.script = [OK]
    with pytest.raises(SourceUnavailable, match="too slowly"):
        client.get("/x", {})


def test_requests_are_paced(make, source):
    client = make(pace=0.15)
    source.script = [OK] * 3
    began = time.monotonic()
    for _ in range(3):
        client.get("/x", {})
    assert time.monotonic() - began >= 0.3


def test_offline_asks_nobody(make, settings, source):
    client = make(replace(settings, offline=True))
    with pytest.raises(SourceUnavailable, match="INKLING_OFFLINE") as caught:
        client.get("/x", {})
    assert caught.value.code == "offline"
    assert source.asked == []


def test_a_wait_ends_when_we_are_told_to(make, source):
    stop = threading.Event()
    client = make(stop=stop)
    source.script = [status(429, Retry_After="60")]
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        client.get("/x", {})
    assert time.monotonic() - began < 10


def test_retry_after_may_be_a_date_or_nonsense():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < retry_after({"Retry-After": later}) <= 90
    assert retry_after({"Retry-After": "soon"}) == 0
    assert retry_after({}) == 0
