"""The pages in English and German. The English is in the code and the templates; `locales` has the rest, as text."""

from __future__ import annotations

import io
from datetime import datetime
from functools import cache
from pathlib import Path

from babel import dates, numbers
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request

from server.pages.cookies import LANGUAGE

LOCALES = Path(__file__).parent / "locales"
NAMES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"


@cache
def translations(language: str) -> NullTranslations:
    """Return a language's sentences, compiled in memory; the first language is that of the code."""
    if language == DEFAULT:
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def catalogue(language: str) -> Catalog:
    """Return a language's sentences as its files have them."""
    whole = Catalog(locale=language)
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    whole.add(message.id, message.string, flags=message.flags)
    return whole


def install(app: Flask) -> None:
    """Read every language now, and give it to the templates."""
    for language in NAMES:
        translations(language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(language=chosen, languages=NAMES)
    app.jinja_env.filters.update(day=day, number=number)


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


def number(value: float) -> str:
    """Return a number as the reader's language writes it."""
    return numbers.format_decimal(value, locale=chosen())
