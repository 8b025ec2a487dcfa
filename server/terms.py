"""Text as the words under which search finds it: one spelling for each word, on whatever database. Pure.

Unlike the recommender's tokenizer it leaves nothing out, since what is typed is looked for: stop words, numbers, "C++".
A text's terms are those of its pieces between spaces, so that a match can be traced back to the words of the text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_CHARACTERS = 30_000  # of a text that are read; an abstract has two thousand
MAX_TERM = 100  # characters
MAX_BYTES = 200_000  # of a field's terms: PostgreSQL takes a megabyte for all four
GAP = "¶"  # stands between two entries of a list, so that no phrase reaches from one into the other

# Chinese, kana, Thai to Khmer, Korean: written without spaces, or with particles written onto the word.
_UNSPACED = (
    "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uac00-\ud7a3"
)
_WORD = rf"(?:[^\W_{_UNSPACED}]|[\u0900-\u0963\u0966-\u0dff])+(?:\+\+|\#)?"
_COMPOUND = re.compile(rf"[{_UNSPACED}]|{_WORD}(?:[-\u2010-\u2015\u2212]{_WORD})*")
_HYPHEN = re.compile("[-\u2010-\u2015\u2212]")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
# Accents and points that a reader may leave out; in Indian scripts a mark makes another letter.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u00ad\u200b-\u200f\u2060\ufeff]+"
)
# Python reads no number of thousands of digits.
_HUGE_REFERENCE = re.compile("&#[0-9]{8,};?")
_APOSTROPHE = re.compile(r"['’](?:s\b)?")
_LATEX_ACCENT = re.compile(r"\\[`'^\"~=.][{]?\\?([A-Za-z])[}]?")
_LATEX_STYLE = re.compile(r"\\(?:text|math)(?:bf|it|tt|rm|sc|sf|bb|cal|frak|scr)\b|\\emph\b")
_PUNCTUATION = '.,;:!?()"$'  # around words, and never a part of one
_GREEK = re.compile("[\u03b1-\u03c9]")


class Terms(NamedTuple):
    """The terms of a text in order, and those of its hyphenated words written as one (`gptfour` for "GPT-four")."""

    words: tuple[str, ...]
    joined: tuple[str, ...] = ()


def terms_of(text: str) -> Terms:
    """Return the terms of a text; at most `MAX_CHARACTERS` of it are read."""
    found = [_terms_of_piece(piece) for piece in text[:MAX_CHARACTERS].split()]
    if len(found) == 1:
        return found[0]
    return Terms(
        tuple([word for words, _ in found for word in words]),
        tuple([one for _, joined in found if joined for one in joined]),
    )


def indexed(texts: Iterable[str]) -> str:
    """Return the terms of a field's texts as one string, separated by spaces, with a `GAP` between two texts."""
    found = [terms_of(text) for text in texts]
    entries = [*(" ".join(words) for words, _ in found if words), *(one for _, joined in found for one in joined)]
    joined = f" {GAP} ".join(entries)
    if len(joined) * 4 <= MAX_BYTES:
        return joined
    return joined.encode()[:MAX_BYTES].decode(errors="ignore").rpartition(" ")[0]


def indexed_names(names: Iterable[str]) -> str:
    """Return the terms of authors' names, each also with the first name's initial and without middle names."""
    return indexed(form for name in _within(names) for form in _name_forms(name))


def _within(names: Iterable[str]) -> Iterable[str]:
    left = MAX_CHARACTERS
    for name in names:
        left -= len(name)
        if left < 0:
            return
        yield name


def _name_forms(name: str) -> Sequence[str]:
    last, comma, first = name.partition(",")
    words = [*first.split(), *last.split()] if comma else name.split()
    if len(words) < 2:
        return [" ".join(words)]
    whole, short, initial = " ".join(words), f"{words[0]} {words[-1]}", f"{words[0][0]} {words[-1]}"
    return list(dict.fromkeys((whole, short, initial)))


def name_terms(name: str) -> tuple[str, ...]:
    """Return the terms of one author's name as typed, `Ann Lee` or `Lee, Ann`, in the order that is indexed."""
    return terms_of(_name_forms(name)[0]).words


@lru_cache(maxsize=1 << 15)  # most texts use the same few thousand words
def _terms_of_piece(piece: str) -> Terms:
    """Return the terms of a piece of text without spaces."""
    plain = piece.strip(_PUNCTUATION)
    if plain.isascii() and plain.isalpha():  # as nine pieces of ten: what follows comes to the same
        return Terms((stem(plain.lower()[:MAX_TERM]),))
    words: list[str] = []
    joined: list[str] = []
    for compound in _COMPOUND.findall(_fold(piece)):
        parts = [_spelled(part) for part in _HYPHEN.split(compound)]
        words += parts
        if len(parts) > 1 and not all(part.isdigit() for part in parts):
            joined.append("".join(parts)[:MAX_TERM])
    return Terms(tuple(words), tuple(joined))


def _fold(piece: str) -> str:
    if "&" in piece:
        piece = html.unescape(_HUGE_REFERENCE.sub(" ", piece))
    if "\\" in piece:
        piece = _LATEX_STYLE.sub(" ", _LATEX_ACCENT.sub(r"\1", piece))
    piece = _APOSTROPHE.sub("", piece)
    if piece.isascii():
        return piece.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", piece).casefold())
    return unicodedata.normalize("NFC", plain)


def _spelled(word: str) -> str:
    if len(word) == 1 and _GREEK.match(word):  # as LaTeX writes it
        return unicodedata.name(word).rsplit(maxsplit=1)[-1].lower().replace("lamda", "lambda")
    word = word.replace("++", "plusplus").replace("#", "sharp")[:MAX_TERM]
    return stem(word) if word.isascii() else word


def stem(word: str) -> str:
    """Strip the plural ending of an English word by the S stemmer (Harman 1991).

    >>> [stem(word) for word in ("studies", "images", "classes", "analysis", "gaussian")]
    ['study', 'image', 'class', 'analysis', 'gaussian']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes", "zzes")) else word[:-1]


def is_unspaced(word: str) -> bool:
    """Whether a term is one letter of a script written without spaces."""
    return _IS_UNSPACED.match(word) is not None
