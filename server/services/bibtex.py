"""Papers as BibTeX. Text stays Unicode; LaTeX's own characters are escaped, and what sources write in TeX is kept.

Keys are the first author and the paper's id: unique, and the same whatever else is exported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from server.services.person_names import PersonName, is_collective, names_of, split_name

Entry = Mapping[str, Any]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPECIAL = {
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    # BibTeX counts braces, escaped ones too.
    "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
}  # fmt: skip
_ESCAPES = str.maketrans(_SPECIAL)
_ESCAPES_OUTSIDE_BRACES = str.maketrans({letter: text for letter, text in _SPECIAL.items() if letter not in "{}"})
_IN_MATH = {"&": r"\&", "%": r"\%", "#": r"\#"}
# TeX that listings have in titles: accents, letters, escaped characters, fonts. Anything else may not be defined.
_KNOWN = re.compile(
    r"""\\(?:["'`^~=.](?=[A-Za-z{\\])|[&%$#_]|(?:[cvuHkrbdtijoOlL]|ss|ae|AE|oe|OE|aa|AA|emph|text(?:it|bf|sc|tt|rm|sf))(?![A-Za-z]))"""
)
# As Pandoc reads it: "$5 and $10" is no mathematics.
_MATH = re.compile(r"(?<!\\)\$(?=[^\s$])([^$]{1,1000})(?<=[^\s\\])\$(?!\d)")
_OPENING, _CLOSING = "([“\"'‘", ")]”\"'’:;,.?!"  # around a word
_ASCII = str.maketrans({"ø": "o", "ß": "ss", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "þ": "th", "ð": "d"})


def bibtex(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield entries of a library as pieces of a BibTeX file."""
    for entry in entries:
        yield _entry(entry) + "\n"


def key(paper: Mapping[str, Any]) -> str:
    """Return the citation key of a paper, such as `vaswani-1706.03762`."""
    names = names_of(paper)
    last = split_name(names[0]).last if names else ""
    letters = unicodedata.normalize("NFKD", last.lower().translate(_ASCII))
    return f"{re.sub(r'[^a-z0-9]', '', letters)[:40] or 'arxiv'}-{paper['id'].replace('/', '-')}"


def _entry(entry: Entry) -> str:
    paper = entry["paper"]
    fields = {**_fields(paper), **_own_words(entry)}
    lines = [f"  {name} = {value}," for name, value in fields.items() if value not in ("", "{}")]
    kind = "article" if paper.get("journal_ref") else "misc"
    return "\n".join([f"@{kind}{{{key(paper)},", *lines, "}", ""])


def _fields(paper: Mapping[str, Any]) -> dict[str, str]:
    published = paper["published_at"]
    plain = {
        "eprint": paper["id"],
        "archivePrefix": "arXiv",
        "primaryClass": next(iter(paper["categories"]), ""),
        "doi": paper.get("doi") or "",
        "url": paper["url"],
    }
    return {
        "title": f"{{{title(paper['title'] or '') or 'arXiv:' + paper['id']}}}",
        "author": f"{{{' and '.join(_author(name) for name in names_of(paper))}}}",
        "journal": f"{{{latex(paper.get('journal_ref') or '')}}}",
        "year": f"{{{published[:4]}}}" if published else "",
        "month": MONTHS[int(published[5:7]) - 1] if published else "",
        # Addresses and numbers are read as they are, not as TeX.
        **{name: "{" + re.sub(r"[{}\s\\]", "", value) + "}" for name, value in plain.items()},
        "abstract": f"{{{latex(paper['abstract'] or '')}}}",
    }


def _own_words(entry: Entry) -> dict[str, str]:
    """Return the reader's tags and note; `annote` is not printed in a bibliography, as `note` is."""
    tags = ", ".join(entry.get("tags") or ())
    return {
        "keywords": f"{{{_escaped(_line(tags))}}}",
        "annote": f"{{{_escaped(_line(entry.get('note') or ''))}}}",
    }


def latex(text: str) -> str:
    """Return a source's text for LaTeX: mathematics and known TeX stay, all else is escaped."""
    return "".join(piece for _, piece in _pieces(_line(text)))


def title(text: str) -> str:
    """Return a title for LaTeX, with braces around words whose capitals a style must not take away."""
    pieces = _pieces(_line(text))
    if any(kind == "text" and re.search(r"(?<!\\text)[{}]", _without_macros(piece)) for kind, piece in pieces):
        return "".join(piece for _, piece in pieces)  # the source has braces of its own
    return "".join(
        piece if kind == "math" else re.sub(r"\S+", lambda word: _protected(word[0]), piece) for kind, piece in pieces
    )


def _without_macros(escaped: str) -> str:
    return re.sub(r"\\text[a-z]{1,20}\{\}", "", escaped)


def _protected(word: str) -> str:
    """Return a word in braces if it has capitals in it: BERT, LLaMA, GPT-4, T5."""
    inner = word.lstrip(_OPENING).rstrip(_CLOSING)
    if not any(_has_capital_inside(part) for part in inner.split("-")):
        return word
    before, _, after = word.partition(inner)
    return f"{before}{{{inner}}}{after}"


def _has_capital_inside(part: str) -> bool:
    letters = [letter for letter in part if letter.isalnum()]
    capitals = [place for place, letter in enumerate(letters) if letter.isupper()]
    return any(capitals) or (bool(capitals) and any(letter.isdigit() for letter in letters))


def _author(name: str) -> str:
    text = latex(name)
    if is_collective(name):
        return f"{{{text}}}"
    parts = split_name(name)
    if parts.suffix or "," in name:
        return latex(_inverted(parts))
    return text


def _inverted(parts: PersonName) -> str:
    last = f"{parts.particle} {parts.last}".strip()
    return ", ".join(part for part in (last, parts.suffix, parts.first) if part)


def _line(text: str) -> str:
    """Return a text on one line, without control characters."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _pieces(text: str) -> list[tuple[str, str]]:
    """Return (kind, LaTeX) of the pieces of a text: mathematics as it is, and text escaped."""
    found: list[tuple[str, str]] = []
    keep_braces = _is_balanced(text)
    end = 0
    for math in _MATH.finditer(text):
        if _is_balanced(math[1]):
            inside = re.sub(r"(?<!\\)[&%#]", lambda special: _IN_MATH[special[0]], math[1])
            found += [("text", _tex(text[end : math.start()], keep_braces)), ("math", f"${inside}$")]
            end = math.end()
    return [*found, ("text", _tex(text[end:], keep_braces))]


def _tex(text: str, keep_braces: bool) -> str:
    """Return text escaped, but for TeX that is known, and for braces where they are in pairs."""
    out, end = [], 0
    for macro in _KNOWN.finditer(text):
        out += [_escape_some(text[end : macro.start()], keep_braces), macro[0]]
        end = macro.end()
    return "".join([*out, _escape_some(text[end:], keep_braces)])


def _escape_some(text: str, keep_braces: bool) -> str:
    return text.translate(_ESCAPES_OUTSIDE_BRACES if keep_braces else _ESCAPES)


def _is_balanced(text: str) -> bool:
    depth = 0
    for brace in re.findall(r"[{}]", text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0
