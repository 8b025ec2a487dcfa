"""A client that is too old is told to update."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.server.conftest import Device

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
