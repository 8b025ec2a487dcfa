"""How a reason names words: those that tell something in this catalogue, written as its papers write them.

N papers, W words, T terms of two words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.features.surface_forms import SurfaceForms

COMMON, FREQUENT = 0.1, 0.05  # of the papers have the word
FEW = 30  # papers are still not many, unless they are a quarter of a small catalogue
MIN_LIKENESS = 1.25  # papers with a word that tells are so many times as alike as any two, the word itself left out
MIN_LIKENESS_OF_COMMON = 1.6  # the same for a word that is common: what a whole field of the catalogue is called by
PRIOR_PAPERS = 4.0  # papers' worth of doubt about that where few have the word
MIN_TITLED_SHARE = 0.2  # of the papers with a word have it in their title, so that it tells
MANY_TITLES = 100  # from which a word that is rare tells by standing in one
MIN_PAPERS = 8  # with fewer there is nothing to be learned from their likeness
LOOKED_AT = 8  # times as many names as are wanted are held against each other
MOST_TERMS = 10_000  # looked at, those that most papers have
MAX_PAPERS_COMPARED = 200  # papers of one word
MIN_ADJACENT_SHARE = 0.75  # of the papers with both words of a term have them side by side
MANY_PAPERS = 300  # from which a term is in three of them, not in two
CHUNK = 2000  # words


@dataclass(frozen=True)
class Keyphrases:
    """How papers write each word, `written` (W,), and how much it tells, `telling` float32 (W,), 0 if not named alone.

    `terms` int32 (T, 2) are the words of terms that say more than either, in order; with them `written_terms` (T,) and
    `terms_tell` float32 (T,).
    """

    written: Sequence[str]
    telling: np.ndarray
    terms: np.ndarray
    written_terms: Sequence[str]
    terms_tell: np.ndarray

    @classmethod
    def plain(cls, words: Sequence[str], idf: np.ndarray) -> Keyphrases:
        """Name words as they are folded, the rare ones: for a model that was trained before others were learned."""
        rare = idf > 1 - np.log(COMMON)
        return cls(words, rare.astype(np.float32), np.zeros((0, 2), np.int32), [], rare[:0])

    @cached_property
    def _named(self) -> np.ndarray:
        """Bool (W,): the word is named, alone or in a term."""
        named = np.asarray(self.telling > 0)
        named[np.asarray(self.terms).ravel()] = True
        return named

    @cached_property
    def _terms_of(self) -> dict[int, list[tuple[int, int]]]:
        """Word -> (the word after it, term)."""
        found: dict[int, list[tuple[int, int]]] = {}
        for term, (one, other) in enumerate(self.terms.tolist()):
            found.setdefault(one, []).append((other, term))
        return found

    def names(self, columns: np.ndarray, weights: np.ndarray, most: int) -> list[str]:
        """Return what to call the words (n,) that two texts share: the best by weight (n,) and by how much they tell.

        No word is named twice, neither alone and in a term nor as part of another.
        """
        named = self._named[columns]
        shared = dict(zip(columns[named].tolist(), weights[named].tolist(), strict=True))
        found = [(weight * float(self.telling[one]), self.written[one]) for one, weight in shared.items()]
        for one, weight in shared.items():
            terms = [(other, term) for other, term in self._terms_of.get(one, ()) if other in shared]
            tell = ((weight + shared[other]) * float(self.terms_tell[term]) for other, term in terms)
            found += zip(tell, (self.written_terms[term] for _, term in terms), strict=True)
        best = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
        return _apart([name for _, name in best[: LOOKED_AT * most]])[:most]


def _apart(names: list[str]) -> list[str]:
    """Leave out names that are part of others, or that share a word with one before them."""
    kept: list[str] = []
    for name in names:
        other = next((one for one in kept if _words(one) & _words(name) or one in name or name in one), None)
        if other is None:
            kept.append(name)
        elif len(_words(name)) > len(_words(other)) and _words(other) <= _words(name):
            kept[kept.index(other)] = name
    return list(dict.fromkeys(kept))


def _words(name: str) -> set[str]:
    return set(name.casefold().replace("-", " ").split())


def learn_keyphrases(texts: Sequence[str], words: Sequence[str], rows: sp.csr_matrix) -> Keyphrases:
    """Learn from the texts (N,) and their TF-IDF rows (N, W) how to name the words."""
    papers, spread, alike = rows.shape[0], np.bincount(rows.indices, minlength=len(words)), _likeness(rows)
    surface_forms = SurfaceForms.of(texts, words)
    stop = _stop(spread, alike, papers)
    named = ~stop & surface_forms.alone & _tells(alike, spread, surface_forms.titled, papers)
    telling = np.where(named, np.log(np.maximum(alike, MIN_LIKENESS)), 0)
    terms = _terms(surface_forms, ~stop & surface_forms.whole, named, rows)
    written = surface_forms.written_side_by_side(list(terms))
    return Keyphrases(
        surface_forms.written,
        telling.astype(np.float32),
        np.array(list(terms), np.int32).reshape(-1, 2),
        [written[pair] for pair in terms],
        np.array(list(terms.values()), np.float32),
    )


def _tells(alike: np.ndarray, spread: np.ndarray, titled: np.ndarray | None, papers: int) -> np.ndarray:
    """Return which words tell, bool (W,): their papers are alike, or have them in their titles. None is in no title."""
    least = 1 if papers >= MANY_TITLES else 2
    if titled is None:
        return alike >= MIN_LIKENESS
    return ((alike >= MIN_LIKENESS) & (titled > 0)) | ((titled >= least) & (titled >= MIN_TITLED_SHARE * spread))


def stop_words(words: Sequence[str], rows: sp.csr_matrix) -> set[str]:
    """Return the words that tell nothing of a paper of this catalogue, from the papers' TF-IDF rows (N, W)."""
    spread = np.bincount(rows.indices, minlength=len(words))
    return {words[int(column)] for column in np.flatnonzero(_stop(spread, _likeness(rows), rows.shape[0]))}


