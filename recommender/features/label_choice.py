"""Which labels to name for the words that papers share, for many pairs of papers at once.

Axes: G groups of words (each what two papers share), E words of all groups, W words of the vocabulary, T phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

OVERSAMPLING = 8  # candidates examined for each label that is wanted
REMEMBERED_LABELS = 2**14  # labels whose words are kept in memory, some 7 MB

Label = tuple[str, frozenset[str]]  # a label and the words it is made of


class LabelChooser:
    """Chooses among the labels of a vocabulary, given as `Keyphrases` has them. Thread-safe."""

    def __init__(
        self,
        labels: Sequence[str],
        informativeness: np.ndarray,
        phrases: np.ndarray,
        phrase_labels: Sequence[str],
        phrase_informativeness: np.ndarray,
    ) -> None:
        self._labels, self._phrase_labels = labels, phrase_labels
        self._informativeness, self._phrase_informativeness = informativeness, phrase_informativeness
        self._words = len(labels)
        phrases = np.asarray(phrases, np.int64).reshape(-1, 2)
        self._named = np.asarray(informativeness > 0)
        self._named[phrases.ravel()] = True
        # The phrases that begin with each word, in their order: `_by_first[_first[word] : _first[word + 1]]`.
        self._by_first = np.argsort(phrases[:, 0], kind="stable")
        self._second = phrases[self._by_first, 1]
        self._first = np.concatenate([[0], np.cumsum(np.bincount(phrases[:, 0], minlength=self._words))])
        self._read_label = lru_cache(REMEMBERED_LABELS)(self._read_label_anew)

    def choose(
        self, groups: np.ndarray, columns: np.ndarray, weights: np.ndarray, count: int, limit: int
    ) -> list[list[str]]:
        """Return at most `limit` labels for each of `count` groups, the best first.

        `groups` int (E,), ascending, `columns` int (E,) and `weights` (E,) say which words are in a group, and their
        weight there; a label is as good as its weight times its informativeness. In one group no word is named twice,
        alone and in a phrase or as part of another.
        """
        named = self._named[columns]
        groups, columns, weights = groups[named], columns[named], weights[named].astype(np.float64)
        alone = weights * self._informativeness[columns]
        at, phrases, tell = self._find_phrases(groups, columns, weights)
        owners, worth = np.concatenate([groups, groups[at]]), np.concatenate([alone, tell])
        labels = np.concatenate([columns, self._words + phrases])
        told = np.flatnonzero(worth > 0)
        order = told[np.lexsort((-worth[told], owners[told]))]
        ends = np.searchsorted(owners[order], np.arange(count + 1)).tolist()
        ranked, most = labels[order].tolist(), OVERSAMPLING * limit
        return [
            self._drop_overlaps(ranked[start : min(end, start + most)], limit) if end > start else []
            for start, end in pairwise(ends)
        ]

    def _find_phrases(
        self, groups: np.ndarray, columns: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where the phrases of which a group has both words begin, which they are, and how much each tells."""
        counts = self._first[columns + 1] - self._first[columns]
        at = np.repeat(np.arange(len(columns)), counts)
        starts = np.cumsum(counts) - counts
        places = np.arange(len(at)) - starts[at] + self._first[columns[at]]
        keys, wanted = groups * self._words + columns, groups[at] * self._words + self._second[places]
        by_key = np.argsort(keys, kind="stable")
        found = np.minimum(np.searchsorted(keys, wanted, sorter=by_key), max(len(keys) - 1, 0))
        other = by_key[found] if len(keys) else found
        both = keys[other] == wanted
        at, other, phrases = at[both], other[both], self._by_first[places[both]]
        tell = (weights[at] + weights[other]) * self._phrase_informativeness[phrases].astype(np.float64)
        return at, phrases, tell

    def _drop_overlaps(self, labels: list[int], limit: int) -> list[str]:
        """Drop labels that are part of others, or that share a word with one before them, and all past `limit`."""
        kept: list[Label] = []
        for name, words in map(self._read_label, labels):
            if len(kept) == limit and len(words) < 2:
                continue  # it can neither replace a label nor follow one
            other = _find_overlap(kept, name, words)
            if other is None:
                if len(kept) < limit:
                    kept.append((name, words))
            elif len(words) > len(kept[other][1]) and kept[other][1] <= words:
                kept[other] = (name, words)
        return list(dict.fromkeys(name for name, _ in kept))

    def _read_label_anew(self, label: int) -> Label:
        word = label < self._words
        name = self._labels[label] if word else self._phrase_labels[label - self._words]
        return name, frozenset(name.casefold().replace("-", " ").split())


def _find_overlap(kept: Sequence[Label], name: str, words: frozenset[str]) -> int | None:
    """Return where the first label is that has a word of this one, or is part of it, or it of that."""
    for at, (other, its_words) in enumerate(kept):
        if other in name or name in other or not words.isdisjoint(its_words):
            return at
    return None
