"""What mails say: the digest and the link that confirms an address, as text and HTML, in the reader's language."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import formatdate, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

from babel import dates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.characters import one_line
from server.mail_addresses import read_address
from server.translations import translations

WIDTH = 72  # characters of a line of the text
LONGEST = {"title": 300, "abstract": 420, "why": 240, "subject": 90}
AUTHORS = 4
_TEMPLATES = Path(__file__).parent / "templates"


class _WholeHeader(UnstructuredHeader):
    """A header of one long word, which Python would break into encoded words that no mail program reads."""

    def fold(self, *, policy: EmailPolicy) -> str:
        """Return the header on one line."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


def _policy() -> Any:
    registry = HeaderRegistry()
    registry.map_to_type("list-unsubscribe", _WholeHeader)  # type: ignore[arg-type]
    return SMTP.clone(header_factory=registry)


POLICY = _policy()


@dataclass(frozen=True)
class Letter:
    """Whom a mail is for, and in which language."""

    sender: str
    recipient: str
    language: str
    sent_at: float
    key: str  # makes the Message-ID: the same for the same mail


@dataclass(frozen=True)
class Listed:
    """A paper in a digest; every text is on one line."""

    title: str
    url: str
    pdf: str
    own_page: str
    authors: tuple[str, ...]
    more_authors: int
    facts: str
    why: str
    abstract: str


@dataclass(frozen=True)
class Links:
    """Addresses that a digest leads to."""

    to_read: str
    library: str
    settings: str
    stop: str


def listed(paper: dict[str, Any], why: str, pdf: str, own_page: str, language: str) -> Listed:
    """Return a paper as a digest shows it: nothing in it can act on a mail program, and nothing is endless."""
    authors = [name for name in (one_line(author) for author in paper["authors"]) if name]
    day = (
        dates.format_date(date.fromisoformat(paper["published_at"][:10]), "medium", locale=language)
        if (paper["published_at"])
        else ""
    )
    return Listed(
        title=_shortened(one_line(paper["title"] or "") or paper["id"], LONGEST["title"]),
        url=paper["url"],
        pdf=pdf,
        own_page=own_page,
        authors=tuple(_shortened(name, 60) for name in authors[:AUTHORS]),
        more_authors=max(0, len(authors) - AUTHORS),
        facts=" · ".join(fact for fact in (day, *map(one_line, paper["categories"][:3])) if fact),
        why=_shortened(one_line(why), LONGEST["why"]),
        abstract=_shortened(one_line(paper["abstract"] or ""), LONGEST["abstract"]),
    )


def _shortened(text: str, longest: int) -> str:
    """Return the text, cut at the end of a word where it is too long."""
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[longest // 2 :] else cut}…"


def digest(letter: Letter, papers: Sequence[Listed], links: Links, *, weekly: bool, last_unknown: bool) -> EmailMessage:
    """Return the digest of a day or week; `last_unknown` when the one before may not have arrived."""
    told = translations(letter.language)
    heading = told.ngettext("%(count)s paper for you", "%(count)s papers for you", len(papers)) % {"count": len(papers)}
    # A title that is cut short says more than none.
    subject = f"{heading}: {_shortened(papers[0].title, LONGEST['subject'])}"
    day = dates.format_date(date.fromtimestamp(letter.sent_at), "full", locale=letter.language)
    said = {"heading": heading, "day": day, "papers": papers, "links": links, "weekly": weekly, "lost": last_unknown}
    message = _message(letter, subject, "digest", said)
    message["List-Unsubscribe"] = f"<{links.stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Id"] = f"Inkling <digest.{_domain(letter.sender)}>"
    return message


def confirmation(letter: Letter, link: str, server: str) -> EmailMessage:
    """Return the mail with the link that confirms an address."""
    subject = translations(letter.language).gettext("Shall Inkling mail you what to read?")
    return _message(letter, subject, "confirm", {"link": link, "server": server})


def _message(letter: Letter, subject: str, template: str, said: dict[str, Any]) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["From"] = letter.sender
    message["To"] = read_address(letter.recipient)  # a header decodes what is not plainly one address
    message["Subject"] = one_line(subject)
    message["Date"] = formatdate(letter.sent_at, usegmt=True)
    message["Message-ID"] = f"<{letter.key}@{_domain(letter.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    said = {"language": letter.language, "subject": subject, **said}
    for kind, add in (("txt", message.set_content), ("html", message.add_alternative)):
        text = _environment(letter.language, kind).get_template(f"{template}.{kind}").render(said)
        add(text, subtype={"txt": "plain"}.get(kind, kind), cte="quoted-printable")
    message["Content-Language"] = letter.language  # adding a body would have moved it there
    return message


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


@cache
def _environment(language: str, kind: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=kind == "html",  # noqa: S701 - the other kind is plain text
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["wrapped"] = _wrapped
    return environment


def _wrapped(text: str, indent: str = "") -> str:
    """Return lines of at most WIDTH characters; an address stays whole."""
    how: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent, **how)
