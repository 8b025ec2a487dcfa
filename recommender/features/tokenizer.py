"""The tokenizer: titles and abstracts to words, without markup, case, plurals, accents or hyphens."""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_FORMATTING = (
    r"text(?:bf|it|tt|rm|sc|sf|sl|normal)?|math(?:bf|bb|cal|rm|it|sf|frak|tt|scr)?|emph|mbox|operatorname|href|url|cite[pt]?"
    r"|boldsymbol|bm|underline|xspace|footnote|left|right|big+l?r?|tilde|hat|bar|vec|dot|overline|widehat|widetilde"
    r"|item|begin|end|label|ref|eqref|quad|qquad|cdots?|ldots|dots|times|sim|approx|leq?|geq?|rightarrow|to|[dt]?frac|sqrt"
)
MAX_CHARACTERS = 30_000  # of a text that are read; an abstract has two thousand
MAX_WORD_CHARACTERS = 100  # longer tokens are not words

# Every pattern takes time proportional to the text, whatever the text: `tests/test_patterns.py` tries them all.
_HUGE_REFERENCE = re.compile(r"&#[0-9]{8,};?")  # names no character, and Python refuses to read it as a number
_ADDRESS = re.compile(r"(?:https?:\s?//|www\.)[^\s{}<>]+")
_TAG = re.compile(r"</?[a-zA-Z][\w:]*(?:\s[^<>]*)?/?>")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_BREAK_AFTER_HYPHEN = re.compile("[-\u2010\u2011][ \t]*\r?\n")
_BREAK_IN_WORD = re.compile("(?<=\\w)([-\u2010\u2011])[ \t]*\r?\n[ \t]*(?=\\w)")
_ACRONYMS = re.compile(r"\b(?=[0-9]*[A-Z][0-9]*[A-Z])([A-Z0-9]++)(?<=[A-Z])s\b")
_LATEX_ACCENT = re.compile(
    r"\\[`'^\"~=.uvHtcdbkr]\s*+(?:\{\s*)?\\?([A-Za-z])\s*\}?(?![A-Za-z])|\\[`'^\"~=.]\{?\\?([A-Za-z])\}?"
)
_LATEX_FORMATTING = re.compile(rf"\\(?:{_FORMATTING})(?![A-Za-z])\*?")
_LATEX_ABUTTING = re.compile(r"(?<=[A-Za-z])(?=\\[A-Za-z])")
_LATEX_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_LATEX_NOISE = re.compile(r"[{}$]|\\[^A-Za-z]|~")
_SCRIPT = re.compile(r"(?<=\w)[_^](?=\w)")
_GREEK = {
    code: unicodedata.name(chr(code)).rsplit(maxsplit=1)[-1].lower().replace("lamda", "lambda")
    for code in (*range(0x3B1, 0x3CA), 0x3D1, 0x3D5, *range(0x391, 0x3A2), *range(0x3A3, 0x3AA))
}  # a lone letter is read as its name, as LaTeX writes it
_LONE_GREEK = re.compile("(?<![\u0370-\u03ff])[\u0391-\u03a9\u03b1-\u03c9\u03d1\u03d5](?![\u0370-\u03ff])")
# Accents on Latin and Greek letters; points on Hebrew and Arabic ones. Elsewhere a mark makes another letter.
_COMBINING = re.compile(
    "(?<=[A-Za-z\u0131\u0370-\u03ff])[\u0300-\u036f]+|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7\u0610-\u061a\u064b-\u065f\u0670]+"
)
STACKED_MARKS = re.compile(r"([^\w\s]{30})[^\w\s]+")  # what exceeds 30 is dropped: ordering k marks takes k² steps
# Kana, Chinese characters, Thai to Khmer; and Korean, where particles are written onto the word.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uac00-\ud7a3"
_LETTERS = rf"(?:[^\W_{UNSPACED}]+|[\u0900-\u0963\u0966-\u0dff\u0300-\u036f]+|(?<=\d)\.(?=\d))+"
WORD = re.compile(rf"[{UNSPACED}]+|{_LETTERS}(?:[-\u2010\u2011'’]{_LETTERS})*")
# The same for ASCII, in a third of the time: nothing is tried twice.
ASCII_WORD = re.compile(r"[A-Za-z0-9]++(?:(?:[-']|(?<=\d)\.(?=\d))[A-Za-z0-9]++)*+", re.ASCII)
_IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
HYPHEN = re.compile("[-\u2010\u2011]")
_AMOUNT = re.compile(r"[\d.]+x?")  # a number or a factor
_POSSESSIVE = re.compile("['’]s?(?=$|[-\u2010\u2011])")

