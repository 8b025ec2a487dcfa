"""Surface forms: how papers write the words that the tokenizer folds, with case, hyphens and accents."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.features.tokenizer import HYPHEN, INVISIBLE, STACKED_MARKS, UNSPACED, WORD, strip_markup, tokenize

_TOKEN = re.compile(rf"{WORD.pattern}|[^\w\s]|\n")
# A text without punctuation is a bag of words, whose order says nothing.
_PUNCTUATION = re.compile(r"[.,;:!?](?:\s|$)|[\u3001\u3002\uff0c\uff1b\uff01\uff1f]")
_OF_UNSPACED = re.compile(rf"[{UNSPACED}]")
_POSSESSIVE = re.compile("['\u2019][sS]?$")
_BREAK = "\n"
TEXT_COUNT, TITLE_COUNT = 10, 1  # what a form counts; little in titles and after full stops, where capitals say nothing
MIN_LOWERCASE_SHARE = 0.2  # of the count of a capitalised form, above which the form in lower case is preferred
MIN_AGREEMENT = 0.9  # of the characters beside a pair are the same one: the pair is part of a longer word
MAX_PART_RATIO = 2.5  # counts of a part over that of a longer run, above which the run is not the word
MAX_RUN = 12  # characters


@dataclass(frozen=True)
class SurfaceForms:
    """How the texts of a catalogue write the W words of its vocabulary.

    `labels` (W,) is each word as most papers write it. Bool (W,): `standalone` where it is mostly a word of its own
    and not part of another, `is_word` where it is a word and not two characters of a text without spaces.
    `title_counts` int (W,) is how many titles it is in, None if most papers have no title.

    The texts stand one after another in three int32 arrays: `_tokens` are columns of words, -1 for anything else;
    `_papers` the paper's number, -1 if the order of its words says nothing; `_forms` rows of `_names`, what is written.
    """

    labels: list[str]
    standalone: np.ndarray
    is_word: np.ndarray
    title_counts: np.ndarray | None
    _tokens: np.ndarray
    _papers: np.ndarray
    _forms: np.ndarray
    _names: list[str]

    @classmethod
    def collect(cls, texts: Sequence[str], words: Sequence[str]) -> SurfaceForms:
        """Collect the forms of the words (W,) in texts (P,): a title, a line end and an abstract each."""
        column = {word: at for at, word in enumerate(words)}
        names, forms, papers, counts, in_titles = _scan_texts(texts)
        labels: list[Counter[str]] = [Counter() for _ in words]
        standalone, is_word = np.zeros(len(words)), np.zeros(len(words), bool)
        main = np.full(len(names), -1, np.int32)
        for form, name in enumerate(names):
            for at, (word, surface) in enumerate(_split_form(name)):
                if (one := column.get(word)) is None:
                    continue
                labels[one][surface] += int(counts[form])
                if at == 0 and surface == _clean(name):
                    standalone[one] += counts[form]
                    main[form], is_word[one] = one, True
        _fill_unspaced(labels, column, names, counts, standalone)
        total = np.array([sum(one.values()) for one in labels])
        chosen = [_most_common(one) or word for one, word in zip(labels, words, strict=True)]
        titles = sum(not text.startswith(_BREAK) for text in texts)
        title_counts = _count_titles(column, names, in_titles) if titles >= len(texts) / 2 else None
        return cls(
            chosen, (total > 0) & (standalone >= total / 2), is_word, title_counts, main[forms], papers, forms, names
        )

    def adjacent_words(
        self, usable: np.ndarray, named: np.ndarray, min_papers: int
    ) -> Iterator[tuple[tuple[int, int], int]]:
        """Yield pairs of words that stand side by side in at least `min_papers` papers, with their number.

        Both words are `usable` (W,) and at least one is `named` (W,).
        """
        one, other = self._tokens[:-1], self._tokens[1:]
        good = (one >= 0) & (other >= 0) & (one != other) & (self._papers[:-1] >= 0)
        good[good] = usable[one[good]] & usable[other[good]] & (named[one[good]] | named[other[good]])
        papers = int(self._papers.max(initial=0)) + 1
        keys = one[good].astype(np.int64) * len(self.labels) + other[good]
        once = np.unique(keys * papers + self._papers[:-1][good]) // papers
        for key, count in zip(*np.unique(once, return_counts=True), strict=True):
            if count >= min_papers:
                yield divmod(int(key), len(self.labels)), int(count)

    def phrase_labels(self, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return how most papers write each of these pairs of adjacent words."""
        wanted = {pair: Counter[str]() for pair in pairs}
        keys = self._tokens[:-1].astype(np.int64) * len(self.labels) + self._tokens[1:]
        numbers = [one * len(self.labels) + other for one, other in pairs]
        for at in np.flatnonzero(np.isin(keys, numbers) & (self._papers[:-1] >= 0)).tolist():
            pair = (int(self._tokens[at]), int(self._tokens[at + 1]))
            if pair in wanted:
                names = (self._names[self._forms[at]], self._names[self._forms[at + 1]])
                wanted[pair][" ".join(map(_clean, names))] += 1
        return {pair: _most_common(found) for pair, found in wanted.items()}


