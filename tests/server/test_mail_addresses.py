"""Addresses of mail."""

from __future__ import annotations

import pytest

from server.mail_addresses import SmtpServer, masked, read_address, read_sender, read_server


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann.B+inkling@Example.ORG ", "Ann.B+inkling@example.org"),
        ("o'hara@localhost", "o'hara@localhost"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_address(text: str, address: str) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "ann", "@example.org", "ann@", "ann@@example.org", "a b@example.org", "ann@exa mple.org"),
        *(".ann@example.org", "ann.@example.org", "a..b@example.org", "ann@-example.org", "ann@example..org"),
        *("ann@example.org\nBcc: b@example.org", "ann@example.org,b@example.org", '"a b"@example.org', "Ann <a@b.org>"),
        *(
            "ä@example.org",
            "a@[127.0.0.1]",
            "a" * 65 + "@example.org",
            "a@" + "b" * 64 + ".org",
            "a@" + "b." * 130 + "c",
        ),
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        read_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("=?utf-8?b?YQ0KUkNQVA==?=@evil.org", "=?utf-8?q?victim=40example.org=2C?=@evil.org", "=?@evil.org"),
        *("a.=?iso-8859-1?Q?b=2Cc?=@evil.org", "=?US-ASCII?q?=22a=2C_b=22?=@evil.org"),
    ],
)
def test_an_encoded_word_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="one e-mail address"):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://mail", SmtpServer("mail", 25, False, None)),
        ("smtp://mail:2525/", SmtpServer("mail", 2525, False, None)),
        ("smtp://a%40b:c%3Ad@mail", SmtpServer("mail", 587, False, None, "a@b", "c:d")),
        ("smtps://u:p@mail", SmtpServer("mail", 465, True, None, "u", "p")),
        ("smtp://mail?starttls=on", SmtpServer("mail", 25, False, True)),
        ("smtp://[::1]:1025?starttls=off", SmtpServer("::1", 1025, False, False)),
    ],
)
def test_a_server(text: str, server: SmtpServer) -> None:
    assert read_server(text) == server


@pytest.mark.parametrize(
    "text",
    [
        *("mail", "http://mail", "smtp://", "smtp://mail:0", "smtp://mail:99999", "smtp://mail/path", "smtp://mail#x"),
        *("smtp://u@mail", "smtp://mail?starttls=perhaps", "smtp://mail?other=on", "smtp://ma\nil"),
    ],
)
def test_no_server(text: str) -> None:
    with pytest.raises(ValueError, match="smtp:// or smtps://"):
        read_server(text)


@pytest.mark.parametrize("host", ["mail..example.org", ".example.org", "a" * 64 + ".org"])
def test_a_host_that_nothing_can_be_connected_to_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="name of a host"):
        read_server(f"smtp://{host}")


@pytest.mark.parametrize("signed_in", ["u:p%C3%A4ss", "u:päss", "%D1%8F:p", "u:%FF"])
def test_a_password_that_servers_read_differently_is_refused(signed_in: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        read_server(f"smtp://{signed_in}@mail")


@pytest.mark.parametrize("host", ["my_mail", "mail.example.org.", "bücher.example"])
def test_other_hosts_are_left_to_the_resolver(host: str) -> None:
    assert read_server(f"smtp://{host}").host == host


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(read_server("smtp://u:secret@mail"))


def test_a_sender() -> None:
    assert read_sender("Inkling <a@example.org>") == "Inkling <a@example.org>"
    assert read_sender("a@example.org") == "a@example.org"
    assert read_sender(read_sender("Größe <a@example.org>")) == read_sender("Größe <a@example.org>")
    for text in ("Inkling", "a@example.org\r\nBcc: b@example.org", "<>"):
        with pytest.raises(ValueError, match="an e-mail address"):
            read_sender(text)


def test_a_masked_address_is_known_to_its_owner_alone() -> None:
    assert masked("ann@mail.example.org") == "a…@m….org"
    assert masked("ann@localhost") == "a…@l…"
