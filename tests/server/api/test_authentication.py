"""Who asks: a token, or nobody; and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.app import create_app
from server.config import Settings
from tests.server.conftest import LOOPBACK, Device

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"]
)
def test_only_a_token_that_was_given_opens(me: Device, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.format(token=me.token)}
    answer = me.client.get("/v1/devices", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["Bearer {token}", "bearer {token}", "Bearer  {token} "])
def test_its_scheme_is_read_in_any_case(me: Device, header: str) -> None:
    assert me.client.get("/v1/devices", headers={"Authorization": header.format(token=me.token)}).status_code == 200


def test_a_reader_in_a_hurry_is_asked_to_wait(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limit=True))
    client = app.test_client()
    token = client.post("/v1/devices", json={"name": "x"}, base_url=LOOPBACK).json["token"]
    statuses = [client.get("/v1/devices", headers={"Authorization": f"Bearer {token}"}).status_code for _ in range(700)]
    app.extensions["inkling"].close()
    assert statuses[:500] == [200] * 500
    assert statuses[-1] == 429