def _scan_texts(texts: Sequence[str]) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the distinct tokens, the texts as their numbers, and the paper of each place, -1 if order says nothing.

    Then what each token counts, little in titles and after full stops, and how often it is in a title.
    """
    number: dict[str, int] = {_BREAK: 0}
    forms, papers, titles = array("i"), array("i"), array("b")
    for paper, text in enumerate(texts):
        visible = _visible(text)
        tokens = _TOKEN.findall(f"{visible}\n")
        title = tokens.index(_BREAK)
        forms.extend([number.setdefault(token, len(number)) for token in tokens])
        papers.extend([paper if _PUNCTUATION.search(visible) else -1] * len(tokens))
        titles.extend([1] * title + [0] * (len(tokens) - title))
    places, names, in_title = np.array(forms, np.int32), list(number), np.array(titles, bool)
    weight: np.ndarray = np.where(in_title, TITLE_COUNT, TEXT_COUNT)
    breaks = np.array([not WORD.match(name) for name in names])
    weight[1:][breaks[places[:-1]]] = TITLE_COUNT
    counts = np.bincount(places, weight, minlength=len(names)).astype(int)
    return names, places, np.array(papers, np.int32), counts, np.bincount(places[in_title], minlength=len(names))


def _count_titles(column: dict[str, int], names: list[str], in_titles: np.ndarray) -> np.ndarray:
    """Return how often each word is in a title, int (W,)."""
    title_counts = np.zeros(len(column), int)
    for form in np.flatnonzero(in_titles).tolist():
        for word in tokenize(names[form]):
            if word in column:
                title_counts[column[word]] += in_titles[form]
    return title_counts


def _visible(text: str) -> str:
    text = strip_markup(text)
    return text if text.isascii() else unicodedata.normalize("NFC", STACKED_MARKS.sub(r"\1", INVISIBLE.sub("", text)))


def _split_form(name: str) -> Iterator[tuple[str, str]]:
    """Yield the folded words of a token, the whole one first, each with the part of the token that writes it."""
    if _OF_UNSPACED.match(name) or not WORD.match(name):
        return
    pieces, folded = HYPHEN.split(name), tokenize(name)
    if len(pieces) == 1:
        yield from ((word, _clean(name)) for word in folded[:1])
        return
    parts = [(word, _clean(piece)) for piece in pieces for word in tokenize(piece)[:1]]
    rest = [word for word in folded if word not in {part for part, _ in parts}]
    if rest:
        yield max(rest, key=len), _clean(name)
    yield from parts


def _clean(name: str) -> str:
    return HYPHEN.sub("-", _POSSESSIVE.sub("", name))


def _most_common(forms: Counter[str]) -> str:
    """Return the most common form; one that only begins with a capital, in lower case if that is not rare."""
    best = max(forms, key=lambda one: (forms[one], one), default="")
    lower = best[:1].lower() + best[1:]
    return lower if forms[lower] > MIN_LOWERCASE_SHARE * forms[best] and best[1:] == best[1:].lower() else best


def _fill_unspaced(
    labels: list[Counter[str]], column: dict[str, int], names: list[str], counts: np.ndarray, standalone: np.ndarray
) -> None:
    """Label pairs of characters of unspaced texts by the longer word they are part of, where the texts agree."""
    runs = [(name, int(count)) for name, count in zip(names, counts, strict=True) if _OF_UNSPACED.match(name)]
    before: dict[str, Counter[str]] = {}
    after: dict[str, Counter[str]] = {}
    for run, count in runs:
        for at in range(max(len(run) - 1, 1)):
            pair = run[at : at + 2]
            before.setdefault(pair, Counter())[run[at - 1 : at]] += count
            after.setdefault(pair, Counter())[run[at + 2 : at + 3]] += count
    run_of = {pair: _extend_run(pair, before, after) for pair in before}
    for pair in before.keys() & column.keys():
        run, often = run_of[pair], sum(before[pair].values())
        labels[column[pair]][run] += often
        inside = (run[at : at + 2] for at in range(len(run) - 1))
        # A part that is far more frequent is the word; the run only adds an ending or a neighbour.
        parts = [
            one for one in inside if run_of.get(one, run) != run and sum(before[one].values()) > MAX_PART_RATIO * often
        ]
        standalone[column[pair]] += 0 if parts else often


def _extend_run(pair: str, before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> str:
    run = pair
    while len(run) < MAX_RUN and (more := _agreed_neighbour(before.get(run[:2]))):
        run = more + run
    while len(run) < MAX_RUN and (more := _agreed_neighbour(after.get(run[-2:]))):
        run += more
    return run if len(run) < MAX_RUN else pair  # a fixed phrase is not a word


def _agreed_neighbour(beside: Counter[str] | None) -> str:
    if not beside:
        return ""
    best, count = beside.most_common(1)[0]
    return best if sum(beside.values()) > TEXT_COUNT and count >= MIN_AGREEMENT * sum(beside.values()) else ""
