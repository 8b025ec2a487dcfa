"""Titles and abstracts to words: LaTeX, hyphens, casing, plurals and languages without spaces."""

from __future__ import annotations

import re
import unicodedata

_FORMATTING = (
    r"text(?:bf|it|tt|rm|sc|sf|sl|normal)?|math(?:bf|bb|cal|rm|it|sf|frak|tt|scr)?|emph|mbox|operatorname|href|url|cite[pt]?"
    r"|boldsymbol|bm|underline|xspace|footnote|left|right|big+l?r?|tilde|hat|bar|vec|dot|overline|widehat|widetilde"
    r"|item|begin|end|label|ref|eqref|quad|qquad|cdots?|ldots|dots|times|sim|approx|leq?|geq?|rightarrow|to"
)
_LATEX_ACCENT = re.compile(
    r"\\[`'^\"~=.uvHtcdbkr]\s*\{?\s*\\?([A-Za-z])\s*\}?(?![A-Za-z])|\\[`'^\"~=.]\{?\\?([A-Za-z])\}?"
)
_LATEX_FORMATTING = re.compile(rf"\\(?:{_FORMATTING})(?![A-Za-z])\*?")
_LATEX_COMMAND = re.compile(r"\\([A-Za-z]+)\*?")
_LATEX_NOISE = re.compile(r"[{}$]|\\[^A-Za-z]|~")
_RAISED = re.compile(r"(?<=\w)[_^](?=\w)")
_GREEK = {
    code: unicodedata.name(chr(code)).rsplit(maxsplit=1)[-1].lower()
    for code in (*range(0x3B1, 0x3CA), 0x3D1, 0x3D5, *range(0x391, 0x3A2), *range(0x3A3, 0x3AA))
}  # a letter standing alone is a name, as in LaTeX
_LONE_GREEK = re.compile("(?<![\u0370-\u03ff])[\u0391-\u03a9\u03b1-\u03c9\u03d1\u03d5](?![\u0370-\u03ff])")
_COMBINING = re.compile("[\u0300-\u036f]+")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"  # kana, Chinese characters, Thai
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_])+(?:[-\u2010\u2011'’](?:(?![{_UNSPACED}])[^\W_])+)*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_JOINT = re.compile("[-\u2010\u2011]")
_POSSESSIVE = re.compile("['’]s?(?=$|[-\u2010\u2011])")

# Words that say nothing of a paper's subject. Short on purpose: the inverse document frequency does the rest.
_FUNCTION_WORDS = """
a about above after again all also although am among an and another any are as at be because been before being
below between both but by can cannot could did do does doing down due during e.g each either et etc few for
from further had has have having he her here hers him his how however i i.e if in into is it its itself may me
might more most much must my neither no nor not of off often on once one only onto or other our ours out over
own per same several she should since so some such than that the their them then there therefore these they
this those though through thus to too toward towards under until up upon us use used using very via was we
well were what when where whether which while who whom whose why will with within without would yet you your
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_NOT_PLURAL = frozenset("alias atlas bias canvas chaos lens series species pandas".split())  # noqa: SIM905


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, folded so that writings of one word agree; a word may come twice."""
    words: list[str] = []
    for match in _WORD.finditer(_plain(text)):
        words.extend(_split(match.group()))
    return words


def _plain(text: str) -> str:
    if "\\" in text or "$" in text or "{" in text:
        text = _LATEX_ACCENT.sub(lambda found: found.group(1) or found.group(2), text)
        text = _LATEX_FORMATTING.sub(" ", text) if "\\" in text else text
        text = _LATEX_NOISE.sub("", _LATEX_COMMAND.sub(r"\1 ", text))
        text = _RAISED.sub(" ", text)
    if text.isascii():
        return text.lower()
    text = _LONE_GREEK.sub(lambda found: _GREEK[ord(found.group())], text)
    return unicodedata.normalize("NFKC", _COMBINING.sub("", unicodedata.normalize("NFKD", text))).casefold()


def _split(token: str) -> list[str]:
    if _IS_UNSPACED.match(token):
        return [token] if len(token) < 3 else [token[i : i + 2] for i in range(len(token) - 1)]
    token = _POSSESSIVE.sub("", token).replace("'", "").replace("’", "")
    parts = _JOINT.split(token)
    kept = [singular(part) for part in parts if _tells(part)]
    if len(parts) > 1:  # "self-supervised" meets both "self supervised" and "selfsupervised"
        kept.append(singular("".join(parts)))
    return kept


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in FUNCTION_WORDS and not (word.isdigit() and len(word) < 3)


def singular(word: str) -> str:
    """Take the plural ending off an English word (Harman's rules); others pass unchanged.

    >>> [singular(word) for word in ("studies", "images", "classes", "analysis", "gaussian")]
    ['study', 'image', 'class', 'analysis', 'gaussian']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or word in _NOT_PLURAL:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1]