# Words that say nothing about a subject. The list is short on purpose: idf does the rest.
_FUNCTION_WORDS = """
a about above after again all also although am among an and another any are as at be because been before being
below between both but by can cannot could did do does doing down due during e.g each either et etc few for
from further had has have having he her here hers him his how however i i.e if in into is it its itself may me
might more most much must my neither no nor not of off often on once one only onto or other our ours out over
own per same several she should since so some such than that the their them then there therefore these they
this those though through thus to too toward towards under until up upon us use used using very via was we
http https well were what when where whether which while who whom whose why will with within without would yet you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_NOT_PLURAL = frozenset("alias atlas bias canvas chaos lens series species pandas".split())  # noqa: SIM905


def tokenize(text: str) -> list[str]:
    """Return the words of a text in order, folded so that the forms of one word agree; a word may occur repeatedly.

    Time and memory are proportional to the text, of which `MAX_CHARACTERS` are read.
    """
    if text.isalnum() and text.isascii() and len(text) <= MAX_WORD_CHARACTERS:  # a word on its own, without markup
        return list(_split_plain(text.lower() if text[1:].islower() else normalize(text)))
    plain = normalize(strip_markup(text))
    tokens = (ASCII_WORD if plain.isascii() else WORD).findall(plain)
    return list(itertools.chain.from_iterable(map(_words_of, tokens)))


def strip_markup(text: str) -> str:
    """Return a text without LaTeX, HTML, addresses and line ends inside words; case and accents stay."""
    text = text[:MAX_CHARACTERS]
    text = html.unescape(_HUGE_REFERENCE.sub(" ", text)) if "&" in text else text
    text = _ADDRESS.sub(" ", text) if "http" in text or "www." in text else text
    text = _BREAK_IN_WORD.sub(r"\1", text) if _BREAK_AFTER_HYPHEN.search(text) else text
    text = _TAG.sub(" ", text) if "<" in text else text
    if "\\" in text or "$" in text or "{" in text:
        text = _LATEX_ACCENT.sub(lambda found: found.group(1) or found.group(2), text)
        text = _LATEX_FORMATTING.sub(" ", text) if "\\" in text else text
        text = _LATEX_NOISE.sub("", _LATEX_COMMAND.sub(r"\1", _LATEX_ABUTTING.sub(" ", text)))
        text = _SCRIPT.sub(" ", text)
    return text


def normalize(text: str) -> str:
    """Return a text in lower case, without accents and in one Unicode form."""
    if text.isascii():
        return _ACRONYMS.sub(r"\1", text).lower()
    text = unicodedata.normalize("NFKD", STACKED_MARKS.sub(r"\1", INVISIBLE.sub("", _spell_out_greek(text))))
    return unicodedata.normalize("NFKC", _COMBINING.sub("", _ACRONYMS.sub(r"\1", text))).casefold().replace("ё", "е")


def _spell_out_greek(text: str) -> str:
    return _LONE_GREEK.sub(lambda found: _GREEK[ord(found.group())], text)


def _words_of(token: str) -> Iterable[str]:
    if len(token) <= MAX_WORD_CHARACTERS:
        return _split(token)
    if _IS_UNSPACED.match(token):
        return _bigrams(token)
    return itertools.chain.from_iterable(
        _split(part) for part in HYPHEN.split(token) if len(part) <= MAX_WORD_CHARACTERS
    )


def _bigrams(token: str) -> tuple[str, ...]:
    return (token,) if len(token) < 3 else tuple(token[at : at + 2] for at in range(len(token) - 1))


@lru_cache(maxsize=1 << 15)  # most texts use the same few thousand words
def _split(token: str) -> tuple[str, ...]:
    if _IS_UNSPACED.match(token):
        return _bigrams(token)
    if token.isalnum() and token.isascii():
        return _split_plain(token)
    token = _POSSESSIVE.sub("", token).replace("'", "").replace("’", "")
    parts = HYPHEN.split(token)
    kept = [singular(part) for part in parts if _is_content_word(part)]
    if len(parts) > 1 and not _AMOUNT.fullmatch("".join(parts)):
        kept.append(singular("".join(parts)))  # "self-supervised" matches "self supervised" and "selfsupervised"
    if len(parts) > 2:  # "Llama-2-7B" matches "Llama2"
        kept += [one + other for one, other in itertools.pairwise(parts) if one.isalpha() and other.isdigit()]
    return tuple(kept)


def _split_plain(token: str) -> tuple[str, ...]:
    """Do what `_split` does with ASCII letters and digits alone, which have nothing to be split at."""
    return (singular(token),) if _is_content_word(token) else ()


def _is_content_word(word: str) -> bool:
    return len(word) > 1 and word not in FUNCTION_WORDS and (word[0].isalpha() or not _AMOUNT.fullmatch(word))


def singular(word: str) -> str:
    """Strip the plural ending of an English word by the S stemmer (Harman 1991); others pass unchanged.

    >>> [singular(word) for word in ("studies", "images", "classes", "analysis", "gaussian")]
    ['study', 'image', 'class', 'analysis', 'gaussian']
    """
    if (
        len(word) < 4
        or not (word.endswith("s") and word.isalpha())
        or word.endswith(("ss", "us", "is"))
        or word in _NOT_PLURAL
    ):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1]
