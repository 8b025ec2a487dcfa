"""When the waiting process has something mailed."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import text

from server.services import digest_loop
from server.services.digest_loop import is_due, run
from server.services.digest_periods import period_of
from server.store import digests
from tests.server.conftest import Device
from tests.server.mail_server import morning

DAY = 86400.0


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, morning(patch):
        yield


@pytest.fixture
def settings(settings: Any) -> Any:
    return replace(settings, smtp_url="smtp://127.0.0.1:1", mail_from="inkling@example.org")


@pytest.fixture
def context(app: Any, me: Device) -> Any:
    """Of a server with a reader who wants a digest."""
    found = app.extensions["inkling"]
    wishes = '{"digest": {"email": "a@example.org", "every": "daily", "language": "en"}}'
    with found.database.writing() as session:
        session.execute(text("UPDATE readers SET settings = :wishes"), {"wishes": wishes})
        digests.ask(session, me.reader_id, "a@example.org", 1.0)
        session.execute(text("UPDATE digest_addresses SET link_due_at = NULL, confirmed_at = 1"))
    return found


def became(context: Any, me: Device, status: str, due_at: float) -> None:
    now = context.now()
    with context.database.writing() as session:
        row = digests.claim(session, me.reader_id, period_of("daily", now), now=now, until=due_at, forced=True)
        if status != "claimed":
            assert digests.change(session, row, status, now, due_at=due_at)


def test_a_digest_that_nobody_has_looked_at_is_due(context: Any) -> None:
    assert is_due(context, context.now())


def test_at_night_a_link_is_due_but_no_digest(context: Any) -> None:
    night = context.now() + 18 * 3600
    assert not is_due(context, night)
    with context.database.writing() as session:
        session.execute(text("UPDATE digest_addresses SET link_due_at = 1, confirmed_at = NULL"))
    assert is_due(context, night)


@pytest.mark.parametrize("status", ["sent", "failed", "unknown"])
def test_what_is_done_is_not_due(context: Any, me: Device, status: str) -> None:
    became(context, me, status, 0.0)
    assert not is_due(context, context.now())
    assert is_due(context, context.now() + DAY)


@pytest.mark.parametrize("status", ["empty", "retry", "claimed", "handing"])
def test_what_waits_is_due_in_its_time(context: Any, me: Device, status: str) -> None:
    became(context, me, status, context.now() + 600)
    assert not is_due(context, context.now())
    assert is_due(context, context.now() + 601)


@pytest.mark.parametrize("digest", ['{"every": "off", "email": "a@example.org"}', '{"every": "daily", "email": "b@c"}'])
def test_nobody_who_does_not_want_one_there_is_waited_for(context: Any, digest: str) -> None:
    with context.database.writing() as session:
        session.execute(text("UPDATE readers SET settings = :new"), {"new": f'{{"digest": {digest}}}'})
    assert not is_due(context, context.now())


def test_a_mail_server_that_failed_is_left_alone_for_a_while(context: Any, socket_enabled: None) -> None:
    with pytest.raises(digest_loop.mail.smtp.MailUnavailable):
        digest_loop.mail.send(context, _message())
    assert not is_due(context, context.now())
    assert is_due(context, context.now() + 61)


def _message() -> EmailMessage:
    message = EmailMessage()
    message["To"] = "a@example.org"
    return message


def test_it_is_looked_at_again_and_again(context: Any) -> None:
    stop, started = threading.Event(), []

    def start() -> subprocess.Popen[bytes]:
        started.append(1)
        if len(started) == 3:
            stop.set()
        return subprocess.Popen([sys.executable, "-c", ""])

    run(context, start, stop, every=0.01)
    assert len(started) == 3


def test_without_a_mail_server_nothing_is_due(context: Any) -> None:
    assert not is_due(replace(context, settings=replace(context.settings, smtp_url=None)), context.now())
