"""Every error is answered in one shape, which tells nothing private."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.services import pairing
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
    "path", ["/nope", "/v1/nope", "/v1", "//v1/me", "/v1/papers/", "/%00", "/v1/%ff", "/openapi.json/x"]
)
def test_an_unknown_address(client: FlaskClient, path: str) -> None:
    status, _ = shape(client.get(path))
    assert status in {401, 404}


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/v1/events")
    assert shape(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_a_fault_of_ours_tells_nothing_of_itself(me: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(pairing, "code_by_reader", fail)
    answer = me.post("/v1/pairing-codes", {"reader": "me"})
    assert shape(answer) == (500, "internal")
    assert "1234" not in answer.text
    assert "Traceback" not in answer.text
