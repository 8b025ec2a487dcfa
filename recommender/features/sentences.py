"""A typed interest read as a sentence: what its reader wants, and what they do not.

"papers on diffusion models but not video" wants "diffusion models" and does not want "video". What is no such sentence
is wanted as it is written: plain words, titles, other languages. Nothing is read inside quotation marks. Compare the
prompts of Geng et al., "Recommendation as Language Processing" (RecSys 2022), here read by rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from recommender.features.name_index import PREFIXES, Name, read_name, split_topics
from recommender.features.tokenizer import tokenize

MAX_READ = 2_000  # characters; nobody types a longer interest
HIDDEN = "\ue000"  # stands for each character of a quotation

_ADVERB = "(?:also|really|mostly|mainly|only|just|especially|particularly|very|always|much)"
_VERB = (
    "(?:like|love|enjoy|want|need|follow|read|study|prefer|see|get|find|work on|care about|look(?:ing)? for"
    "|searching for|into|interested in|curious about|working on|studying|following|reading)"
)
_PERSON = (
    rf"(?:(?:i|we)(?: ?['’]?(?:m|d|re)| am| are| would)? (?:{_ADVERB} )*+{_VERB} (?:to {_VERB} )?"
    r"|(?:show|give|recommend|find|suggest|send) (?:me|us) |(?:(?:looking|searching) for|interested in) "
    rf"|my (?:interest|topic|field)s? (?:is|are|include) )(?:{_ADVERB} )*+"
)
_PAPERS = (
    "(?:(?:all|any|some|more|new|recent|latest|good|interesting|the) )*+"
    "(?:(?:papers?|articles?|preprints?|publications?|works?|literature|research|anything|everything|something|stuff)"
    " (?:(?:that (?:is|are)|which (?:is|are)|to do|dealing|related) )?(?:on|about|regarding|concerning|with|to)"
    f"|(?:papers|articles|anything|everything) (?:of|in|by|from)(?= (?:{'|'.join(PREFIXES)}) ?:)) "
)
# What a clause begins with: words that only say that something is wanted, or that it is not.
_OPENING = re.compile(
    rf"(?:(?:and|or|then|please|{_ADVERB}) )*+(?P<opened>(?:{_PERSON})?+(?:{_PAPERS})?+)", re.IGNORECASE
)
_REFUSAL = re.compile(
    r"(?:(?:and|or|but|also|please|just) )*+(?:"
    rf"(?:i|we) (?:don['’]?t|do not|never) (?:{_ADVERB} )*+{_VERB} (?:to {_VERB} )?"
    rf"|(?:i ?['’]?m|i am|we ?['’]?re|we are) not (?:{_ADVERB} )*+{_VERB} "
    rf"|(?:i|we) (?:{_ADVERB} )*+(?:hate|dislike|avoid) |(?:i|we)(?: ?['’]?d| would) rather not (?:see|read|get) "
    r"|not interested in |nothing (?=on |about |with )|(?P<bare>(?:no|not|without|never) )"
    rf")(?:(?:any|more|about|on) )*+(?:{_PAPERS})?+",
    re.IGNORECASE,
)
# What parts a sentence into clauses. No full stop ends one after an initial or an abbreviation.
_BREAK = re.compile(
    r"(?P<stop> ?;|(?<!\b[^\W\d_])(?<!\bvs)(?<!\bal)(?<!\bcf)[.!?](?= |$)) ?"
    r"|(?P<refused>,? (?:\(?but (?:not|no|without|never)|and not"
    r"|except(?:ing)?(?: for)?|excluding|other than|apart from)) "
    r"|(?P<turn>,? but) |(?P<comma>,)(?: (?:and|or)(?= ))? |(?P<without> (?=without ))"
    r"|(?P<aside> (?:\(|[-–—] )(?=(?:not|no|without) ))",
    re.IGNORECASE,
)
_QUOTED = re.compile('"[^"]*"|“[^“”]*”|«[^«»]*»')
_MINUS = re.compile(rf"(?<!\S)-(?=[^\W\d_]|{HIDDEN})[^\s,;]+")
# Where a hyphen stands for the first half of a word, as in "Bilderkennung und -verarbeitung", it refuses nothing.
_SUSPENDED = re.compile(r"\b(?:und|oder|bzw\.|sowie|en|of|og|och|eller|ja|tai) -", re.IGNORECASE)
# "no" is Spanish, Italian and Portuguese, too, and "Not" is German.
_ENGLISH = re.compile(
    r"\b(?:the|of|for|with|about|and|from|that|but|using|please|without)\b|(?-i: not )", re.IGNORECASE
)
_AND = re.compile(r" (?:and|or) ", re.IGNORECASE)
_PLEASE = re.compile(r",? (?:please|thanks|too)(?=[ ,;.!)]|$)", re.IGNORECASE)
_CLOSING = frozenset(("papers", "articles"))


@dataclass(frozen=True)
class Sentence:
    """What an interest, as its reader has `written` it, says: what is wanted, in words and by name, and what is not."""

    written: str
    words: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    unwanted_words: tuple[str, ...] = ()
    unwanted_names: tuple[Name, ...] = ()

    @classmethod
    def plain(cls, text: str) -> Sentence:
        """Return what wants a text, plain words or one name, however it reads."""
        name = read_name(text)
        return cls(text, names=(name,)) if name else cls(text, words=(text,))


class _Clause(NamedTuple):
    """A clause from `start` to `end`, after a break of this kind, "" at the beginning."""

    kind: str
    start: int
    end: int


@lru_cache(maxsize=1 << 10)  # a reader's interests are read again for every list
def read_sentence(text: str) -> Sentence:
    """Read a typed interest; it is wanted as it is written where it is no sentence, or would want nothing."""
    plain = Sentence.plain(text)
    if len(text) > MAX_READ or plain.names:
        return plain
    line = _drop_closing(text)
    hidden = _QUOTED.sub(lambda found: HIDDEN * len(found.group()), line)
    dashed = [] if _SUSPENDED.search(hidden) else [found.span() for found in _MINUS.finditer(hidden)]
    minus = [line[start + 1 : end] for start, end in dashed]
    for start, end in [*dashed, *(found.span() for found in _PLEASE.finditer(hidden))]:
        line, hidden = (one[:start] + " " * (end - start) + one[end:] for one in (line, hidden))
    opened, clauses = _read_clauses(hidden, english=bool(_ENGLISH.search(text)))
    wanted, unwanted = ([line[one] for refused, one in clauses if refused is which] for which in (False, True))
    if not (opened or unwanted or minus):
        return plain
    return _settle(text, wanted, [*unwanted, *minus]) or plain


def _read_clauses(hidden: str, *, english: bool) -> tuple[bool, list[tuple[bool, slice]]]:
    """Return whether a line says that something is wanted, and of each clause whether it is refused and what of."""
    clauses = [part for clause, next_kind in _split(hidden) for part in _split_last(hidden, clause, next_kind)]
    opened = any(_open(hidden, clause)["opened"] for clause in clauses)
    refused, read = False, []
    for clause in clauses:
        if clause.kind in ("stop", "turn", "refused"):
            refused = clause.kind == "refused"
        refusal, opening = _REFUSAL.match(hidden, clause.start, clause.end), _open(hidden, clause)
        if refusal and (not refusal["bare"] or opened or (english and clause.kind not in ("", "without"))):
            refused, start = True, refusal.end()
        else:
            refused = refused and (clause.kind == "refused" or not opening["opened"])
            start = opening.end() if opening["opened"] else clause.start
        read.append((refused, slice(start, clause.end)))
    return opened, read


def _split(hidden: str) -> Iterator[tuple[_Clause, str]]:
    """Yield the clauses of a line, each with what kind of break follows."""
    kind, start = "", 0
    for found in _BREAK.finditer(hidden):
        yield _Clause(kind, start, found.start()), found.lastgroup or ""
        kind, start = found.lastgroup or "", found.end()
    yield _Clause(kind, start, len(hidden)), ""


def _split_last(hidden: str, clause: _Clause, next_kind: str) -> list[_Clause]:
    """Return a clause, in two where it ends a list: the last of "robots, cars and drones"."""
    found = _AND.search(hidden, clause.start, clause.end) if clause.kind == "comma" != next_kind else None
    return [clause._replace(end=found.start()), clause._replace(start=found.end())] if found else [clause]


def _open(hidden: str, clause: _Clause) -> re.Match[str]:
    found = _OPENING.match(hidden, clause.start, clause.end)
    assert found is not None, "every part of it may be missing"
    return found


def _settle(text: str, wanted: Sequence[str], unwanted: Sequence[str]) -> Sentence | None:
    """Return a sentence of these parts, without unwanted words that are wanted too; None if nothing is wanted."""
    words, names = _sort_names(wanted)
    refused, refused_names = _sort_names(unwanted)
    own = set(tokenize(" ".join(words)))
    others = tuple(one for one in (_drop_words(part, own) for part in refused) if tokenize(one))
    return Sentence(text, tuple(words), tuple(names), others, tuple(refused_names)) if own or names else None


def _sort_names(parts: Sequence[str]) -> tuple[list[str], list[Name]]:
    """Return the plain words and the names among the parts of a sentence."""
    cleaned = [_drop_closing(part.strip(" ,.!?()")) for part in parts]
    words, names = split_topics(one.replace('"', "") if read_name(one) else one for one in cleaned)
    return [one for one in words if tokenize(one)], names


def _drop_closing(text: str) -> str:
    words = text.split()
    while words and words[-1].strip(".!?").casefold() in _CLOSING:
        words.pop()
    return " ".join(words)


def _drop_words(text: str, tokens: set[str]) -> str:
    """Return a text without those of its words of which every token is among these."""
    return " ".join(one for one in text.split() if not (own := tokenize(one)) or not tokens.issuperset(own))
