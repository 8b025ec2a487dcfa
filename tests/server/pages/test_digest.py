"""Where mailed links lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from server.services import digest_addresses
from server.store import digests, readers
from tests.server.conftest import LOOPBACK, Device
from tests.server.mail_server import MailServer, mail_server
from tests.server.pages.conftest import OWN, Browser, words

ANN = "ann@example.org"


@pytest.fixture
def server(socket_enabled: None) -> Iterator[MailServer]:
    with mail_server() as found:
        yield found


@pytest.fixture
def settings(settings: Any, server: MailServer) -> Any:
    return replace(settings, smtp_url=server.url, mail_from="inkling@example.org", public_url=LOOPBACK)


def ask(me: Device, email: str = ANN, **headers: str) -> dict[str, Any]:
    answer = me.call("PATCH", "/v1/me", {"digest": {"email": email, "every": "daily"}}, headers=headers)
    assert answer.status_code == 200, answer.json
    return dict(answer.json["digest"])


def state(me: Device) -> str:
    return str(me.get("/v1/me").json["digest"]["state"])


def link_in(server: MailServer, email: str = ANN) -> str:
    found = re.search(r"^http\S+$", server.to(email)[-1].get_body(("plain",)).get_content(), re.MULTILINE)
    assert found
    return found[0].removeprefix(LOOPBACK)


def stop_link(context: Any, me: Device, email: str = ANN) -> str:
    return f"/digest/stop/{context.keys.mail_token('stop', me.reader_id, email)}"


def test_an_address_is_confirmed_by_a_button_not_by_looking(me: Device, server: MailServer, stranger: Browser) -> None:
    assert ask(me) == {"email": ANN, "every": "daily", "language": "en", "state": "asked"}
    link = link_in(server)
    assert "Confirm this address" in stranger.get(link).text
    assert state(me) == "asked"
    assert "goes to ann@example.org" in words(stranger.send(link, {}, {}))
    assert state(me) == "confirmed"
    assert "The address is confirmed" in stranger.get(link).text
    ask(me)
    assert state(me) == "confirmed", "asked again though it is confirmed"
    assert len(server.to(ANN)) == 1


def test_another_address_has_to_be_confirmed_again(me: Device, server: MailServer, stranger: Browser) -> None:
    ask(me)
    old = link_in(server)
    stranger.send(old, {}, {})
    assert ask(me, "other@example.org")["state"] == "asked"
    assert stranger.send(old, {}, {}).status_code == 404
    assert state(me) == "asked"
    assert stranger.send(link_in(server, "other@example.org"), {}, {}).status_code == 200
    assert state(me) == "confirmed"


def test_a_link_ends_after_three_days(me: Device, server: MailServer, stranger: Browser, context: Any) -> None:
    ask(me)
    link = link_in(server)
    now = context.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(context), "now", staticmethod(lambda: now() + 3 * 86400 + 1))
        assert stranger.get(link).status_code == stranger.send(link, {}, {}).status_code == 404
        assert state(me) == "unconfirmed"


@pytest.mark.parametrize("path", ["/digest/confirm/", "/digest/stop/"])
def test_an_invented_link_does_nothing(me: Device, server: MailServer, stranger: Browser, path: str) -> None:
    ask(me)
    for token in ("x", me.reader_id, f"{me.reader_id}-{'0' * 40}", "é", "a" * 5000):
        assert stranger.get(path + token).status_code == 404
        assert stranger.send(path + token, {}, {}).status_code == 404
    assert state(me) == "asked"


def test_a_link_confirms_nothing_else_and_stops_nothing(me: Device, server: MailServer, stranger: Browser) -> None:
    ask(me)
    token = link_in(server).rpartition("/")[2]
    assert stranger.send(f"/digest/stop/{token}", {}, {}).status_code == 404


def test_the_digest_is_ended_by_a_button_and_by_one_click(
    me: Device, server: MailServer, stranger: Browser, context: Any
) -> None:
    ask(me)
    stranger.send(link_in(server), {}, {})
    stop = stop_link(context, me)
    assert "No more digests?" in stranger.get(stop).text
    assert state(me) == "confirmed", "a scanner that follows links ended it"
    # As a mail program's provider sends it (RFC 8058): a form of one field, no cookie, no origin, no redirect back.
    answer = stranger.send(stop, {"List-Unsubscribe": "One-Click"}, {})
    assert (answer.status_code, state(me)) == (200, "off")
    assert stranger.send(stop, {"List-Unsubscribe": "One-Click"}, {}).status_code == 200
    assert "None is mailed to you any more" in words(stranger.get(stop))
    assert me.get("/v1/me").json["digest"]["email"] == ANN
    me.call("PATCH", "/v1/me", {"digest": {"every": "weekly"}})
    assert state(me) == "confirmed", "the address was confirmed before"


def test_nobody_can_have_strangers_mailed(me: Device, server: MailServer, app: Any, settings: Any) -> None:
    context = app.extensions["inkling"]
    context.hot._limits_on = True
    answers = [
        me.call("PATCH", "/v1/me", {"digest": {"email": f"s{number}@example.org", "every": "daily"}})
        for number in range(8)
    ]
    assert [answer.status_code for answer in answers] == [200] * 6 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert me.get("/v1/me").json["digest"]["email"] == "s5@example.org", "what was refused was kept"
    assert len(server.taken) == 6


def test_one_stranger_is_not_mailed_by_many_readers(me: Device, other: Device, server: MailServer, app: Any) -> None:
    app.extensions["inkling"].hot._limits_on = True
    for device in (me, other) * 3:
        address = ANN if device is me else ANN.upper()
        device.call("PATCH", "/v1/me", {"digest": {"email": address, "every": "daily"}})
    assert len(server.taken) == 4


def test_a_link_that_cannot_be_mailed_now_is_mailed_later(me: Device, server: MailServer, app: Any) -> None:
    server.refuse = {"rcpt": ["451 not now"]}
    assert ask(me)["state"] == "waiting"
    context = app.extensions["inkling"]
    assert not digest_addresses.mail_link(context, context.now())
    assert digest_addresses.mail_link(context, context.now() + 61)
    assert state(me) == "asked"
    assert len(server.to(ANN)) == 1


def test_a_link_that_is_never_taken_is_given_up_and_told_of(me: Device, server: MailServer, app: Any) -> None:
    context = app.extensions["inkling"]
    server.refuse = {"rcpt": ["451 not now"] * 50}
    ask(me)
    for hour in range(1, 30):
        digest_addresses.mail_link(context, context.now() + hour * 3600)
    assert len(server.arrived) == digests.LINK_TRIES
    assert state(me) == "unconfirmed", "the reader waits for a link that never comes"
    assert "1 links" in me.client.get("/readyz").json["checks"]["mail"]["reason"]
    server.refuse = {}
    assert ask(me)["state"] == "asked"
    assert me.client.get("/readyz").json["checks"]["mail"] == {"status": "ok"}


def test_a_link_whose_process_is_always_killed_is_given_up(me: Device, server: MailServer, app: Any) -> None:
    context = app.extensions["inkling"]
    server.refuse = {"rcpt": ["451 not now"]}
    ask(me)
    claimed = 0
    for hour in range(1, 30):
        now = context.now() + hour * 3600
        with context.database.writing() as session:
            claimed += digests.claim_link(session, now, now + 60) is not None
    assert claimed == digests.LINK_TRIES - 1
    with context.database.reading() as session:
        assert not digests.is_link_due(session, context.now() + 1e6)
    assert state(me) == "unconfirmed"


def test_a_link_that_cannot_be_made_ends_neither_the_request_nor_the_others(
    me: Device, other: Device, server: MailServer, app: Any
) -> None:
    context = app.extensions["inkling"]
    server.refuse = {"rcpt": ["451 not now"] * 2}
    ask(me)
    ask(other, "bob@example.org")
    bad = "=?utf-8?b?YQ0KUkNQVA==?=@evil.org"  # as kept before it was refused
    with context.database.writing() as session:
        reader = readers.find(session, me.reader_id)
        readers.set_settings(session, me.reader_id, {"digest": {**reader["settings"]["digest"], "email": bad}})
        digests.ask(session, me.reader_id, bad, 1.0)
    while digest_addresses.mail_link(context, context.now() + 61):
        pass
    assert len(server.to("bob@example.org")) == 1
    assert me.call("PATCH", "/v1/me", {"digest": {"every": "weekly"}}).json["digest"]["state"] == "waiting"


def test_it_is_all_in_the_language_of_the_browser(me: Device, server: MailServer, stranger: Browser) -> None:
    assert ask(me, **{"Accept-Language": "de-AT,de;q=0.9"})["language"] == "de"
    assert server.to(ANN)[0]["Subject"] == "Soll dir Inkling mailen, was du lesen kannst?"
    page = stranger.get(link_in(server), **{"Accept-Language": "de"})
    assert "Adresse bestätigen" in page.text


@pytest.mark.parametrize(
    ("digest", "field"),
    [
        ({"every": "daily"}, "digest.email"),
        ({"email": None, "every": "weekly"}, "digest.email"),
        ({"email": "nobody"}, "digest.email"),
        ({"email": "a@b@c"}, "digest.email"),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "digest.email"),
        ({"email": "a@example.org, b@example.org"}, "digest.email"),
        ({"email": "<a@example.org>"}, "digest.email"),
        ({"email": "=?utf-8?b?YQ0KUkNQVA==?=@evil.org", "every": "daily"}, "digest.email"),
        ({"email": "=?utf-8?q?victim=40example.org=2C?=@evil.org", "every": "daily"}, "digest.email"),
        ({"email": "a" * 250 + "@example.org"}, "digest.email"),
        ({"email": 7}, "digest.email"),
        ({"every": "hourly"}, "digest.every"),
        ({"email": ANN, "language": "xx"}, "digest.language"),
        ("daily", "digest"),
    ],
)
def test_what_is_no_digest_is_refused_by_name(me: Device, server: MailServer, digest: Any, field: str) -> None:
    answer = me.call("PATCH", "/v1/me", {"digest": digest})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field), answer.json
    assert server.taken == []


def test_without_a_mail_server_the_wish_is_kept_and_said_to_be_one(me: Device, app: Any) -> None:
    context = app.extensions["inkling"]
    object.__setattr__(context, "settings", replace(context.settings, smtp_url=None))
    assert ask(me)["state"] == "no_mail"
    assert "mail" not in me.client.get("/readyz").json["checks"]


def test_the_settings_ask_for_a_digest_and_say_what_becomes_of_it(
    me: Device, mine: Browser, server: MailServer, stranger: Browser
) -> None:
    answer = mine.post("/settings/digest", email=f" {ANN} ", every="weekly")
    told = words(mine.get(answer.headers["Location"].partition("#")[0]))
    assert "A link was mailed to the address" in told
    assert f'value="{ANN}"' in mine.get("/settings").text
    stranger.send(link_in(server), {}, {})
    assert "The address is confirmed." in words(mine.get("/settings"))
    assert me.get("/v1/me").json["digest"]["every"] == "weekly"
    mine.post("/settings/digest", email=ANN, every="off")
    assert state(me) == "off"
    assert "confirmed" not in words(mine.get("/settings"))


def test_mails_are_in_the_language_of_the_settings(me: Device, mine: Browser, server: MailServer) -> None:
    fields = {"form_token": mine.form_token(), "email": ANN, "every": "daily"}
    mine.send("/settings/digest", fields, {**OWN, "Accept-Language": "de"})
    assert me.get("/v1/me").json["digest"]["language"] == "de"
    assert "Übersicht" in server.to(ANN)[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("email", "every"), [("", "daily"), ("no address", "daily"), (ANN, "hourly"), ("a@b\r\nBcc: c@d", "off")]
)
def test_a_digest_that_cannot_be_is_refused_in_the_settings(
    me: Device, mine: Browser, server: MailServer, email: str, every: str
) -> None:
    answer = mine.post("/settings/digest", email=email, every=every)
    assert answer.status_code == 422
    assert "nothing was changed" in words(answer)
    assert (state(me), server.to(ANN)) == ("off", [])


def test_too_many_links_are_refused_in_the_settings(
    me: Device, mine: Browser, server: MailServer, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(context.hot), "limit", lambda _self, key, _rule: 60 if key.startswith("mail-") else None)
    answer = mine.post("/settings/digest", email=ANN, every="daily")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Too many links" in words(answer)


def test_no_other_site_asks_for_a_digest(me: Device, mine: Browser, theirs: Browser, server: MailServer) -> None:
    fields = {"email": ANN, "every": "daily"}
    assert mine.send("/settings/digest", fields).status_code == 403
    assert mine.send("/settings/digest", {**fields, "form_token": theirs.form_token()}).status_code == 403
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert mine.send("/settings/digest", {**fields, "form_token": mine.form_token()}, cross).status_code == 403
    assert state(me) == "off"
