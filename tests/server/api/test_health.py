"""Is it there, can it serve, what has it counted."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from server.app import create_app
from server.config import Settings
from server.services.context import Context
from server.services.polling import Progress
from tests.server.conftest import LOOPBACK, Device, card, event


def test_healthz_says_what_the_server_understands(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert {**answer.json, "version": ""} == {"status": "ok", "version": "", "api": 1, "min_client": "0.1.0"}


def test_a_server_without_model_and_redis_is_degraded_and_serves(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    checks = answer.json["checks"]
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert {name: check["status"] for name, check in checks.items()} == {
        **{"database": "ok", "schema": "ok", "sources": "ok"},
        **{"model": "degraded", "redis": "degraded"},
    }
    assert "words" in checks["model"]["reason"]


def test_an_old_schema_is_not_ready(client: FlaskClient, context: Context) -> None:
    with context.database.writing() as session:
        current = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        session.execute(text("UPDATE alembic_version SET version_num = 'old'"))
    try:
        answer = client.get("/readyz")
    finally:
        with context.database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :current"), {"current": current})
    assert (answer.status_code, answer.json["status"]) == (503, "failed")
    assert "inkling migrate" in answer.json["checks"]["schema"]["reason"]


def test_a_stopping_server_is_not_ready(client: FlaskClient, context: Context) -> None:
    context.settings.stopping_file.parent.mkdir(exist_ok=True)
    context.settings.stopping_file.touch()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    context.settings.stopping_file.unlink()


def test_without_a_database_health_stays_and_the_rest_says_unavailable(settings: Settings) -> None:
    gone = create_app(replace(settings, database_url=f"postgresql+psycopg://inkling@/x?host={settings.home}"))
    client = gone.test_client()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["checks"]["database"]["status"]) == (503, "failed")
    answer = client.get("/v1/me", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"]
    gone.extensions["inkling"].close()


@pytest.fixture
def with_token(settings: Settings) -> Any:
    app = create_app(replace(settings, metrics_token="a token for metrics"))
    yield app.test_client()
    app.extensions["inkling"].close()


def test_metrics_count_requests_events_and_what_there_is(me: Device) -> None:
    me.log(event("save"), papers=[card(1)])
    text = me.client.get("/metrics", base_url=LOOPBACK).text
    assert 'inkling_requests_total{method="POST",route="/v1/events",status="200"}' in text
    assert 'inkling_events_total{kind="save",status="accepted"}' in text
    assert "inkling_readers 1.0" in text
    assert "inkling_logged_events 1.0" in text


def test_metrics_are_for_this_machine_or_the_token(with_token: FlaskClient) -> None:
    def ask(address: str, **headers: str) -> int:
        return with_token.get(
            "/metrics", base_url=LOOPBACK, headers=headers, environ_overrides={"REMOTE_ADDR": address}
        ).status_code

    assert ask("127.0.0.1") == 200
    assert ask("192.0.2.7") == 403
    assert ask("127.0.0.1", **{"X-Forwarded-For": "192.0.2.7"}) == 403
    assert ask("127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}) == 403
    assert ask("192.0.2.7", Authorization="Bearer a token for metrics") == 200
    assert ask("192.0.2.7", Authorization="Bearer another") == 403


def test_metrics_name_no_paper_and_no_reader(me: Device, app: Flask) -> None:
    me.get("/v1/papers/2401.00001")
    text = me.client.get("/metrics", base_url=LOOPBACK).text
    assert "2401.00001" not in text
    assert me.reader_id not in text


def test_the_health_of_the_sources_is_told_to_people_and_to_prometheus(settings: Settings) -> None:
    app = create_app(replace(settings, offline=False))
    context = app.extensions["inkling"]
    now = time.time()
    today = datetime.fromtimestamp(now, UTC).date()
    progress = Progress(total=90, done=90, filled=90, last_success_at=now - 60)
    for back in range(90):
        progress = progress.with_day(today - timedelta(days=back), 0, None)
    progress.save(context.database, "hf")
    ready = app.test_client().get("/readyz").json["checks"]["sources"]
    text = app.test_client().get("/metrics", base_url=LOOPBACK).text
    app.extensions["inkling"].close()
    assert ready == {
        "status": "degraded",
        "reason": "hf: nothing was listed in 89 days; is its address right?",
        "states": {"hf": {"state": "silent", "since": None}, "arxiv": {"state": "ok", "since": None}},
    }
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("inkling_source"))
    assert float(lines['inkling_source_answer_age_seconds{source="hf"}']) >= 60
    assert 'inkling_source_answer_age_seconds{source="arxiv"}' not in lines
    assert lines['inkling_source_papers{source="hf",span="week"}'] == "0.0"
    on = [line for line, value in lines.items() if line.startswith("inkling_source_state") and value == "1.0"]
    assert on == [
        'inkling_source_state{source="hf",state="silent"}',
        'inkling_source_state{source="arxiv",state="ok"}',
    ]
