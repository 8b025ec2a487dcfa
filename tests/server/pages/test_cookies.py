"""How the session's cookie is called and kept."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from server.pages import cookies

app = Flask(__name__)


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("http://127.0.0.1:8765", "inkling-8765"),
        ("http://localhost", "inkling-80"),
        ("http://[::1]:8765", "inkling-8765"),
        ("http://[::1]", "inkling-80"),
        ("https://inkling.example.org", "__Host-inkling"),
        ("https://inkling.example.org:8443", "__Host-inkling"),
    ],
)
def test_homes_on_one_machine_do_not_share_a_session(base: str, name: str) -> None:
    with app.test_request_context("/", base_url=base):
        assert cookies.session_name() == name


def test_a_dropped_cookie_is_dropped_as_it_was_kept() -> None:
    with app.test_request_context("/", base_url="https://inkling.example.org"):
        kept, dropped = Response(), Response()
        cookies.keep_session(kept, "secret")
        cookies.drop_session(dropped)
    for response in (kept, dropped):
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= set(response.headers["Set-Cookie"].split("; "))
    assert "Max-Age=0" in dropped.headers["Set-Cookie"]
