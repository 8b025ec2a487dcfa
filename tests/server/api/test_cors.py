"""The extension may read the API's responses, and no other page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.app import create_app
from server.config import Settings
from tests.server.conftest import LOOPBACK

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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
