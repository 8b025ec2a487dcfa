"""Surface forms: how papers write the words that the tokenizer folds, with case, hyphens and accents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.features.tokenized_texts import TokenizedTexts
from recommender.features.tokenizer import HYPHEN, UNSPACED, WORD, tokenize

_OF_UNSPACED = re.compile(rf"[{UNSPACED}]")
_POSSESSIVE = re.compile("['\u2019][sS]?$")
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

    Where `_column` int32 (names,) has the word that each of the texts' tokens is, -1 for anything else.
    """

    labels: list[str]
    standalone: np.ndarray
    is_word: np.ndarray
    title_counts: np.ndarray | None
    _texts: TokenizedTexts
    _column: np.ndarray

    @classmethod
    def collect(cls, texts: Iterable[str] | TokenizedTexts, words: Sequence[str]) -> SurfaceForms:
        """Collect the forms of the words (W,) in texts (P,): a title, a line end and an abstract each."""
        texts = TokenizedTexts.of(texts)
        column = {word: at for at, word in enumerate(words)}
        names, (counts, in_titles) = texts.names, _count_names(texts)
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
        titles = np.count_nonzero(texts.title_sizes)
        title_counts = _count_titles(column, names, in_titles) if titles >= len(texts) / 2 else None
        return cls(chosen, (total > 0) & (standalone >= total / 2), is_word, title_counts, texts, main)

    def adjacent_words(
        self, usable: np.ndarray, named: np.ndarray, min_papers: int
    ) -> Iterator[tuple[tuple[int, int], int]]:
        """Yield pairs of words that stand side by side in at least `min_papers` papers, with their number.

        Both words are `usable` (W,) and at least one is `named` (W,).
        """
        found = [self._adjacent_in(*chunk, usable, named) for chunk in self._texts.chunks()]
        keys, counts = (
            (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else (np.empty(0, int),) * 2
        )
        distinct, place = np.unique(keys, return_inverse=True)
        for key, count in zip(distinct.tolist(), np.bincount(place, counts).astype(int).tolist(), strict=True):
            if count >= min_papers:
                yield divmod(key, len(self.labels)), count

    def _adjacent_in(
        self, rows: slice, tokens: np.ndarray, sizes: np.ndarray, usable: np.ndarray, named: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs in some papers, each as one word times W plus the other, and in how many papers it is."""
        words, ordered = self._column[tokens], np.repeat(self._texts.is_ordered[rows], sizes)
        one, other = words[:-1], words[1:]  # a line end stands between two papers
        good = (one >= 0) & (other >= 0) & (one != other) & ordered[:-1]
        good[good] = usable[one[good]] & usable[other[good]] & (named[one[good]] | named[other[good]])
        papers, paper = len(sizes), np.repeat(np.arange(len(sizes)), sizes)
        keys = one[good].astype(np.int64) * len(self.labels) + other[good]
        return np.unique(np.unique(keys * papers + paper[:-1][good]) // papers, return_counts=True)

    def phrase_labels(self, pairs: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """Return how most papers write each of these pairs of adjacent words."""
        written = {one * len(self.labels) + other: Counter[str]() for one, other in pairs}
        names = self._texts.names
        for rows, tokens, sizes in self._texts.chunks():
            words, ordered = self._column[tokens].astype(np.int64), np.repeat(self._texts.is_ordered[rows], sizes)
            keys = np.where(
                (words[:-1] >= 0) & (words[1:] >= 0) & ordered[:-1], words[:-1] * len(self.labels) + words[1:], -1
            )
            for at in np.flatnonzero(np.isin(keys, list(written))).tolist():
                written[int(keys[at])][" ".join(_clean(names[token]) for token in tokens[at : at + 2])] += 1
        return {pair: _most_common(found) for pair, found in zip(pairs, written.values(), strict=True)}


def _count_names(texts: TokenizedTexts) -> tuple[np.ndarray, np.ndarray]:
    """Return what each token counts, little in titles and after full stops, and how often it is in a title."""
    counts, in_titles = np.zeros(len(texts.names), int), np.zeros(len(texts.names), int)
    is_break = np.array([not WORD.match(name) for name in texts.names])
    for rows, tokens, sizes in texts.chunks():
        in_title = np.arange(len(tokens)) < np.repeat(np.cumsum(sizes) - sizes + texts.title_sizes[rows], sizes)
        weight = np.where(in_title, TITLE_COUNT, TEXT_COUNT)
        weight[1:][is_break[tokens[:-1]]] = TITLE_COUNT
        counts += np.bincount(tokens, weight, minlength=len(counts)).astype(int)
        in_titles += np.bincount(tokens[in_title], minlength=len(counts))
    return counts, in_titles


def _count_titles(column: dict[str, int], names: list[str], in_titles: np.ndarray) -> np.ndarray:
    """Return how often each word is in a title, int (W,)."""
    title_counts = np.zeros(len(column), int)
    for form in np.flatnonzero(in_titles).tolist():
        for word in tokenize(names[form]):
            if word in column:
                title_counts[column[word]] += in_titles[form]
    return title_counts


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
