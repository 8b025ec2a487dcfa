"""Sentences in every language that Inkling speaks: those of the pages, of mails and of feeds. Knows no request.

The English is in the code and the templates; `pages/locales` has the rest, as text.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).parent / "pages" / "locales"
NAMES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"

Translate = Callable[[str], str]


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
