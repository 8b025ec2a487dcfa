"""Whatever reaches the application is answered in one shape, and only to those who may read it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.config import Settings
from server.services import pairing
from tests.server.conftest import LOOPBACK, Device

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def shape(answer: TestResponse) -> tuple[int, str]:
    """Return (status, code) of an error, having looked at all the rest of it."""
    error = answer.json["error"]
    assert set(answer.json) == {"error"}
    assert set(error) <= {"code", "message", "field", "request_id"}
    assert error["message"].endswith(".")
    assert error["request_id"] == answer.headers["X-Request-Id"]
    return answer.status_code, error["code"]


@pytest.mark.parametrize(
    "path", ["/nope", "/v1/nope", "/v1", "//v1/me", "/v1/papers/", "/%00", "/v1/%ff", "/openapi.json/x"]
)
def test_an_unknown_address(client: FlaskClient, path: str) -> None:
    status, _ = shape(client.get(path))
    assert status in {401, 404}


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/v1/events")
    assert shape(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "malformed")),
        (b"", "application/json", (400, "malformed")),
        (b'{"events": [NaN]}', "application/json", (400, "malformed")),
        (b'{"events": "\xff"}', "application/json", (400, "malformed")),
        (b"[" * 50_000, "application/json", (400, "malformed")),
        (b'{"events": ' + b"9" * 5_000 + b"}", "application/json", (400, "malformed")),
        (b"[]", "application/json", (422, "invalid")),
        (b'"x"', "application/json", (422, "invalid")),
        (b"null", "application/json", (422, "invalid")),
        (b'{"events": []}', "text/plain", (415, "not_json")),
        (b'{"events": []}', "application/x-www-form-urlencoded", (415, "not_json")),
        (b'{"events": []}', None, (415, "not_json")),
        (b" " * 10_000_000, "application/json", (413, "too_large")),
    ],
)
def test_a_body_that_cannot_be_read(
    me: Device, body: bytes, content_type: str | None, expected: tuple[int, str]
) -> None:
    headers = {"Authorization": f"Bearer {me.token}"}
    answer = me.client.post("/v1/events", data=body, content_type=content_type, headers=headers)
    assert shape(answer) == expected


def test_json_by_its_full_name_is_json(me: Device) -> None:
    headers = {"Authorization": f"Bearer {me.token}"}
    kind = "application/json; charset=utf-8"
    answer = me.client.post("/v1/events", data=b'{"events": []}', content_type=kind, headers=headers)
    assert answer.json == {"results": [], "paper_results": []}


def test_a_fault_of_ours_tells_nothing_of_itself(me: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(pairing, "code_by_reader", fail)
    answer = me.post("/v1/pairing-codes", {"reader": "me"})
    assert shape(answer) == (500, "internal")
    assert "1234" not in answer.text
    assert "Traceback" not in answer.text


def test_the_request_id_of_a_proxy_is_kept_and_a_strange_one_is_not(client: FlaskClient) -> None:
    assert client.get("/nope", headers={"X-Request-Id": "abc-123.def"}).json["error"]["request_id"] == "abc-123.def"
    assert client.get("/nope", headers={"X-Request-Id": "a b<script>"}).json["error"]["request_id"] != "a b<script>"


@pytest.mark.parametrize(
    ("client_says", "status"),
    [
        ("extension/0.0.9", 426),
        ("extension/0", 426),
        ("extension/0.1.0", 200),
        ("extension/0.1", 200),
        ("extension/1.2.3.4", 200),
        ("extension/what", 200),
        ("curl/8", 200),
    ],
)
def test_clients_that_are_too_old_are_told_to_update(me: Device, client_says: str, status: int) -> None:
    answer = me.call("GET", "/v1/me", headers={"Inkling-Client": client_says})
    assert answer.status_code == status
    if status == 426:
        assert shape(answer) == (426, "client_too_old")
        assert me.client.get("/healthz", headers={"Inkling-Client": client_says}).status_code == 200


def preflight(client: FlaskClient, origin: str) -> TestResponse:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    return client.options("/v1/events", headers={"Origin": origin, **asked})


@pytest.mark.parametrize("origin", ["chrome-extension://abcdefghijklmnop", "moz-extension://1b2c-3d"])
def test_the_extension_may_read_the_answers(client: FlaskClient, origin: str) -> None:
    asked = preflight(client, origin)
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == origin
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    for path in ("/healthz", "/readyz", "/v1/me", "/v1/nope"):
        answer = client.get(path, headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://huggingface.co", "null", "https://chrome-extension://x", "http://127.0.0.1:8765"]
)
def test_no_other_page_may(client: FlaskClient, origin: str) -> None:
    for answer in (preflight(client, origin), client.get("/healthz", headers={"Origin": origin})):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-Allow")]


@pytest.mark.parametrize("path", ["/", "/docs", "/pair", "/metrics", "/demo", "/feeds/x.atom", "/nope"])
def test_even_an_extension_reads_only_calls_that_want_a_token_or_tell_nothing(settings: Settings, path: str) -> None:
    app = create_app(replace(settings, demo=True, cors_origins=("https://lab.example.org",)))
    client = app.test_client()
    for origin in ("chrome-extension://abcdefghijklmnop", "moz-extension://1b2c-3d", "https://lab.example.org"):
        asked = {"Access-Control-Request-Method": "GET", "Origin": origin}
        for answer in (
            client.get(path, headers={"Origin": origin}, base_url=LOOPBACK),
            client.options(path, headers=asked),
        ):
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-Allow")]
    app.extensions["inkling"].close()


def test_the_operator_may_add_an_origin(settings: Settings) -> None:
    app = create_app(replace(settings, cors_origins=("https://lab.example.org",)))
    answer = preflight(app.test_client(), "https://lab.example.org")
    app.extensions["inkling"].close()
    assert answer.headers["Access-Control-Allow-Origin"] == "https://lab.example.org"


def test_a_local_page_asking_for_the_local_network_is_let_in_from_the_extension_alone(client: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Private-Network": "true"}
    allowed = client.options("/v1/me", headers={"Origin": "chrome-extension://abc", **asked})
    refused = client.options("/v1/me", headers={"Origin": "https://example.org", **asked})
    assert allowed.headers["Access-Control-Allow-Private-Network"] == "true"
    assert "Access-Control-Allow-Private-Network" not in refused.headers


def test_the_log_line_of_a_request_names_no_paper_title_token_or_address(
    app: Flask, me: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []

    class InteractionLog:
        """Takes what would be logged."""

        def info(self, name: str, **values: Any) -> None:
            lines.append({"event": name, **values})

        error = debug = info

    monkeypatch.setattr("server.api.telemetry.log", InteractionLog())
    me.post("/v1/rank", {"papers": [{"id": "2401.00001", "title": "A title nobody should log"}]})
    me.get("/v1/papers/2401.00001")
    me.client.get("/feeds/a-secret.atom", base_url=LOOPBACK)
    told = json.dumps(lines)
    assert len(lines) == 3
    assert {line["route"] for line in lines} == {
        "/v1/rank",
        "/v1/papers/<path:paper_id>",
        "/feeds/<string:secret>.atom",
    }
    for private in ("A title", me.token, "2401.00001", "127.0.0.1", "a-secret"):
        assert private not in told


def test_a_reader_in_a_hurry_is_asked_to_wait(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limit=True))
    client = app.test_client()
    token = client.post("/v1/devices", json={"name": "x"}, base_url=LOOPBACK).json["token"]
    statuses = [client.get("/v1/devices", headers={"Authorization": f"Bearer {token}"}).status_code for _ in range(700)]
    app.extensions["inkling"].close()
    assert statuses[:500] == [200] * 500
    assert statuses[-1] == 429
