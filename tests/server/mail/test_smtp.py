"""Handing a message to a real SMTP server, over every kind of connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from server.mail import smtp
from server.mail_addresses import read_server
from tests.server.mail_server import IN_URL, MailServer, mail_server, make_certificate


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """The servers are on this machine."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as found:
        yield found


def send(url: str, before_data: object = None) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "x"
    message.set_content("one\n.\ntwo\n")
    then = before_data if callable(before_data) else lambda: None
    smtp.send(read_server(url), message, "inkling@example.org", "ann@example.org", then)


def test_a_message_arrives(server: MailServer) -> None:
    before: list[int] = []
    send(server.url, lambda: before.append(len(server.taken)))
    assert before == [0]
    assert [(to, mail.get_content()) for to, mail, _ in server.taken] == [("ann@example.org", "one\n.\ntwo\n")]
    assert not server.was_encrypted


def test_starttls_and_a_password(certificate: Path) -> None:
    with mail_server(auth=True, certificate=certificate) as server:
        send(f"smtp://{IN_URL}@127.0.0.1:{server.port}")
        assert (server.was_encrypted, server.was_signed_in) == (True, True)
        for url in (server.url, f"smtp://inkling:wrong@127.0.0.1:{server.port}"):
            with pytest.raises((smtp.MailUnavailable, smtp.MailRefused)):
                send(url)
        with pytest.raises(smtp.MailUnavailable):
            send(f"smtp://{IN_URL}@127.0.0.1:{server.port}?starttls=off")
        assert len(server.taken) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")  # it does not count TLS from the start
def test_tls_from_the_start(certificate: Path) -> None:
    with mail_server(auth=True, certificate=certificate, tls=True) as server:
        send(f"smtps://{IN_URL}@127.0.0.1:{server.port}")
        assert server.was_signed_in
        with pytest.raises(smtp.MailUnavailable):
            send(f"smtps://inkling:wrong@127.0.0.1:{server.port}")


def test_a_server_without_encryption_is_refused_where_it_was_asked_for(server: MailServer) -> None:
    with pytest.raises(smtp.MailUnavailable, match="no STARTTLS"):
        send(f"{server.url}?starttls=on")
    assert server.taken == []


def test_a_password_leaves_this_machine_only_encrypted(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp.SmtpServer, "is_near", False)
    with pytest.raises(smtp.MailUnavailable, match="no STARTTLS"):
        send(f"smtp://{IN_URL}@127.0.0.1:{server.port}")
    assert server.arrived == []


def test_a_certificate_that_nobody_has_signed_is_refused_elsewhere(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp.SmtpServer, "is_near", False)
    for tls in (False, True):
        with mail_server(certificate=certificate, tls=tls) as server:
            with pytest.raises(smtp.MailUnavailable, match="certificate"):
                send(f"{'smtps' if tls else 'smtp'}://127.0.0.1:{server.port}")
            assert server.taken == []


@pytest.mark.parametrize("stage", ["rcpt", "data"])
@pytest.mark.parametrize(("answer", "for_good"), [("451 later\x1b[31m", False), ("550 never", True)])
def test_a_refusal_says_whether_it_is_for_good(server: MailServer, stage: str, answer: str, *, for_good: bool) -> None:
    server.refuse = {stage: [answer]}
    with pytest.raises(smtp.MailRefused) as found:
        send(server.url)
    assert found.value.for_good == for_good
    assert answer[:8].strip() in found.value.message
    assert "\x1b" not in found.value.message


def test_a_connection_that_breaks_while_the_message_is_taken_tells_nothing(server: MailServer) -> None:
    server.breaks_off = True
    with pytest.raises(smtp.MailUnknown):
        send(server.url)
    assert len(server.taken) == 1


@pytest.mark.parametrize("changed", [{"password": "pässword"}, {"user": "я"}, {"host": "mail..example.org"}])
def test_what_cannot_be_encoded_makes_the_server_unusable(certificate: Path, changed: dict[str, str]) -> None:
    with mail_server(auth=True, certificate=certificate) as server:
        settings = replace(read_server(f"smtp://{IN_URL}@127.0.0.1:{server.port}"), **changed)
        with pytest.raises(smtp.MailUnavailable, match="cannot be used"):
            smtp.send(settings, EmailMessage(), "inkling@example.org", "ann@example.org", lambda: None)
        assert server.arrived == []


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtp, "TIMEOUT", 0.2)
        for port in (silent.getsockname()[1], 1):
            with pytest.raises(smtp.MailUnavailable, match=f"127.0.0.1:{port} cannot be used"):
                send(f"smtp://127.0.0.1:{port}")


def test_what_stops_before_the_message_stops_it(server: MailServer) -> None:
    def no() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        send(server.url, no)
    assert server.taken == []
