"""Which papers have a name: an author, a category or an organisation, however it is written.

Axes: K names of an index, N papers in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from recommender.features.tokenizer import normalize, strip_markup

# What a reader types before a name, and the kind of name that it is.
PREFIXES = {"author": "author", "category": "category", "org": "organization"}
MAX_REMEMBERED = 4096  # looked-up names whose papers an index keeps

_TYPED = re.compile(rf"\s*({'|'.join(PREFIXES)})\s*:(.*)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHE = re.compile("['’‘ʼ`]")
_SUFFIXES = frozenset("jr sr ii iii iv".split())  # noqa: SIM905
# Latin letters that Unicode does not take apart into a letter and an accent.
_UNACCENTED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True)
class Name:
    """A name as the reader wrote it, with its kind: "author", "category" or "organization"."""

    kind: str
    written: str

    @property
    def key(self) -> str:
        """The name as an index has it, the same for every way of writing it; "" for a name without any letter."""
        return name_key(f"{self.kind}:{self.written}")


def read_name(topic: str) -> Name | None:
    """Return the name in a topic `author:NAME`, `category:CODE` or `org:NAME`; None for plain words."""
    typed = _TYPED.fullmatch(topic)
    return Name(PREFIXES[typed.group(1).lower()], " ".join(typed.group(2).split())) if typed else None


def split_topics(topics: Iterable[str]) -> tuple[list[str], list[Name]]:
    """Return the plain words and the names among what a reader follows or mutes, each in order."""
    read = [(topic, read_name(topic)) for topic in topics]
    return [topic for topic, name in read if name is None], [name for _, name in read if name is not None]


@lru_cache(maxsize=1 << 16)  # few names have most of the papers
def name_key(name: str) -> str:
    """Return a name `KIND:WRITTEN` without case, accents and punctuation, an author's last name first.

    `author:Smith, John A.` and `author:JOHN A. SMITH` are `author:smith john a`.
    """
    kind, _, written = name.partition(":")
    if kind == "category":
        key = "".join(written.split()).casefold()
    else:
        words = _author_words(written) if kind == "author" else _fold(written)
        key = " ".join(words)
    return f"{kind}:{key}" if key else ""


def _author_words(written: str) -> list[str]:
    """Return an author's last name, then the given names; written with a comma, what stands before it comes last."""
    before, _, after = (_fold(part) for part in written.partition(","))
    words = before if set(after) <= _SUFFIXES else [*after, *before]
    if len(words) > 2 and words[-1] in _SUFFIXES:
        words = words[:-1]
    return [*words[-1:], *words[:-1]]


def _fold(text: str) -> list[str]:
    plain = normalize(_APOSTROPHE.sub("", strip_markup(text))).translate(_UNACCENTED)
    return _WORD.findall(plain)


def is_same_author(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two authors' words, last name first, may be one person's.

    The last names are the same, the first given names agree, and the further given names of the shorter form occur in
    the longer one in order. Given names agree when they are equal or one is the other's initial: J. Smith is taken for
    John Smith as well as for Jane Smith. A single word is the same only as that word alone.
    """
    if one[:1] != other[:1]:
        return False
    short, long = sorted((one[1:], other[1:]), key=len)
    if not short:
        return not long
    if "".join(short) == "".join(long):  # Xiao-Ming and Xiaoming
        return True
    further = iter(long[1:])
    return _agree(short[0], long[0]) and all(any(_agree(name, there) for there in further) for name in short[1:])


def _agree(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


@dataclass(frozen=True)
class NameIndex:
    """The papers of every name: `keys` (K,) sorted, and `rows` int32, of which name k has those up to `ends[k]`."""

    keys: Sequence[str]
    ends: np.ndarray
    rows: np.ndarray
    _found: dict[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def build(cls, names: Iterable[Iterable[str]]) -> NameIndex:
        """Index the names of papers, each `KIND:WRITTEN`, in order of their rows (N,)."""
        rows_of: dict[str, list[int]] = {}
        for row, own in enumerate(names):
            for key in {name_key(name) for name in own} - {""}:
                rows_of.setdefault(key, []).append(row)
        keys = sorted(rows_of)
        ends = np.cumsum([len(rows_of[key]) for key in keys], dtype=np.int64)
        return cls(keys, ends, np.array([row for key in keys for row in rows_of[key]], np.int32))

    @classmethod
    def empty(cls) -> NameIndex:
        """Return an index of no name."""
        return cls.build(())

    def find(self, name: Name) -> np.ndarray:
        """Return the rows of the papers that have a name, int64, in order.

        An author as `is_same_author` decides, a category with all that are part of it (`cs` has `cs.LG`), an
        organisation by its whole name.
        """
        key = name.key
        found = self._found.get(key)
        if found is None:
            cells = [self.rows[self._start(at) : self.ends[at]] for at in self._matches(name.kind, key)] if key else []
            found = np.unique(np.concatenate(cells)).astype(np.int64) if cells else np.empty(0, np.int64)
            if len(self._found) < MAX_REMEMBERED:
                self._found[key] = found
        return found

    def _start(self, at: int) -> int:
        return int(self.ends[at - 1]) if at else 0

    def _matches(self, kind: str, key: str) -> Iterator[int]:
        """Yield the places in `keys` of the names that are the same as `key`."""
        exact = bisect_left(self.keys, key)
        if exact < len(self.keys) and self.keys[exact] == key:
            yield exact
        if kind == "category":
            yield from (at for at, _ in self._beginning_with(f"{key}."))
        if kind == "author" and " " in key:
            words = key.split(" ")
            others = ((at, other) for at, other in self._beginning_with(f"{words[0]} ") if other != key)
            yield from (at for at, other in others if is_same_author(words, other.split(" ")))

    def _beginning_with(self, start: str) -> Iterator[tuple[int, str]]:
        for at in range(bisect_left(self.keys, start), len(self.keys)):
            key = self.keys[at]
            if not key.startswith(start):
                return
            yield at, key
