"""A source's text and times are cleaned before they are kept."""

from __future__ import annotations

import pytest

from server.sources.paper import MAX_TEXT, clean_text, parse_time, public_url


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  A\n title\t\x00here ", "A title here"),
        ("half \ud800 a pair", "half ? a pair"),
        (" \x1f\n", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_text_is_one_line_that_a_database_takes(text: object, kept: str | None) -> None:
    assert clean_text(text) == kept


def test_a_text_without_end_is_cut() -> None:
    assert len(clean_text("x" * 10**6) or "") == MAX_TEXT


def test_a_time_that_is_none_is_unknown() -> None:
    assert parse_time(" 1970-01-01T00:01:00Z\n") == 60.0
    assert [parse_time(text) for text in ("soon", "", None, 5)] == [None] * 4


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/someone/some-code",
        "http://project.example.org/",
        "HTTPS://Project.GitHub.io/path?x=1#part",
        "https://example.org:8443/a/b_(c)~d",
        "https://xn--bcher-kva.de/",
        "https://93.184.215.14/page",
        "https://a.b.xn--p1ai",
        "https://example.org/über",
    ],
)
def test_an_address_that_everybody_can_reach_is_kept(address):
    assert public_url(f" {address}\n") == address


@pytest.mark.parametrize(
    "address",
    [
        *(None, 3, ["https://example.org"], "", "example.org", "//example.org", "someone/some-code"),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.org/", "https://"),
        *(
            "http://localhost/",
            "http://localhost:8765/",
            "http://router/",
            "http://printer.local/",
            "http://a.internal/",
        ),
        *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/"),
        *(
            "http://10.0.0.1/",
            "http://192.168.1.1",
            "http://169.254.169.254/latest",
            "http://[::1]/",
            "http://[fd00::1]/",
        ),
        *("http://[::ffff:127.0.0.1]/", "http://100.64.0.1/", "http://0.0.0.0/", "http://224.0.0.1/"),
        *("https://user:secret@example.org/", "https://example.org@127.0.0.1/", "https://example.org\\@127.0.0.1/"),
        *("https://exa mple.org/", "https://example.org/a b", "https://example.org/\x1b[2J", "https://example.org/<b>"),
        *("https://example.org:99999/", "https://[::1", "https://bücher.de/", "https://-a.org/", "https://a..org/"),
        *("https://example.org/\ud800", "https://example.org/" + "x" * 3000, 'https://example.org/"onclick="'),
    ],
)
def test_any_other_address_is_left_out(address):
    assert public_url(address) is None
