"""Pairing a browser over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.app import create_app
from server.config import Settings
from tests.server.conftest import LOOPBACK, Device, pair, sqlite_only


def ask(client: FlaskClient, base: str = LOOPBACK, address: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    answer = client.post(
        "/v1/devices", json={"name": "x"}, base_url=base, headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )
    return answer.status_code, answer.json.get("error", {}).get("code", "")


REFUSED = (403, "pairing_required")


@sqlite_only
@pytest.mark.parametrize("trusted", [0, 1])
@pytest.mark.parametrize(
    ("base", "address", "headers"),
    [
        (LOOPBACK, "192.0.2.7", {}),
        ("http://inkling.example.org", "127.0.0.1", {}),
        (LOOPBACK, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        (LOOPBACK, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        (LOOPBACK, "127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
        ("http://127.0.0.1.example.org", "127.0.0.1", {}),
    ],
)
def test_the_first_reader_must_be_at_the_machine_itself(
    settings: Settings, trusted: int, base: str, address: str, headers: dict[str, str]
) -> None:
    app = create_app(replace(settings, trusted_proxies=trusted))
    assert ask(app.test_client(), base, address, **headers) == REFUSED
    app.extensions["inkling"].close()


@sqlite_only
@pytest.mark.parametrize("base", [LOOPBACK, "http://localhost:8765", "http://[::1]:8765"])
def test_the_first_reader_at_the_machine_gets_in_and_the_second_does_not(client: FlaskClient, base: str) -> None:
    assert ask(client, base)[0] == 201
    assert ask(client, base) == REFUSED


@pytest.mark.parametrize(("mode", "status"), [("open", 201), ("closed", 403)])
def test_the_operator_decides_who_may_register(settings: Settings, mode: str, status: int) -> None:
    app = create_app(replace(settings, registration=mode))
    assert ask(app.test_client(), address="192.0.2.7")[0] == status
    app.extensions["inkling"].close()


def test_a_further_device_is_paired_by_a_code_that_works_once(me: Device) -> None:
    made = me.post("/v1/pairing-codes", {"reader": "me"})
    assert made.status_code == 201
    assert made.json["link"] == f"{LOOPBACK}/pair#{made.json['code']}"
    second = pair(me.client, code=made.json["code"].lower())
    assert (second.reader_id == me.reader_id, second.id != me.id) == (True, True)
    again = me.client.post("/v1/devices", json={"name": "x", "code": made.json["code"]})
    assert (again.status_code, again.json["error"]["code"]) == (403, "bad_code")


def test_only_the_operator_may_invite(me: Device, other: Device) -> None:
    assert other.reader_id != me.reader_id
    answer = other.post("/v1/pairing-codes", {"reader": "new"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "forbidden")
    assert other.post("/v1/pairing-codes", {"reader": "me"}).status_code == 201


def test_devices_are_listed_and_revoked(me: Device) -> None:
    second = pair(me.client, name="a telephone", code=me.post("/v1/pairing-codes", {"reader": "me"}).json["code"])
    devices = me.get("/v1/devices").json
    assert [(item["name"], item["this"]) for item in devices["items"]] == [
        ("a telephone", False),
        ("a browser", True),
    ]
    assert devices["next"] is None
    assert me.call("DELETE", f"/v1/devices/{second.id}").status_code == 204
    assert second.get("/v1/devices").status_code == 401
    assert me.call("DELETE", f"/v1/devices/{second.id}").status_code == 404


def test_nobody_revokes_somebody_elses_device(me: Device, other: Device) -> None:
    assert other.call("DELETE", f"/v1/devices/{me.id}").status_code == 404
    assert me.get("/v1/devices").status_code == 200


@sqlite_only
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer  ", "Basic YTpi", "Bearer wrong", "bearer \xff"])
def test_without_the_right_token_nothing_is_told(me: Device, given: str) -> None:
    answer = me.client.get("/v1/me", headers={"Authorization": given})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x", "code": 3}, "code"),
    ],
)
def test_what_is_wrong_with_a_device_is_named(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/devices", json=body, base_url=LOOPBACK)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


@sqlite_only
def test_guessing_codes_is_slowed_down(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limit=True))
    client = app.test_client()
    answers = [client.post("/v1/devices", json={"name": "x", "code": "AAAA-AAAA-AAAA"}) for _ in range(40)]
    late = answers[-1]
    app.extensions["inkling"].close()
    assert (late.status_code, late.json["error"]["code"]) == (429, "rate_limited")
    assert int(late.headers["Retry-After"]) >= 1


def test_whose_a_code_is_can_be_asked_before_it_is_used(me: Device) -> None:
    def ask(code: str) -> tuple[int, Any]:
        answer = me.client.post("/v1/pairing-codes/whose", json={"code": code}, base_url=LOOPBACK)
        return answer.status_code, answer.json

    mine = me.post("/v1/pairing-codes", {"reader": "me"}).json["code"]
    new = me.post("/v1/pairing-codes", {"reader": "new"}).json["code"]
    assert ask(mine) == (200, {"reader_id": me.reader_id, "operator": True, "devices": ["a browser"]})
    assert ask(new) == (200, {"reader_id": None, "operator": False, "devices": []})
    assert pair(me.client, code=mine).reader_id == me.reader_id
    assert ask(mine)[1]["error"]["code"] == "bad_code"