def _stop(spread: np.ndarray, alike: np.ndarray, papers: int) -> np.ndarray:
    """Return which words are on the catalogue's stop list, bool (W,).

    That is those in more than half of the papers, in more than a tenth that are not very alike, or in more than a
    twentieth that are no more alike than any.
    """
    few, half = max(2.0, min(FEW, papers / 4)), max(2.0, papers / 2)
    common = (spread > max(few, COMMON * papers)) & (alike < MIN_LIKENESS_OF_COMMON)
    return (spread > half) | common | ((spread > max(few, FREQUENT * papers)) & (alike < MIN_LIKENESS))


def _likeness(rows: sp.csr_matrix) -> np.ndarray:
    """Return how many times as alike as any two papers those with a word are, the word left out, float32 (W,).

    One where the catalogue is too small to tell, or nearly none of its papers have the word.
    """
    papers, words = rows.shape
    by_word = rows.T.tocsr()
    if papers < MIN_PAPERS:
        return np.full(words, np.float32(MIN_LIKENESS))
    looked_at = _thinned(by_word)
    alike = [_mean_likeness(looked_at[start : start + CHUNK], rows, start) for start in range(0, words, CHUNK)]
    return _shrunk(np.concatenate([np.empty(0), *alike]) / _usual_likeness(rows), np.diff(by_word.indptr))


def _mean_likeness(by_word: sp.csr_matrix, rows: sp.csr_matrix, first: int) -> np.ndarray:
    """Return the mean cosine of two papers that have a word, the word left out, for words (n,) from `first` on."""
    having, n = (by_word > 0).astype(np.float32), np.diff(by_word.indptr)
    sums = (having @ rows).tocsr()
    own = np.asarray(by_word.sum(axis=1)).ravel()
    themselves = n - np.asarray(by_word.multiply(by_word).sum(axis=1)).ravel()
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - own**2
    return np.asarray((squares - themselves) / np.maximum(n * (n - 1), 1))


def _thinned(by_word: sp.csr_matrix) -> sp.csr_matrix:
    """Return the matrix (W, N) with about `MAX_PAPERS_COMPARED` papers a word, spread evenly."""
    n = np.diff(by_word.indptr)
    step = np.repeat(np.maximum(-(-n // MAX_PAPERS_COMPARED), 1), n)
    kept = (np.arange(by_word.nnz) - np.repeat(by_word.indptr[:-1], n)) % step == 0
    ends = np.concatenate([[0], np.cumsum(kept)])[by_word.indptr]
    return sp.csr_matrix((by_word.data[kept], by_word.indices[kept], ends), shape=by_word.shape)


def _terms(
    surface_forms: SurfaceForms, usable: np.ndarray, named: np.ndarray, rows: sp.csr_matrix
) -> dict[tuple[int, int], float]:
    """Return terms and how much they tell: two words that nearly all papers with both have side by side.

    Both are usable and one of them is named alone too.
    """
    papers, by_word = rows.shape[0], rows.tocsc()
    usual = _usual_likeness(rows)
    terms = {}
    found = sorted(surface_forms.neighbours(usable, named, 3 if papers >= MANY_PAPERS else 2), key=lambda one: -one[1])
    for (one, other), side_by_side in found[:MOST_TERMS]:
        both = np.intersect1d(*(by_word.indices[slice(*by_word.indptr[at : at + 2])] for at in (one, other)))
        if side_by_side < MIN_ADJACENT_SHARE * len(both):
            continue
        alike = _shrunk(_likeness_of(rows[both[:MAX_PAPERS_COMPARED]], [one, other]) / usual, len(both))
        if alike >= MIN_LIKENESS:
            terms[one, other] = float(np.log(alike))
    return terms


def _likeness_of(rows: sp.csr_matrix, without: list[int]) -> float:
    """Return the mean cosine of two of these papers, these words left out."""
    n, total, own = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel(), rows[:, without]
    total[without] = 0
    return float((total @ total - n + own.multiply(own).sum()) / max(n * (n - 1), 1))


def _usual_likeness(rows: sp.csr_matrix) -> float:
    """Return the mean cosine of any two papers, never zero."""
    n, total = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel()
    return max(float(total @ total - n) / max(n * (n - 1), 1), 1e-9)


def _shrunk(times: np.ndarray | float, papers: np.ndarray | int) -> np.ndarray:
    return np.asarray((np.maximum(times, 0) * papers + PRIOR_PAPERS) / (papers + PRIOR_PAPERS), np.float32)
