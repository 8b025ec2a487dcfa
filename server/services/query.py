"""What a reader typed into the search, taken apart. Pure.

`"…"` is a phrase; `author:`, `category:`, `since:` and `until:` narrow the results; what is left may be a paper's id
in any form. Everything else is a word to look for: no other character has a meaning, so nothing can be malformed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from recommender.features.tokenizer import FUNCTION_WORDS
from server.categories import parse_category, words_of
from server.clock import parse_rfc3339
from server.errors import BadPaperId, Invalid
from server.paper_ids import canonical
from server.store.search import Clause, Filter
from server.terms import Terms, is_unspaced, name_terms, terms_of

MAX_WORDS = 40  # different words of a query that are looked for; the first ones

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»"}
_QUOTED = "|".join(f"{first}[^{first}{last}]*{last}" for first, last in _QUOTES.items())
_PART = re.compile(
    rf"(?:(?P<key>author|category|since|until):\s?)?(?:(?P<quoted>{_QUOTED}|“[^“”]*“|„[^„”]*”)|(?P<plain>[^\s\"“”„«»]+))",
    re.IGNORECASE,
)
_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


@dataclass(frozen=True)
class Query:
    """What to find: a paper by its id, or the papers that have enough of `words` and pass `wanted`.

    `text`: the words and phrases as typed, for their meaning.
    """

    paper_id: str | None = None
    words: tuple[Clause, ...] = ()
    wanted: Filter = field(default_factory=Filter)
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.paper_id or self.words or self.wanted)


def read_query(typed: str, *, author: str = "", category: str = "", since: str = "", until: str = "") -> Query:
    """Return the query for what was typed and chosen. Raises Invalid for a bad date or when nothing is asked for."""
    if not any(value.strip() for value in (typed, author, category, since, until)):
        raise Invalid("Say what to look for: words, or an author, a category or a time.", field="q")
    bounds = [read_day(value, name) if value.strip() else None for value, name in ((since, "since"), (until, "until"))]
    chosen: list[Clause | None] = [_author(author)] if author.strip() else []
    chosen += [_category(category)] if category.strip() else []
    left = _PART.sub(lambda part: " " if _narrows(part, chosen, bounds) else part[0], typed)
    try:
        return Query(canonical(left), wanted=Filter(tuple(clause or NOTHING for clause in chosen), *bounds))
    except BadPaperId:
        return _read_parts(left, chosen, bounds)


def read_day(text: str, field: str) -> float:
    """Return the first moment of a year, a month or a day, the last one for `until`; or a moment of its own."""
    found = _DAY.fullmatch(text.strip())
    try:
        if found is None:
            return parse_rfc3339(text.strip())
        year, month, day = (int(part) if part else None for part in found.groups())
        assert year is not None
        if field == "until":
            month = month or 12
            day = day or calendar.monthrange(year, month)[1]
        moment = datetime(year, month or 1, day or 1, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, calendar.IllegalMonthError) as error:
        raise Invalid("Must be a day such as 2026-11-20, a month or a year.", field=field) from error
    return moment + 86_400.0 - 1e-6 if field == "until" else moment


def _read_parts(typed: str, must: list[Clause | None], bounds: list[float | None]) -> Query:
    words: list[Clause] = []
    text: list[str] = []
    for part in _PART.finditer(typed):
        quoted, plain = part["quoted"], part["plain"]
        value = quoted[1:-1] if quoted is not None else plain
        written = value if part["key"] is None else f"{part['key']} {value}"
        text.append(written)
        if quoted is not None and part["key"] is None:
            must += [phrase] if (phrase := _phrase(terms_of(value))) else []
            words += [phrase] if phrase else []
        else:
            words += [clause for piece in written.split() for clause in _clauses(piece)]
    return _query(list(dict.fromkeys(words))[:MAX_WORDS], must, bounds, " ".join(text))


def _query(words: list[Clause], must: list[Clause | None], bounds: list[float | None], text: str) -> Query:
    content = [word for word in words if not _says_nothing(word)]
    if words and not content:  # they are in every abstract: looked for in titles, all of them
        must = [*must, *(Clause(word.phrases, ("title",)) for word in words)]
    # What is asked for and has no letter at all ("author:?") is what nothing has.
    required = tuple(clause or NOTHING for clause in must)
    nothing = not words and (text.strip() or not (must or any(bound is not None for bound in bounds)))
    return Query(words=tuple(content), wanted=Filter((*required, *((NOTHING,) if nothing else ())), *bounds), text=text)


NOTHING = Clause((("¶¶",),))


def _narrows(part: re.Match[str], must: list[Clause | None], bounds: list[float | None]) -> bool:
    """Add what `key:value` asks for; return whether the part is of that form."""
    key, value = (part["key"] or "").lower(), part["plain"] or part["quoted"][1:-1]
    if not key:
        return False
    if key == "author":
        must.append(_author(value))
    elif key == "category":
        must.append(_category(value))
    else:
        try:
            bounds[("since", "until").index(key)] = read_day(value, key)
        except Invalid:
            return False
    return True


def _author(name: str) -> Clause | None:
    terms = name_terms(name)
    return Clause((terms,), ("authors",)) if terms else None


def _category(code: str) -> Clause | None:
    """Return the clause for a category or an archive, as `categories.covers` decides it; None when it is neither."""
    try:
        begun = words_of(parse_category(code))
    except ValueError:
        return None
    return Clause(tuple(terms_of(one).words for one in begun), ("categories",))


def _phrase(terms: Terms) -> Clause | None:
    return Clause((terms.words,)) if terms.words else None


def _clauses(piece: str) -> Iterable[Clause]:
    """Return the clauses for what stands between two spaces: "GPT-4" and "a/b" are phrases."""
    terms = terms_of(piece)
    if not terms.words:
        return []
    if len(terms.words) > 2 and all(map(is_unspaced, terms.words)):  # a sentence: words of two letters, mostly
        return [Clause((pair,)) for pair in pairwise(terms.words)]
    whole = [(terms.joined[0],)] if len(terms.joined) == 1 and terms.joined[0] == "".join(terms.words) else []
    return [Clause((terms.words, *whole))]


def _says_nothing(clause: Clause) -> bool:
    return all(len(phrase) == 1 and phrase[0] in _FUNCTION_TERMS for phrase in clause.phrases)


_FUNCTION_TERMS = frozenset(term for word in FUNCTION_WORDS for term in terms_of(word).words)
