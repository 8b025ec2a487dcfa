"""Digests on a real database of either kind, through a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from server.app import create_app
from server.services import digests
from server.services.digest_periods import period_of
from server.services.serving_context import ServingContext
from server.store import digests as rows
from server.store import readers
from tests.server.conftest import Device, card, event, pair
from tests.server.mail_server import MailServer, mail_server, morning

ANN = "ann@example.org"
HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, morning(patch):
        yield


@pytest.fixture
def server(socket_enabled: None) -> Iterator[MailServer]:
    with mail_server() as found:
        yield found


@pytest.fixture
def settings(settings: Any, server: MailServer) -> Any:
    sender = "Inkling <inkling@example.org>"
    return replace(settings, smtp_url=server.url, mail_from=sender, public_url="https://inkling.example.org")


@pytest.fixture
def context(app: Any) -> ServingContext:
    return app.extensions["inkling"]


@pytest.fixture
def me(client: Any) -> Device:
    return pair(client)


def subscribe(device: Device, context: ServingContext, email: str = ANN, every: str = "daily", **more: str) -> None:
    answer = device.call("PATCH", "/v1/me", {"digest": {"email": email, "every": every, **more}})
    assert answer.status_code == 200, answer.json
    with context.database.writing() as session:
        session.execute(text("UPDATE digest_addresses SET confirmed_at = 1 WHERE email = :email"), {"email": email})


def send(context: ServingContext, later: float = 0.0, *, forced: bool = False) -> list[str]:
    return [one.status for one in digests.send_due(context, context.now() + later, forced=forced)]


def mails(server: MailServer, email: str = ANN) -> list[Any]:
    """The digests to an address: not the link that confirms it."""
    return [message for message in server.to(email) if message["List-Unsubscribe"]]


def ids(message: Any) -> set[str]:
    body = message.get_body(("plain",)).get_content()
    return {line.rsplit("/", 1)[-1] for line in body.splitlines() if "arXiv: " in line}


def test_a_digest_is_mailed_once_a_period(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(*(card(number) for number in range(1, 6)))
    me.log(event("save", "2401.00001"))
    subscribe(me, context)
    assert send(context) == ["sent"]
    assert send(context) == send(context, forced=True) == []
    [mail] = mails(server)
    assert ids(mail) == {f"2401.0000{number}" for number in range(2, 6)}
    assert "which you saved" in mail.get_body(("plain",)).get_content()
    assert "https://inkling.example.org/library" in mail.get_body(("html",)).get_content()


def test_no_paper_is_mailed_twice_and_no_mail_is_empty(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1), card(2))
    subscribe(me, context)
    assert send(context) == ["sent"]
    assert send(context, DAY) == ["empty"]
    assert send(context, DAY + HOUR / 2) == [], "looked at again too soon"
    me.rank(card(3), card(1))
    assert send(context, DAY + 2 * HOUR) == ["sent"]
    assert [ids(mail) for mail in mails(server)] == [{"2401.00001", "2401.00002"}, {"2401.00003"}]


def test_weekly_is_once_a_week(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(*(card(number) for number in range(1, 20)))
    subscribe(me, context, every="weekly")
    assert send(context) == ["sent"]
    days = [day for day in range(1, 9) if send(context, day * DAY) == ["sent"]]
    assert len(days) == 1
    assert period_of("weekly", context.now()) != period_of("weekly", context.now() + days[0] * DAY)
    first, second = mails(server)
    assert len(ids(first)) == 15
    assert not ids(first) & ids(second)


def test_nothing_goes_to_an_address_that_is_not_confirmed(
    me: Device, context: ServingContext, server: MailServer
) -> None:
    me.rank(card(1))
    subscribe(me, context)
    me.call("PATCH", "/v1/me", {"digest": {"email": "stranger@example.org"}})
    assert send(context) == []
    assert mails(server, "stranger@example.org") == mails(server) == []
    assert len(server.to("stranger@example.org")) == 1  # the link


def test_two_readers_get_their_own(me: Device, other: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1), card(2), card(4))
    me.log(event("save", "2401.00001"))
    other.rank(card(1), card(2), card(4))
    other.log(event("save", "2401.00002"))
    subscribe(me, context)
    subscribe(other, context, "bob@example.org", language="de")
    assert send(context) == ["sent", "sent"]
    assert ids(mails(server)[0]) == {"2401.00002", "2401.00004"}
    bob = mails(server, "bob@example.org")[0]
    assert ids(bob) == {"2401.00001", "2401.00004"}
    assert bob["Content-Language"] == "de"
    assert "Deine Bibliothek" in bob.get_body(("html",)).get_content()


def test_what_the_server_refuses_is_tried_again_and_then_given_up(
    me: Device, context: ServingContext, server: MailServer
) -> None:
    me.rank(card(1))
    subscribe(me, context)
    server.refuse = {"data": ["451 not now"]}
    assert send(context) == ["retry"]
    assert send(context) == [], "tried again at once"
    assert send(context, HOUR) == ["sent"]
    assert [ids(mail) for mail in mails(server)] == [{"2401.00001"}]
    me.rank(card(2))
    server.refuse = {"rcpt": ["451 not now"] * 20}
    tried = [status for hour in range(13) for status in send(context, DAY + hour * HOUR)]
    assert tried == ["retry"] * (digests.MAX_TRIES - 1) + ["failed"]
    assert "could not be mailed" in me.client.get("/readyz").json["checks"]["mail"]["reason"]
    server.refuse = {}
    assert send(context, 2 * DAY) == ["sent"]
    assert ids(mails(server)[-1]) == {"2401.00002"}, "what was never mailed is not lost"


def test_an_address_that_is_refused_for_good_is_given_up_at_once(
    me: Device, context: ServingContext, server: MailServer
) -> None:
    me.rank(card(1))
    subscribe(me, context)
    server.refuse = {"rcpt": ["550 no such mailbox"]}
    assert send(context) == ["failed"]
    assert send(context, HOUR) == []
    assert send(context, forced=True) == ["sent"], "the operator can insist"


def test_a_server_that_is_away_costs_nobody_a_digest(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1))
    subscribe(me, context)
    port, away = server.port, replace(context, settings=replace(context.settings, smtp_url="smtp://127.0.0.1:1"))
    for later in range(20):
        with pytest.raises(digests.MailUnavailable):
            send(away, later * HOUR / 30)
    checks = me.client.get("/readyz").json["checks"]
    assert checks["mail"]["status"] == "degraded"
    assert "127.0.0.1:1" in checks["mail"]["reason"]
    assert server.port == port
    assert send(context) == ["sent"]
    assert me.client.get("/readyz").json["checks"]["mail"] == {"status": "ok"}


def test_what_may_have_arrived_is_not_mailed_twice_and_the_reader_is_told(
    me: Device, context: ServingContext, server: MailServer
) -> None:
    me.rank(card(1), card(2))
    subscribe(me, context)
    server.breaks_off = True
    assert send(context) == ["unknown"]
    server.breaks_off = False
    assert send(context, HOUR, forced=True) == []
    me.rank(card(4))
    assert send(context, DAY) == ["sent"]
    assert [ids(mail) for mail in mails(server)] == [{"2401.00001", "2401.00002"}, {"2401.00004"}]
    assert "may not have reached you" in mails(server)[1].get_body(("html",)).get_content()
    assert "may not have reached you" not in mails(server)[0].get_body(("html",)).get_content()
    assert "may not have arrived" in me.client.get("/readyz").json["checks"]["mail"]["reason"]


def test_a_process_that_was_overtaken_mails_nothing(
    me: Device, context: ServingContext, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    me.rank(card(1))
    subscribe(me, context)
    compose, became = digests._compose, []

    def slow(*asked: Any) -> Any:
        monkeypatch.setattr(digests, "_compose", compose)
        became.extend(send(context, digests.LEASE + 1))  # meanwhile, after the claim has run out
        return compose(*asked)

    monkeypatch.setattr(digests, "_compose", slow)
    assert send(context) == ["overtaken"]
    assert became == ["sent"]
    assert len(mails(server)) == 1


def test_a_preview_mails_and_keeps_nothing(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1))
    subscribe(me, context)
    [one] = digests.preview(context, context.now())
    assert (one.status, one.to) == ("due", "a…@e….org")
    assert one.subject.startswith("1 paper for you: ")
    assert one.papers == ("2401.00001  On diffusion of heat images, part 1",)
    assert mails(server) == []
    with context.database.reading() as session:
        assert rows.mailed_papers(session, me.reader_id) == set()
        assert rows.states(session, [period_of("daily", context.now())]) == {}
    assert send(context) == ["sent"]
    assert [one.status for one in digests.preview(context, context.now())] == ["sent"]


def test_another_reader_s_page_texts_are_in_nobody_elses_digest(
    me: Device, other: Device, context: ServingContext, server: MailServer
) -> None:
    me.rank(card(1))
    subscribe(other, context, "bob@example.org")
    assert send(context) == ["empty"]
    assert mails(server, "bob@example.org") == []


def test_starting_over_and_leaving_end_the_digest(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1))
    subscribe(me, context)
    assert send(context) == ["sent"]
    me.post("/v1/me/reset", {})
    assert send(context, DAY) == []
    with context.database.reading() as session:
        assert rows.mailed_papers(session, me.reader_id) == set()
        assert rows.address(session, me.reader_id) is None
    subscribe(me, context)
    me.call("DELETE", "/v1/me")
    assert send(context, 2 * DAY) == []


def test_a_second_worker_sees_the_same(me: Device, context: ServingContext, server: MailServer) -> None:
    me.rank(card(1))
    subscribe(me, context)
    another = create_app(context.settings).extensions["inkling"]
    assert send(another) == ["sent"]
    assert send(context) == []
    another.close()


def test_a_digest_that_cannot_be_made_ends_no_other(
    me: Device, other: Device, context: ServingContext, server: MailServer
) -> None:
    for device, email in ((me, ANN), (other, "bob@example.org")):
        device.rank(card(1))
        subscribe(device, context, email)
    bad = "=?utf-8?q?victim=40example.org=2C?=@evil.org"  # as kept before it was refused
    with context.database.writing() as session:
        wishes = readers.find(session, me.reader_id)["settings"]["digest"]
        readers.set_settings(session, me.reader_id, {"digest": {**wishes, "email": bad}})
        session.execute(text("UPDATE digest_addresses SET email = :bad WHERE reader_id = :me"), _named(me, bad))
    assert sorted(one.status for one in digests.preview(context, context.now())) == ["due", "failed"]
    assert sorted(send(context)) == ["retry", "sent"]
    assert len(mails(server, "bob@example.org")) == 1
    assert mails(server, "victim@example.org") == []
    tried = [status for hour in range(1, 13) for status in send(context, hour * HOUR)]
    assert tried == ["retry"] * (digests.MAX_TRIES - 2) + ["failed"]
    assert "could not be mailed" in me.client.get("/readyz").json["checks"]["mail"]["reason"]


def _named(me: Device, email: str) -> dict[str, str]:
    return {"me": me.reader_id, "bad": email}


def test_what_breaks_after_the_server_may_have_it_is_not_mailed_again(
    me: Device, context: ServingContext, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    me.rank(card(1))
    subscribe(me, context)
    hand, broken = digests.mail.send, ["once"]

    def breaks(*asked: Any) -> None:
        hand(*asked)
        if broken:
            raise RuntimeError(broken.pop())

    monkeypatch.setattr(digests.mail, "send", breaks)
    assert send(context) == ["unknown"]
    assert send(context, HOUR, forced=True) == []
    assert len(mails(server)) == 1


LEAVING = {
    "unsubscribed": lambda bob, _context: bob.call("PATCH", "/v1/me", {"digest": {"every": "off"}}),
    "moved": lambda bob, _context: bob.call("PATCH", "/v1/me", {"digest": {"email": "new@example.org"}}),
    "moved and confirmed": lambda bob, context: subscribe(bob, context, "new@example.org"),
    "deleted": lambda bob, _context: bob.call("DELETE", "/v1/me"),
}


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("moment", ["listed", "composed"])
def test_who_leaves_meanwhile_gets_none_and_the_others_get_theirs(
    me: Device,
    other: Device,
    context: ServingContext,
    server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    moment: str,
) -> None:
    third = pair(me.client, code=me.post("/v1/pairing-codes", {"reader": "new"}).json["code"])
    for device, email in ((me, ANN), (other, "bob@example.org"), (third, "eve@example.org")):
        device.rank(card(1))
        subscribe(device, context, email)
    compose, composed = digests._compose, []

    def meanwhile(*asked: Any) -> Any:
        composed.append(asked[1].reader_id)
        if (composed == [me.reader_id]) if moment == "listed" else (composed[-1] == other.reader_id):
            LEAVING[how](other, context)
        return compose(*asked)

    monkeypatch.setattr(digests, "_compose", meanwhile)
    became = send(context)
    confirmed = how == "moved and confirmed" and moment == "listed"
    assert became == ["sent", *(["unwanted"] if moment == "composed" else ["sent"] if confirmed else []), "sent"]
    assert mails(server, "bob@example.org") == []
    assert len(mails(server, "new@example.org")) == confirmed
    assert len(mails(server)) == len(mails(server, "eve@example.org")) == 1
    monkeypatch.setattr(digests, "_compose", compose)
    assert send(context) == (["sent"] if how == "moved and confirmed" and not confirmed else [])
