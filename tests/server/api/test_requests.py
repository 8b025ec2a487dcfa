"""What views read from a request: the body, within its limits."""

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
