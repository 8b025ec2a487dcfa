"""The sentences of pages, mails and feeds: each in every language, none left over, the same blanks in each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import server
from server import translations

ROOM = Path(server.__file__).parent
WRITTEN = ("pages/templates/**/*.html", "mail/templates/*")
METHODS = [("**.py", "python"), ("pages/templates/**.html", "jinja2"), ("mail/templates/**", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
BLANK = re.compile(r"%\(\w+\)s")
OTHERS = [name for name in translations.NAMES if name != translations.DEFAULT]

Sentence = str | tuple[str, ...]


def used() -> dict[Sentence, str]:
    found = extract_from_dir(ROOM, METHODS, keywords=KEYWORDS)
    return {said if isinstance(said, str) else tuple(said[:2]): f"{file}:{line}" for file, line, said, *_ in found}


def forms(sentence: Sentence) -> tuple[str, ...]:
    return (sentence,) if isinstance(sentence, str) else tuple(sentence)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_and_every_translation_used(language: str) -> None:
    wanted = used()
    assert len(wanted) > 40
    had = {message.id: message for message in translations.catalogue(language) if message.id}
    missing = {place: said for said, place in wanted.items() if said not in had or not all(forms(had[said].string))}
    assert not missing
    assert not had.keys() - wanted.keys()
    assert not [said for said, message in had.items() if message.fuzzy]


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_blanks_of_its_sentence(language: str) -> None:
    for message in translations.catalogue(language):
        if message.id:
            for said, form in zip(forms(message.id), forms(message.string), strict=True):
                assert set(BLANK.findall(form)) == set(BLANK.findall(said)), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_translated_twice(language: str) -> None:
    texts = [path.read_text() for path in sorted((translations.LOCALES / language).glob("*.po"))]
    said = [found for text in texts for found in re.findall(r'^msgid (".+")$', text, re.MULTILINE)]
    assert len(said) == len(set(said))


def test_a_template_says_nothing_that_is_not_translated() -> None:
    """Words outside of `_()`: names and letters that are the same everywhere."""
    same = {"Inkling", "arXiv", "PDF", "DOI", "BibTeX", "RIS", "CSV", "JSON"}
    for path in sorted(path for pattern in WRITTEN for path in ROOM.glob(pattern)):
        text = re.sub(r"(?s)<style>.*?</style>", " ", path.read_text())
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;", " ", text, flags=re.DOTALL)
        assert set(re.findall(r"[^\W\d_]{2,}", text)) <= same, path.name
