"""The language of a request, and its sentences, days and numbers for the pages."""

from __future__ import annotations

from datetime import UTC, datetime

from babel import dates, numbers
from flask import Flask, g, has_request_context, request

from server.pages.cookies import LANGUAGE
from server.translations import DEFAULT, NAMES, translations


def install(app: Flask) -> None:
    """Read every language now, and give it to the templates."""
    for language in NAMES:
        translations(language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(language=chosen, languages=NAMES)
    app.jinja_env.filters.update(day=day, moment=moment, number=number)


def chosen() -> str:
    """Return the language of this request: chosen by hand, or else what the browser asks for."""
    if not has_request_context():
        return DEFAULT
    if "language" not in g:
        by_hand = request.cookies.get(LANGUAGE)
        g.language = by_hand if by_hand in NAMES else request.accept_languages.best_match(list(NAMES), DEFAULT)
    return str(g.language)


def gettext(sentence: str) -> str:
    """Return a sentence in the reader's language."""
    return str(translations(chosen()).gettext(sentence))


def ngettext(one: str, many: str, count: int) -> str:
    """Return the form of a sentence that fits a number, in the reader's language."""
    return str(translations(chosen()).ngettext(one, many, count))


def day(moment: str | None) -> str:
    """Return the day of an RFC 3339 time, as the reader's language writes it; empty for none."""
    if not moment:
        return ""
    return dates.format_date(datetime.fromisoformat(moment), "medium", locale=chosen())


def moment(at: str) -> str:
    """Return an RFC 3339 time in UTC as the reader's language writes it; a script puts their own zone to it."""
    return f"{dates.format_datetime(datetime.fromisoformat(at), 'medium', tzinfo=UTC, locale=chosen())} UTC"


def number(value: float) -> str:
    """Return a number as the reader's language writes it."""
    return numbers.format_decimal(value, locale=chosen())


def in_every_language(sentence: str) -> list[str]:
    """Return a sentence in each of the languages, for what a reader may type in any."""
    return [str(translations(language).gettext(sentence)) for language in NAMES]
