"""The texts of a catalogue, read once: what is written as numbers, from which words are counted and labels learned.

Axes: P texts, S tokens of all of them, one text after the other.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.features.tokenizer import ASCII_WORD, INVISIBLE, STACKED_MARKS, WORD, strip_markup, tokenize

BREAK = "\n"  # ends the title, and the text
_TOKEN = re.compile(rf"{WORD.pattern}|[^\w\s]|\n")
_ASCII_TOKEN = re.compile(rf"{ASCII_WORD.pattern}|[^\w\s\x1c-\x1f]|\n", re.ASCII)  # \x1c to \x1f are spaces elsewhere
# A text without punctuation is a bag of words, whose order says nothing.
_PUNCTUATION = re.compile(r"[.,;:!?](?:\s|$)|[\u3001\u3002\uff0c\uff1b\uff01\uff1f]")
# Where a text has anything but ASCII without "_" and the usual marks, its words are not always its tokens' words.
_UNUSUAL = re.compile("[^\x00-\x5e\x60-\x7f‘’“”–—]")
_CHUNK = 4096  # texts whose tokens are looked at at once, to bound memory


@dataclass(frozen=True)
class TokenizedTexts:
    """P texts as numbers of what is written in them.

    `names` are the distinct tokens: words as written, punctuation marks and line ends. Text i is
    `names[tokens[ends[i - 1]:ends[i]]]`, a line end last; its title has `title_sizes[i]` tokens. `is_ordered` bool (P,)
    is false where the order of its words says nothing. `unusual` are the words of those texts whose words are not those
    of their tokens, by the text's number.
    """

    names: list[str]
    tokens: np.ndarray
    ends: np.ndarray
    title_sizes: np.ndarray
    is_ordered: np.ndarray
    unusual: dict[int, list[str]]

    @classmethod
    def of(cls, texts: Iterable[str] | TokenizedTexts) -> TokenizedTexts:
        """Read texts, each a title, a line end and an abstract."""
        if isinstance(texts, TokenizedTexts):
            return texts
        number: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        number[BREAK]
        tokens, ends, titles, ordered = array("i"), array("q"), array("i"), array("b")
        unusual = {}
        for row, text in enumerate(texts):
            visible = _visible(text)
            found = (_ASCII_TOKEN if visible.isascii() else _TOKEN).findall(f"{visible}\n")
            tokens.fromlist(list(map(number.__getitem__, found)))
            ends.append(len(tokens))
            titles.append(found.index(BREAK))
            ordered.append(_PUNCTUATION.search(visible) is not None)
            if "_" in visible or not (visible.isascii() or _UNUSUAL.search(visible) is None):
                unusual[row] = tokenize(text)
        return cls(
            list(number),
            np.frombuffer(tokens, np.int32) if tokens else np.empty(0, np.int32),
            np.array(ends, np.int64),
            np.array(titles, np.int32),
            np.array(ordered, bool),
            unusual,
        )

    def __len__(self) -> int:
        return len(self.ends)

    def chunks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield texts in order, a few at a time: their numbers, their tokens, and how many each has."""
        for first in range(0, len(self), _CHUNK):
            rows = slice(first, min(first + _CHUNK, len(self)))
            start = int(self.ends[first - 1]) if first else 0
            ends = self.ends[rows]
            yield rows, self.tokens[start : ends[-1]], np.diff(ends, prepend=start)

    def count_words(self) -> tuple[list[str], list[sp.csr_matrix]]:
        """Return the words that `tokenize` finds, in no order, and how often each is in each text.

        The counts are float32 CSR (texts of a chunk, words), with sorted columns, a matrix a chunk.
        """
        number: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        words_of_name = _Numbered.of([tokenize(name) for name in self.names], number)
        rest = {row: np.array([number[word] for word in words], np.int32) for row, words in self.unusual.items()}
        counts = [self._count(chunk, words_of_name, rest, len(number)) for chunk in self.chunks()]
        return list(number), counts

    def _count(
        self,
        chunk: tuple[slice, np.ndarray, np.ndarray],
        words_of_name: _Numbered,
        rest: dict[int, np.ndarray],
        width: int,
    ) -> sp.csr_matrix:
        rows, tokens, sizes = chunk
        unusual = [row for row in range(rows.start, rows.stop) if row in rest]
        is_usual = np.ones(len(sizes), bool)
        is_usual[np.array(unusual, np.int64) - rows.start] = False
        words, sizes = words_of_name.take(tokens[np.repeat(is_usual, sizes)], np.where(is_usual, sizes, 0))
        counts = _count_rows(words, sizes, width)
        if unusual:
            sizes = np.array([len(rest.get(row, ())) for row in range(rows.start, rows.stop)])
            counts = counts + _count_rows(np.concatenate([rest[row] for row in unusual]), sizes, width)
        counts.sort_indices()
        return counts


@dataclass(frozen=True)
class _Numbered:
    """Lists of numbers, one after the other: `numbers` int32; list i has `sizes[i]` of them from `starts[i]` on."""

    numbers: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, lists: Sequence[Sequence[str]], number: defaultdict[str, int]) -> _Numbered:
        sizes = np.array([len(one) for one in lists], np.int64)
        numbers = np.fromiter(map(number.__getitem__, itertools.chain.from_iterable(lists)), np.int32)
        return cls(numbers, np.cumsum(sizes) - sizes, sizes)

    def take(self, lists: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of these lists in order, and how many each group of `groups[i]` lists has."""
        sizes = self.sizes[lists]
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[lists] - (ends - sizes), sizes)
        up_to = np.concatenate([[0], ends])[np.concatenate([[0], np.cumsum(groups)])]
        return self.numbers[places], np.diff(up_to)


def _count_rows(words: np.ndarray, sizes: np.ndarray, width: int) -> sp.csr_matrix:
    ends = np.concatenate([[0], np.cumsum(sizes)])
    counts = sp.csr_matrix((np.ones(len(words), np.float32), words, ends), shape=(len(sizes), width))
    counts.sum_duplicates()
    return counts


def _visible(text: str) -> str:
    text = strip_markup(text)
    return text if text.isascii() else unicodedata.normalize("NFC", STACKED_MARKS.sub(r"\1", INVISIBLE.sub("", text)))
