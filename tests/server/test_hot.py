"""Rate limits: the same answers from a real Valkey and from one process's memory, and never an error."""

from __future__ import annotations

import threading
import time

import pytest

from server.config import Settings
from server.hot import PAUSE, SWEEP, Hot
from tests.server.valkey_process import running_valkey


@pytest.fixture(scope="module")
def server():
    with running_valkey() as found:
        yield found


def settings_for(home, redis_url=None, **environ):
    return Settings.from_environment({"INKLING_HOME": str(home), **environ}, redis_url=redis_url)


@pytest.fixture(params=["alone", "shared"])
def hot(request, tmp_path):
    url = request.getfixturevalue("server").url if request.param == "shared" else None
    found = Hot(settings_for(tmp_path, url))
    yield found
    found.close()


def test_a_rule_allows_so_many_and_then_says_how_long_to_wait(hot):
    answers = [hot.limit("reader:1", "3/minute") for _ in range(4)]
    assert answers[:3] == [None, None, None]
    assert 1 <= answers[3] <= 60
    assert hot.limit("reader:2", "3/minute") is None


def test_no_count_starts_a_thread(tmp_path, monkeypatch):
    hot = Hot(settings_for(tmp_path))
    started = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    for number in range(50):
        hot.limit(f"reader:{number % 7}", "30/minute")
        time.sleep(0.001)
    assert started == []


def test_what_expired_is_forgotten_and_the_rest_still_counts(tmp_path, monkeypatch):
    hot, now = Hot(settings_for(tmp_path)), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    for number in range(200):
        hot.limit(f"address:{number}", "5/minute")
    assert hot.limit("reader", "1/hour") is None
    counts = hot._local_limiter.storage
    assert len(counts.storage) == len(counts.expirations) == 201
    now += 3 * SWEEP
    assert hot.limit("reader", "1/hour") is not None
    assert hot.limit("another", "5/minute") is None
    assert len(counts.storage) == len(counts.expirations) == 2
    assert len(counts.locks) <= 2


def test_load_tests_can_switch_limits_off(tmp_path):
    hot = Hot(settings_for(tmp_path, INKLING_RATE_LIMIT="off"))
    assert {hot.limit("one", "1/minute") for _ in range(5)} == {None}


def test_two_processes_share_what_is_in_valkey(server, tmp_path):
    settings = settings_for(tmp_path, server.url)
    one, two = Hot(settings), Hot(settings)
    one.limit("shared", "1/minute")
    assert two.limit("shared", "1/minute") is not None
    one.close()
    two.close()


def test_two_homes_on_one_valkey_do_not_meet(server, tmp_path):
    one, two = (Hot(settings_for(tmp_path / name, server.url)) for name in ("a", "b"))
    assert one.limit("reader", "1/minute") is None
    assert two.limit("reader", "1/minute") is None
    one.close()
    two.close()


def test_everything_goes_on_while_valkey_is_away_and_after_it_is_back(tmp_path, monkeypatch):
    with running_valkey() as server:
        hot = Hot(settings_for(tmp_path, server.url))
        assert hot.available
        server.kill()
        assert hot.limit("reader", "2/minute") is None
        assert not hot.available
        assert hot.failures >= 1
        server.start()
        monkeypatch.setattr("server.hot.PAUSE", 0.0)
        hot._retry_at = time.monotonic() - PAUSE
        assert hot.available
        hot.close()


def test_an_outage_does_not_slow_every_call(tmp_path):
    hot = Hot(settings_for(tmp_path, "redis://192.0.2.1:6379"))  # an address that never answers
    hot.limit("one", "5/minute")
    began = time.monotonic()
    for _ in range(50):
        hot.limit("one", "100/minute")
    assert time.monotonic() - began < 0.5
