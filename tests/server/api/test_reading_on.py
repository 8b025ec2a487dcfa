"""A database that takes no writing, as on a full disk or a standby: who only reads is served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as engine_events
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from server.errors import DiskFull
from server.services.context import Context
from server.store.failures import translated
from tests.server.conftest import Device, card, event

READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}


@pytest.fixture
def nothing_is_written(context: Context, me: Device) -> Iterator[None]:
    me.log(event("save"), papers=[card(1), card(2)])
    engine = context.database.engine
    with context.database.writing() as session:
        session.execute(text("UPDATE devices SET last_seen_at = 1"))  # long ago, so that it would be noted anew

    def close(connection: Any, *_: object) -> None:
        connection.cursor().execute(READ_ONLY[engine.dialect.name])
        connection.commit()

    engine.dispose()
    engine_events.listen(engine, "connect", close)
    yield
    engine_events.remove(engine, "connect", close)
    engine.dispose()


@pytest.mark.usefixtures("nothing_is_written")
def test_reading_goes_on(me: Device) -> None:
    for path in ("/v1/me", "/v1/me/events", "/v1/me/export", "/v1/library", "/v1/recommendations", "/v1/papers?q=a"):
        assert me.get(path).status_code == 200, path
    assert me.get("/v1/papers/2401.00001").status_code == 200
    ranked = me.rank(card(1), card(7))["cards"]  # one of them new
    assert [entry["state"]["saved"] for entry in ranked] == [True, False]


@pytest.mark.usefixtures("nothing_is_written")
def test_writing_is_refused_with_the_reason(me: Device) -> None:
    for method, path, body in (
        ("POST", "/v1/events", {"events": [event()]}),
        ("PUT", "/v1/library/2401.00002", {}),
        ("PATCH", "/v1/me", {"interests": ["graphs"]}),
        ("POST", "/v1/me/reset", {}),
        ("POST", "/v1/me/import", {"format": "inkling-export", "version": 1, "events": [event()]}),
    ):
        answer = me.call(method, path, body)
        assert answer.status_code == 503, path
        assert "read-only" in answer.json["error"]["message"]
        assert answer.headers["Retry-After"]


def test_postgresql_says_that_its_disk_is_full() -> None:
    full = OperationalError("INSERT", {}, psycopg.errors.DiskFull("could not extend file"))
    with pytest.raises(DiskFull, match="disk"), translated(make_url("postgresql+psycopg://inkling@/x")):
        raise full
