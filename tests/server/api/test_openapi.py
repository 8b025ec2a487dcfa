"""The API does what its document says, for whatever the document lets through."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.server.conftest import LOOPBACK, Device

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PROMISES = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
TRIES = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
OPEN = {("/v1/devices", "post"), ("/v1/pairing-codes/whose", "post")}
LAST = {"DELETE /v1/me", "DELETE /v1/devices/{device_id}"}


@pytest.mark.slow
def test_every_answer_is_as_documented(app: Flask, me: Device) -> None:
    found = [result.ok() for result in schemathesis.openapi.from_wsgi("/openapi.json", app).get_all_operations()]
    for operation in sorted(found, key=lambda operation: operation.label in LAST):
        _try_out(operation, me)


def _try_out(operation: Any, me: Device) -> None:
    @TRIES
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {me.token}"}, base_url=LOOPBACK)
        case.validate_response(response, checks=PROMISES)

    attempt()


def test_every_call_says_what_it_does_and_whether_it_wants_a_token(app: Flask) -> None:
    spec = app.test_client().get("/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                assert operation["summary"].endswith("."), (path, method)
                open_to_all = not path.startswith("/v1/") or (path, method) in OPEN
                assert ("security" not in operation) == open_to_all, (path, method)
