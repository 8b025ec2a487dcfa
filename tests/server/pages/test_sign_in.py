"""Signing in by a one-time link, the session among the devices, signing out."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from flask import Flask

from server.app import create_app
from server.config import Settings
from server.services.context import Context
from tests.server.conftest import LOOPBACK, Device, pair, sqlite_only
from tests.server.pages.conftest import FIREFOX, OWN, Browser, link, words

SIXTY_ONE = 61.0


def test_a_link_signs_in_once_and_leads_where_it_says(stranger: Browser, me: Device) -> None:
    made = link(me, "library")
    assert made.startswith(f"{LOOPBACK}/session?to=library#")
    answer = stranger.send("/session", {"code": made})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/library")
    assert stranger.get("/").status_code == 200
    again = Browser(me.client.application.test_client()).send("/session", {"code": made})
    assert again.status_code == 403
    assert "Set-Cookie" not in again.headers


def test_the_secret_alone_is_taken_too_from_a_form_or_as_json(app: Flask, me: Device) -> None:
    for send in ({"data": {"code": link(me).rpartition("#")[2]}}, {"json": {"code": link(me).rpartition("#")[2]}}):
        answer = app.test_client().post("/session", base_url=LOOPBACK, headers=OWN, **send)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_page_that_was_wanted_comes_after_any_link(app: Flask, me: Device) -> None:
    for page, wanted, leads in (("library", "settings", "/library"), (None, "library", "/library"), (None, "", "/")):
        fields = {"code": link(me, page), "to": wanted}
        answer = app.test_client().post("/session", base_url=LOOPBACK, headers=OWN, data=fields)
        assert answer.headers["Location"] == leads


def test_a_link_ends_after_a_minute(stranger: Browser, me: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    made = link(me)
    later = time.time() + SIXTY_ONE
    monkeypatch.setattr(Context, "now", staticmethod(lambda: later))
    answer = stranger.send("/session", {"code": made})
    assert answer.status_code == 403
    assert "older than a minute" in words(answer)
    assert stranger.get("/").status_code == 303


@sqlite_only
@pytest.mark.parametrize("code", ["", "#", "x" * 600, "A" * 43, "\0", "ü", "' OR 1=1 --"])
def test_what_is_no_secret_is_refused(stranger: Browser, code: str) -> None:
    answer = stranger.send("/session", {"code": code})
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@sqlite_only
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"code":"\\ud800"}', 403),
        (b'{"code":"' + b"A" * 43 + b'","to":"papers/\\ud800"}', 403),
        (b'{"code":7}', 403),
        (b"{}", 403),
        (b"[" * 100_000, 400),
        (b'{"code":', 400),
        (b'{"code":"\xff"}', 400),
        (b"[]", 422),
    ],
)
def test_what_is_no_secret_in_json_is_refused(stranger: Browser, body: bytes, status: int) -> None:
    sent = {"data": body, "content_type": "application/json"}
    answer = stranger.client.post("/session", base_url=LOOPBACK, headers=OWN, **sent)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "Set-Cookie" not in answer.headers


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Flask, me: Device) -> None:
    answer = Browser(app.test_client()).sign_in(me)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("inkling-8765=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    secure = Browser(app.test_client(), "https://inkling.example.org")
    made = link(me).rpartition("#")[2]
    answer = secure.send("/session", {"code": made}, {"Origin": "https://inkling.example.org"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-inkling=")
    assert {"Secure", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    assert secure.get("/").status_code == 200


def test_a_session_is_among_the_devices_and_ends_with_its_revocation(mine: Browser, me: Device) -> None:
    listed = me.get("/v1/devices").json["items"]
    sessions = [one for one in listed if one["expires_at"]]
    assert [one["name"] for one in sessions] == ["Web pages in Firefox on Linux"]
    assert me.call("DELETE", f"/v1/devices/{sessions[0]['id']}").status_code == 204
    assert mine.get("/").status_code == 303


def test_a_session_ends_with_the_device_that_opened_it(app: Flask, me: Device) -> None:
    second = pair(app.test_client(), code=me.post("/v1/pairing-codes", {"reader": "me"}).json["code"])
    browser = Browser(app.test_client())
    browser.sign_in(second)
    unused = link(second)
    me.call("DELETE", f"/v1/devices/{second.id}")
    assert browser.get("/").status_code == 303
    assert browser.send("/session", {"code": unused}).status_code == 403


def test_cookie_and_token_are_not_each_other(mine: Browser, me: Device, stranger: Browser) -> None:
    cookie = mine.client.get_cookie("inkling-8765", domain="127.0.0.1")
    assert cookie is not None
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert stranger.client.get("/v1/me", base_url=LOOPBACK, headers=bearer).status_code == 401
    assert mine.client.get("/v1/me", base_url=LOOPBACK).status_code == 401
    stranger.client.set_cookie("inkling-8765", me.token, domain="127.0.0.1")
    assert stranger.get("/").status_code == 303


def test_only_a_hash_of_the_cookie_is_kept(mine: Browser, context: Context, me: Device) -> None:
    cookie = mine.client.get_cookie("inkling-8765", domain="127.0.0.1")
    assert cookie is not None
    unused = link(me).rpartition("#")[2]
    with context.database.reading() as session:
        rows = [
            str(list(session.connection().exec_driver_sql(f"SELECT * FROM {table}")))
            for table in ("devices", "session_links")
        ]
    assert rows[1] != "[]"
    assert cookie.value not in rows[0]
    assert unused not in rows[1]


def test_a_browser_has_one_session_however_often_it_signs_in(mine: Browser, me: Device, theirs: Browser) -> None:
    for _ in range(3):
        mine.sign_in(me)
    assert len([one for one in me.get("/v1/devices").json["items"] if one["expires_at"]]) == 1
    mine.send("/session", {"code": link(me)})
    theirs.sign_in(me)
    assert len([one for one in me.get("/v1/devices").json["items"] if one["expires_at"]]) == 2


def test_signing_out_ends_the_session_and_changes_nothing_else(mine: Browser, me: Device) -> None:
    feed = me.get("/v1/me").json["feed_url"]
    cookie = mine.client.get_cookie("inkling-8765", domain="127.0.0.1")
    assert cookie is not None
    assert mine.post("/session/end").headers["Location"] == "/session"
    assert mine.client.get_cookie("inkling-8765", domain="127.0.0.1") is None
    mine.client.set_cookie("inkling-8765", cookie.value, domain="127.0.0.1")
    assert mine.get("/").status_code == 303
    assert [one["expires_at"] for one in me.get("/v1/devices").json["items"]] == [None]
    assert me.get("/v1/me").json["feed_url"] == feed


def test_a_session_ends_after_a_month_without_a_visit_and_after_half_a_year_anyway(
    mine: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, day = time.time(), 86400.0

    def status(days: float) -> int:
        monkeypatch.setattr(Context, "now", staticmethod(lambda: began + days * day))
        return mine.get("/").status_code

    visits = [29, 57, 85, 113, 141, 169]
    assert [status(days) for days in visits] == [200] * 6
    assert (status(179), status(181)) == (200, 303)


def test_a_month_without_a_visit_ends_it(mine: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 31 * 86400.0
    monkeypatch.setattr(Context, "now", staticmethod(lambda: later))
    assert mine.get("/").status_code == 303


def test_who_has_no_session_is_led_to_one_and_back(stranger: Browser) -> None:
    assert stranger.get("/").headers["Location"] == "/session"
    page = stranger.get("/session?to=library", **{"Sec-Fetch-Site": "none"})
    assert 'name="to" value="library"' in page.text


@sqlite_only
@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "papers/../x", '"><script>', "nowhere"])
def test_a_link_leads_nowhere_else(stranger: Browser, me: Device, to: str) -> None:
    page = stranger.client.get("/session", query_string={"to": to}, base_url=LOOPBACK).text
    assert page.count('name="to" value=""') == page.count('name="to"') == 2
    assert 'data-again="/session?here=1"' in page
    assert stranger.send("/session", {"code": link(me), "to": to}).headers["Location"] == "/"
    assert me.post("/v1/session-links", {"page": to}).status_code == 422


@sqlite_only
@pytest.mark.parametrize(
    ("site", "asks", "again"),
    [("none", False, False), ("same-origin", False, False), ("cross-site", True, True), ("same-site", True, True)],
)
def test_only_the_readers_own_step_signs_in_without_asking(
    stranger: Browser, site: str, asks: bool, again: bool
) -> None:
    page = stranger.get("/session", **{"Sec-Fetch-Site": site}).text
    assert (" data-ask" in page, " data-again=" in page) == (asks, again)


def test_another_sites_link_finds_the_reader_signed_in(mine: Browser) -> None:
    """A browser keeps a strict cookie back from what another site began; the page asks once more, from here."""
    page = mine.client.application.test_client().get("/session?to=library", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'data-again="/session?here=1&amp;to=library"' in page.text
    assert 'data-already="/library"' in mine.get("/session?here=1&to=library").text


def test_the_rate_of_attempts_is_limited(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limit=True))
    browser = Browser(app.test_client())
    answers = [browser.send("/session", {"code": "A" * 43}) for _ in range(40)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:30] == [403] * 30
    assert set(statuses[30:]) == {429}
    assert int(answers[-1].headers["Retry-After"]) >= 1
    # Another site cannot be used to try, nor to use up what this one may try.
    device = pair(app.test_client())
    assert browser.send("/session", {"code": link(device)}).status_code == 429
    # Who tried too often may still sign out and choose a language.
    for path in ("/session/end", "/session/language"):
        assert browser.send(path, {"language": "de"}).status_code == 303
    app.extensions["inkling"].close()


@sqlite_only
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_site_signs_nobody_in(stranger: Browser, me: Device, headers: dict[str, str]) -> None:
    made = link(me)
    assert stranger.send("/session", {"code": made}, headers).status_code == 403
    assert stranger.get("/").status_code == 303
    assert stranger.send("/session", {"code": made}).status_code == 303


def test_the_language_is_the_browsers_or_chosen_by_hand(stranger: Browser, mine: Browser) -> None:
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
    assert '<html lang="de">' in mine.get("/", **german).text
    assert '<html lang="en">' in mine.get("/", **{"Accept-Language": "fr"}).text
    answer = mine.send("/session/language", {"language": "de", "back": "/?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?x=1")
    assert "Zu lesen" in mine.get("/", **{"Accept-Language": "en"}).text
    stranger.send("/session/language", {"language": "xx"})
    assert '<html lang="en">' in stranger.get("/session").text


@sqlite_only
@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\nb", ""])
def test_a_form_comes_back_to_us_alone(stranger: Browser, back: str) -> None:
    assert stranger.send("/session/language", {"language": "de", "back": back}).headers["Location"] == "/"


def test_the_name_of_a_session_is_what_the_browser_says(app: Flask, me: Device) -> None:
    assert FIREFOX in OWN.values()
    browser = Browser(app.test_client())
    browser.send("/session", {"code": link(me)}, {"User-Agent": "<script>alert(1)</script>"})
    assert me.get("/v1/devices").json["items"][0]["name"] == "Web pages in a browser"
