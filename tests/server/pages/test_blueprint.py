"""What all of the reader's pages share: whose they are, whose writes are believed, headers, errors as a page."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from server.errors import DatabaseUnavailable
from server.services import ranking
from tests.server.conftest import LOOPBACK, Device, sqlite_only
from tests.server.pages.conftest import OWN, Browser, words

# A write of a page that wants a session, and the one that ends it.
WRITES = {"/papers": {"action": "save", "id": "2401.00001"}, "/session/end": {}}


def nothing_changed(mine: Browser, me: Device) -> bool:
    return mine.get("/").status_code == 200 and me.get("/v1/library").json["items"] == []


@sqlite_only
@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": LOOPBACK},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
    ],
)
def test_a_cross_site_write_is_refused_even_with_the_right_token(
    mine: Browser, me: Device, path: str, headers: dict[str, str]
) -> None:
    answer = mine.send(path, {"form_token": mine.form_token(), **WRITES[path]}, headers)
    assert answer.status_code == 403
    assert "nothing changed" in words(answer)
    assert nothing_changed(mine, me)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("token", [None, "", "0" * 64, "ü", "\0"])
def test_a_write_without_the_sessions_own_token_is_refused(
    mine: Browser, me: Device, path: str, token: str | None
) -> None:
    given = {} if token is None else {"form_token": token}
    assert mine.send(path, {**given, **WRITES[path]}).status_code == 403
    assert nothing_changed(mine, me)


@pytest.mark.parametrize("path", WRITES)
def test_another_sessions_token_is_refused(mine: Browser, theirs: Browser, me: Device, path: str) -> None:
    assert mine.send(path, {"form_token": theirs.form_token(), **WRITES[path]}).status_code == 403
    assert nothing_changed(mine, me)


def test_every_address_that_writes_wants_the_token(app: Flask, mine: Browser) -> None:
    """Of all pages, those of others too: what a form may be sent to is refused without the session's own token."""
    writes = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("pages_")
        and "POST" in (rule.methods or ())
        # The secret is in the address itself, which a mail program calls that knows no form.
        and "<string:token>" not in rule.rule
    ]
    assert len(writes) >= 5
    # Signing in has no session yet, and anybody may choose a language.
    for path in {*writes} - {"/session", "/session/language"}:
        assert mine.send(re.sub(r"<[^>]+>", "2401.00001", path), {}).status_code == 403, path


@pytest.mark.parametrize("path", WRITES)
def test_a_write_from_the_page_itself_is_believed(mine: Browser, path: str) -> None:
    assert mine.send(path, {"form_token": mine.form_token(), **WRITES[path]}, OWN).status_code == 303


@pytest.mark.parametrize("path", ["/", "/session"])
def test_every_page_has_its_headers(mine: Browser, path: str) -> None:
    answer = mine.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["style-src"], policy["form-action"]) == ("'self'", "'self'", "'self'")
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert {"cookie", "accept-language"} <= {name.lower() for name in answer.vary}
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


def test_no_other_origin_may_read_a_page(mine: Browser) -> None:
    answer = mine.get("/", Origin="chrome-extension://abcdefghijklmnop")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_what_goes_wrong_is_told_on_a_page(mine: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("secret detail")

    monkeypatch.setattr(ranking, "recommendations", away)
    answer = mine.get("/")
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "try again in a moment" in words(answer)

    def broken(*_: object, **__: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr(ranking, "recommendations", broken)
    answer = mine.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_styles_and_scripts_have_an_address_that_changes_with_them(app: Flask, mine: Browser) -> None:
    page = mine.get("/").text
    for name in ("pages.css", "pages.js"):
        address = page.split(f"/assets/{name}")[1].split('"')[0]
        with app.test_client().get(f"/assets/{name}{address}") as answer:
            assert (answer.status_code, "max-age=2592000" in answer.headers["Cache-Control"]) == (200, True)
    assert app.test_client().get("/assets/../blueprint.py").status_code == 404


def test_the_session_page_needs_no_session_and_says_what_this_is(stranger: Browser) -> None:
    told = words(stranger.get("/session"))
    assert "inkling open" in told
    assert "inkling pair" in told


@sqlite_only
@pytest.mark.parametrize(
    ("path", "status"),
    [("/library/", 404), ("/papers/", 404), ("/papers", 405), ("/library/entry", 405), ("/session/end", 405)],
)
def test_beside_the_pages_a_page_says_that_there_is_none(stranger: Browser, path: str, status: int) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "no such page" in words(answer)
    assert answer.headers.get("Allow", "").count("POST") == (status == 405)
    assert stranger.get("/v1/nothing").mimetype == "application/json"
