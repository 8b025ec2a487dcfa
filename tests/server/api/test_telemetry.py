"""A request has an id and a log line with nothing private in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.server.conftest import LOOPBACK, Device

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_request_id_of_a_proxy_is_kept_and_a_strange_one_is_not(client: FlaskClient) -> None:
    assert client.get("/nope", headers={"X-Request-Id": "abc-123.def"}).json["error"]["request_id"] == "abc-123.def"
    assert client.get("/nope", headers={"X-Request-Id": "a b<script>"}).json["error"]["request_id"] != "a b<script>"


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
