"""What mails say, read back as a mail program reads them."""

from __future__ import annotations

import email
from email.policy import default
from typing import Any

import pytest
from lxml import html

from server.mail import messages

LETTER = messages.Letter("Größe <inkling@example.org>", "ann@example.org", "en", 1795700000.0, "digest.x")
LONG = "https://inkling.lab.department.university.example.org/some/prefix"
LINKS = messages.Links(f"{LONG}/", f"{LONG}/library", f"{LONG}/settings", f"{LONG}/digest/stop/{'0' * 57}")
PAPER = {
    "id": "2401.00001",
    "title": "On heat",
    "abstract": "We study heat.",
    "authors": ["A. B."],
    "categories": ["cs.LG"],
    "published_at": "2026-11-20T00:00:00Z",
    "url": "https://arxiv.org/abs/2401.00001",
}
HOSTILE = {
    "headers": "x\r\nBcc: victim@example.org\r\n\r\nbody",
    "separators": "x\u2028Bcc: v@example.org\u2029\x85y\x0bz\x1c",
    "bidi": "\u202egnp.exe\u2066 \u200f\u061c",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "template": "{{ 7 * 7 }}{% include 'x' %}",
    "endless": "a" * 3000,
    "words": "word " * 2000,
    "encoded": "=?utf-8?q?evil?= =0D=0ABcc: v@example.org",
    "half": "a\udc00b",
    "astral": "😀" * 500,
    "dot": ".\n.\r\n.",
}


def listed(**facts: Any) -> messages.Listed:
    paper = {**PAPER, **facts}
    return messages.listed(paper, "Close to “X”", "https://arxiv.org/pdf/1", f"{LONG}/papers/1", "en")


def read(message: Any) -> Any:
    return email.message_from_bytes(message.as_bytes(), policy=default)


def made(*papers: messages.Listed, language: str = "en", **more: Any) -> Any:
    letter = messages.Letter(**{**vars(LETTER), "language": language})
    options = {"weekly": False, "last_unknown": False, **more}
    return read(messages.digest(letter, papers or (listed(),), LINKS, **options))


def test_the_headers_of_a_digest() -> None:
    mail = made(listed(), listed(title="Another"))
    assert mail["Subject"] == "2 papers for you: On heat"
    assert (mail["To"], mail["Message-ID"]) == ("ann@example.org", "<digest.x@example.org>")
    assert str(mail["From"].addresses[0]) == "Größe <inkling@example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "en")
    assert mail["Date"].datetime.timestamp() == LETTER.sent_at
    assert mail["List-Id"] == "Inkling <digest.example.org>"


def test_a_long_address_to_unsubscribe_stays_whole() -> None:
    raw = messages.digest(LETTER, [listed()], LINKS, weekly=False, last_unknown=False).as_bytes()
    assert f"\r\nList-Unsubscribe: <{LINKS.stop}>\r\n".encode() in raw


def test_text_and_html_say_the_same() -> None:
    mail = made(listed())
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text = mail.get_body(("plain",)).get_content()
    page = html.fromstring(mail.get_body(("html",)).get_content())
    for said in ("On heat", "We study heat.", "A. B.", "Close to “X”", "Nov 20, 2026 · cs.LG"):
        assert said in text
        assert said in page.text_content()
    links = {element.get("href") for element in page.iter("a")}
    assert links == {PAPER["url"], "https://arxiv.org/pdf/1", f"{LONG}/papers/1", *vars(LINKS).values()}
    assert all(link in text for link in links)
    assert all(len(line) <= messages.WIDTH for line in text.splitlines() if "https://" not in line)


@pytest.mark.parametrize("field", ["title", "abstract", "authors", "categories"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_of_a_paper_acts_on_a_mail(kind: str, field: str) -> None:
    value: Any = [HOSTILE[kind]] if field in {"authors", "categories"} else HOSTILE[kind]
    raw = messages.digest(LETTER, [listed(**{field: value})], LINKS, weekly=False, last_unknown=False).as_bytes()
    mail = email.message_from_bytes(raw, policy=default)
    assert sorted(mail.keys()) == sorted(made().keys())
    assert not mail.defects
    assert mail["Bcc"] is None
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    page = html.fromstring(mail.get_body(("html",)).get_content())
    assert not page.xpath("//script | //img | //*[@onmouseover] | //*[@onerror]")
    whole = mail["Subject"] + mail.get_body(("plain",)).get_content() + page.text_content()
    assert not set(whole) & set("\u202e\u2066\u200f\u061c\x85\x0b\x1c\u2028\u2029\udc00")
    assert "49" not in mail["Subject"]
    assert len(mail["Subject"]) < 140


def test_a_paper_that_is_known_by_its_title_alone() -> None:
    bare = listed(abstract=None, authors=[], categories=[], published_at=None)
    mail = made(bare)
    assert "On heat" in mail.get_body(("plain",)).get_content()
    assert (bare.facts, bare.abstract, bare.more_authors) == ("", "", 0)


def test_many_authors_are_counted() -> None:
    mail = made(listed(authors=[f"Author {number}" for number in range(1, 31)]))
    assert "Author 4 and 26 more" in " ".join(mail.get_body(("plain",)).get_content().split())


def test_a_digest_in_german() -> None:
    mail = made(listed(), listed(), language="de", weekly=True, last_unknown=True)
    assert mail["Subject"] == "2 Papers für dich: On heat"
    text = mail.get_body(("plain",)).get_content()
    assert "einmal in der Woche" in text
    assert "hat dich vielleicht nicht erreicht" in " ".join(text.split())
    assert html.fromstring(mail.get_body(("html",)).get_content()).get("lang") == "de"


def test_the_link_that_confirms_an_address() -> None:
    mail = read(messages.confirmation(LETTER, f"{LONG}/digest/confirm/x", LONG))
    assert f"\n{LONG}/digest/confirm/x\n" in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    page = html.fromstring(mail.get_body(("html",)).get_content())
    assert {element.get("href") for element in page.iter("a")} == {f"{LONG}/digest/confirm/x"}
    assert mail["List-Unsubscribe"] is None
