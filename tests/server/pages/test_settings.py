"""Settings as a page: devices and sessions, codes, the feed's address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from server.pages import sliders
from tests.server.conftest import Device, pair, sqlite_only
from tests.server.pages.conftest import Browser, words

WRITES = ("/settings/code", "/settings/revoke", "/settings/feed", "/settings/lists", "/settings/digest")


def devices(me: Device) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in me.get("/v1/devices").json["items"]}


def read_only(page: Any, name: str) -> str:
    found = re.search(rf'id="{name}" readonly value="([^"]+)"', page.text) or re.search(
        rf'id="{name}" type="text" readonly value="([^"]+)"', page.text
    )
    assert found
    return found[1]


def test_devices_and_sessions_are_listed_with_this_one_marked(mine: Browser, me: Device, app: Flask) -> None:
    pair(app.test_client(), code=me.post("/v1/pairing-codes", {"reader": "me"}).json["code"], name="<b>Phone</b>")
    page = mine.get("/settings")
    told = words(page)
    assert told.index("Web pages in Firefox on Linux This one") < told.index("a browser Since")
    assert "<b>Phone</b>" in told
    assert "<b>Phone" not in page.text
    assert told.count("This one") == 1
    assert told.count("ends without a visit on") == 1


def test_a_code_is_shown_once_and_pairs_the_readers_next_browser(mine: Browser, me: Device, app: Flask) -> None:
    page = mine.post("/settings/code")
    assert page.status_code == 200
    code = read_only(page, "letters")
    assert read_only(page, "link") == f"http://127.0.0.1:8765/pair#{code}"
    assert code not in mine.get("/settings").text
    assert pair(app.test_client(), code=code, name="new").reader_id == me.reader_id
    assert app.test_client().post("/v1/devices", json={"name": "again", "code": code}).status_code == 403


def test_a_code_ends_with_the_session_that_made_it(mine: Browser, me: Device, app: Flask) -> None:
    code = read_only(mine.post("/settings/code"), "letters")
    me.call("DELETE", f"/v1/devices/{devices(me)['Web pages in Firefox on Linux']['id']}")
    assert app.test_client().post("/v1/devices", json={"name": "late", "code": code}).status_code == 403


def test_a_code_ends_with_the_device_that_opened_the_session_that_made_it(me: Device, app: Flask) -> None:
    second = pair(app.test_client(), code=me.post("/v1/pairing-codes", {"reader": "me"}).json["code"], name="lost")
    browser = Browser(app.test_client())
    browser.sign_in(second)
    code = read_only(browser.post("/settings/code"), "letters")
    assert me.call("DELETE", f"/v1/devices/{second.id}").status_code == 204
    assert app.test_client().post("/v1/devices", json={"name": "back", "code": code}).status_code == 403


def test_a_revoked_device_is_out_and_this_session_goes_on(mine: Browser, me: Device, app: Flask) -> None:
    second = pair(app.test_client(), code=me.post("/v1/pairing-codes", {"reader": "me"}).json["code"], name="lost")
    answer = mine.post("/settings/revoke", id=second.id)
    assert "Revoked" in words(mine.get(answer.headers["Location"]))
    assert second.get("/v1/me").status_code == 401
    assert me.get("/v1/me").status_code == 200


def test_revoking_this_session_signs_out(mine: Browser, me: Device) -> None:
    this = devices(me)["Web pages in Firefox on Linux"]["id"]
    assert mine.post("/settings/revoke", id=this).headers["Location"] == "/session"
    assert mine.client.get_cookie("inkling-8765", domain="127.0.0.1") is None
    assert mine.get("/settings").status_code == 303


def test_another_readers_device_is_not_there(mine: Browser, theirs: Browser, me: Device, other: Device) -> None:
    for named in (me.id, devices(me)["Web pages in Firefox on Linux"]["id"], "nonsense", ""):
        assert theirs.post("/settings/revoke", id=named).status_code == 404
    assert mine.get("/settings").status_code == 200
    assert me.get("/v1/me").status_code == 200


def test_the_feed_gets_a_new_address(mine: Browser, me: Device) -> None:
    before = read_only(mine.get("/settings"), "feed")
    assert before == me.get("/v1/me").json["feed_url"]
    answer = mine.post("/settings/feed")
    page = mine.get(answer.headers["Location"].partition("#")[0])
    assert "The feed has a new address." in words(page)
    assert read_only(page, "feed") == me.get("/v1/me").json["feed_url"] != before
    assert mine.get(before.removeprefix("http://127.0.0.1:8765")).status_code == 404


@pytest.mark.parametrize("path", WRITES)
@sqlite_only
def test_no_write_is_believed_without_session_token_and_origin(
    mine: Browser, theirs: Browser, stranger: Browser, me: Device, path: str
) -> None:
    before, fields = me.get("/v1/me").json, {"id": me.id}
    for browser, more, headers, status in (
        (stranger, {}, None, 303),
        (mine, {}, None, 403),
        (mine, {"form_token": theirs.form_token()}, None, 403),
        (mine, {"form_token": mine.form_token()}, {"Sec-Fetch-Site": "cross-site"}, 403),
        (mine, {"form_token": mine.form_token()}, {"Origin": "https://evil.example"}, 403),
    ):
        assert browser.send(path, {**fields, **more}, headers).status_code == status
    assert me.get("/v1/me").json == before
    assert len(devices(me)) == 2


@sqlite_only
def test_the_page_is_whole_in_german(mine: Browser) -> None:
    assert "Widerrufen Damit meldest du dich hier ab." in words(mine.get("/settings", **{"Accept-Language": "de"}))


STEPS = {"none": 0.0, "little": 0.5, "built": 1.0, "more": 1.5, "lot": 2.0}
LISTS = ("personal", "learn_for_others", "freshness", "variety", "exploration")


def chosen(page: Any) -> dict[str, str]:
    return dict(re.findall(r'type="radio" name="(\w+)" value="(\w+)" checked', page.text))


def kept(me: Device) -> dict[str, Any]:
    profile = me.get("/v1/me").json
    return {name: profile[name] for name in LISTS}


def test_as_built_is_chosen_before_anything_is(mine: Browser) -> None:
    page = mine.get("/settings")
    assert {name: chosen(page)[name] for name in sliders.NAMES} == dict.fromkeys(sliders.NAMES, "built")
    assert 'name="not_personal" value="yes">' in page.text


@pytest.mark.parametrize("step", STEPS)
def test_the_sliders_are_the_settings_of_the_api(mine: Browser, me: Device, step: str) -> None:
    answer = mine.post("/settings/lists", freshness=step, variety="built", exploration=step, learn_not="yes")
    page = mine.get(answer.headers["Location"])
    assert "Settings kept." in words(page)
    wanted = {"freshness": STEPS[step], "variety": 1.0, "exploration": STEPS[step]}
    assert kept(me) == {"personal": True, "learn_for_others": False, **wanted}
    assert chosen(page)["freshness"] == chosen(page)["exploration"] == step
    assert 'name="learn_not" value="yes" checked' in page.text


def test_boxes_that_are_not_ticked_are_off(mine: Browser, me: Device) -> None:
    mine.post("/settings/lists", not_personal="yes", learn_not="yes")
    assert kept(me) == {"personal": False, "learn_for_others": False, **dict.fromkeys(sliders.NAMES, 1.0)}
    mine.post("/settings/lists", freshness="more")
    assert (kept(me)["personal"], kept(me)["learn_for_others"], kept(me)["freshness"]) == (True, True, 1.5)


@pytest.mark.parametrize(("value", "step"), [(0, "none"), (0.3, "little"), (0.9, "built"), (1.74, "more"), (2, "lot")])
def test_a_value_between_two_steps_shows_the_nearer_one(mine: Browser, me: Device, value: float, step: str) -> None:
    me.call("PATCH", "/v1/me", {"variety": value})
    assert chosen(mine.get("/settings"))["variety"] == step


@sqlite_only
def test_what_is_no_step_is_refused(mine: Browser, me: Device) -> None:
    before = kept(me)
    assert mine.post("/settings/lists", freshness="2", not_personal="yes").status_code == 422
    assert kept(me) == before


@sqlite_only
def test_without_a_mail_server_the_digest_says_so(mine: Browser, me: Device) -> None:
    assert "sends no mail" not in words(mine.get("/settings"))
    mine.post("/settings/digest", email="ada@example.org", every="daily")
    assert "This server sends no mail" in words(mine.get("/settings"))
