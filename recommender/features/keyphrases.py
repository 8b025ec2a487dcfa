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

COMMON_SHARE, FREQUENT_SHARE = 0.1, 0.05  # of the papers have the word
MIN_STOP_WORD_PAPERS = 30  # papers are still not many, unless they are a quarter of a small catalogue
MIN_COHERENCE = 1.25  # papers with a word that tells are so many times as alike as any two, the word itself left out
MIN_COHERENCE_OF_COMMON = 1.6  # the same for a word that is common: what a whole field of the catalogue is called by
PRIOR_PAPERS = 4.0  # papers' worth of doubt about that where few have the word
MIN_TITLE_SHARE = 0.2  # of the papers with a word have it in their title, so that it tells
MIN_PAPERS_FOR_ONE_TITLE = 100  # from which a word that is rare tells by standing in one
MIN_PAPERS_TO_COMPARE = 8  # with fewer there is nothing to be learned from their likeness
OVERSAMPLING = 8  # times as many names as are wanted are held against each other
MAX_PHRASES = 10_000  # looked at, those that most papers have
MAX_PAPERS_COMPARED = 200  # papers of one word
MIN_ADJACENT_SHARE = 0.75  # of the papers with both words of a term have them side by side
MIN_PAPERS_FOR_THREE = 300  # from which a term is in three of them, not in two
WORDS_PER_CHUNK = 2000  # words


@dataclass(frozen=True)
class Keyphrases:
    """What the words and phrases that two papers share are called in a reason, and how much each says.

    `labels` (W,) is how most papers write a word, `informativeness` float32 (W,) how much it says of its papers, 0 if
    it is not named alone. `phrases` int32 (T, 2) are the two words of each phrase, in order; `phrase_labels` (T,) and
    `phrase_informativeness` float32 (T,) are the same for phrases.
    """

    labels: Sequence[str]
    informativeness: np.ndarray
    phrases: np.ndarray
    phrase_labels: Sequence[str]
    phrase_informativeness: np.ndarray

    @classmethod
    def from_idf(cls, words: Sequence[str], idf: np.ndarray) -> Keyphrases:
        """Name words as they are folded, the rare ones: for a model that was trained before others were learned."""
        rare = idf > 1 - np.log(COMMON_SHARE)
        return cls(words, rare.astype(np.float32), np.zeros((0, 2), np.int32), [], rare[:0])

    @cached_property
    def _has_label(self) -> np.ndarray:
        """Bool (W,): the word is named, alone or in a term."""
        named = np.asarray(self.informativeness > 0)
        named[np.asarray(self.phrases).ravel()] = True
        return named

    @cached_property
    def _phrases_from(self) -> dict[int, list[tuple[int, int]]]:
        """Word -> (the word after it, term)."""
        found: dict[int, list[tuple[int, int]]] = {}
        for term, (one, other) in enumerate(self.phrases.tolist()):
            found.setdefault(one, []).append((other, term))
        return found

    def choose_labels(self, columns: np.ndarray, weights: np.ndarray, limit: int) -> list[str]:
        """Return what to call the words (n,) that two texts share: the best by weight (n,) and by how much they tell.

        No word is named twice, neither alone and in a term nor as part of another.
        """
        named = self._has_label[columns]
        shared = dict(zip(columns[named].tolist(), weights[named].tolist(), strict=True))
        found = [(weight * float(self.informativeness[one]), self.labels[one]) for one, weight in shared.items()]
        for one, weight in shared.items():
            phrases = [(other, term) for other, term in self._phrases_from.get(one, ()) if other in shared]
            tell = ((weight + shared[other]) * float(self.phrase_informativeness[term]) for other, term in phrases)
            found += zip(tell, (self.phrase_labels[term] for _, term in phrases), strict=True)
        best = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
        return _drop_overlaps([name for _, name in best[: OVERSAMPLING * limit]])[:limit]


def _drop_overlaps(names: list[str]) -> list[str]:
    """Leave out names that are part of others, or that share a word with one before them."""
    kept: list[str] = []
    for name in names:
        other = next((one for one in kept if _word_set(one) & _word_set(name) or one in name or name in one), None)
        if other is None:
            kept.append(name)
        elif len(_word_set(name)) > len(_word_set(other)) and _word_set(other) <= _word_set(name):
            kept[kept.index(other)] = name
    return list(dict.fromkeys(kept))


def _word_set(name: str) -> set[str]:
    return set(name.casefold().replace("-", " ").split())


def learn_keyphrases(texts: Sequence[str], words: Sequence[str], rows: sp.csr_matrix) -> Keyphrases:
    """Learn from the texts (N,) and their TF-IDF rows (N, W) how to name the words."""
    papers, paper_counts, coherence = rows.shape[0], np.bincount(rows.indices, minlength=len(words)), _coherence(rows)
    surface_forms = SurfaceForms.collect(texts, words)
    stop = _find_stop_words(paper_counts, coherence, papers)
    named = (
        ~stop
        & surface_forms.standalone
        & _find_informative(coherence, paper_counts, surface_forms.title_counts, papers)
    )
    informativeness = np.where(named, np.log(np.maximum(coherence, MIN_COHERENCE)), 0)
    phrases = _find_phrases(surface_forms, ~stop & surface_forms.is_word, named, rows)
    labels = surface_forms.phrase_labels(list(phrases))
    return Keyphrases(
        surface_forms.labels,
        informativeness.astype(np.float32),
        np.array(list(phrases), np.int32).reshape(-1, 2),
        [labels[pair] for pair in phrases],
        np.array(list(phrases.values()), np.float32),
    )


def _find_informative(
    coherence: np.ndarray, paper_counts: np.ndarray, title_counts: np.ndarray | None, papers: int
) -> np.ndarray:
    """Return which words tell, bool (W,): their papers are alike, or have them in their titles. None is in no title."""
    least = 1 if papers >= MIN_PAPERS_FOR_ONE_TITLE else 2
    if title_counts is None:
        return coherence >= MIN_COHERENCE
    return ((coherence >= MIN_COHERENCE) & (title_counts > 0)) | (
        (title_counts >= least) & (title_counts >= MIN_TITLE_SHARE * paper_counts)
    )


def stop_words(words: Sequence[str], rows: sp.csr_matrix) -> set[str]:
    """Return the words that tell nothing of a paper of this catalogue, from the papers' TF-IDF rows (N, W)."""
    paper_counts = np.bincount(rows.indices, minlength=len(words))
    return {
        words[int(column)] for column in np.flatnonzero(_find_stop_words(paper_counts, _coherence(rows), rows.shape[0]))
    }


def _find_stop_words(paper_counts: np.ndarray, coherence: np.ndarray, papers: int) -> np.ndarray:
    """Return which words are on the catalogue's stop list, bool (W,).

    That is those in more than half of the papers, in more than a tenth that are not very alike, or in more than a
    twentieth that are no more alike than any.
    """
    few, half = max(2.0, min(MIN_STOP_WORD_PAPERS, papers / 4)), max(2.0, papers / 2)
    common = (paper_counts > max(few, COMMON_SHARE * papers)) & (coherence < MIN_COHERENCE_OF_COMMON)
    return (
        (paper_counts > half)
        | common
        | ((paper_counts > max(few, FREQUENT_SHARE * papers)) & (coherence < MIN_COHERENCE))
    )


def _coherence(rows: sp.csr_matrix) -> np.ndarray:
    """Return how many times as alike as any two papers those with a word are, the word left out, float32 (W,).

    One where the catalogue is too small to tell, or nearly none of its papers have the word.
    """
    papers, words = rows.shape
    by_word = rows.T.tocsr()
    if papers < MIN_PAPERS_TO_COMPARE:
        return np.full(words, np.float32(MIN_COHERENCE))
    sample = _sample_papers(by_word)
    coherence = [
        _pair_similarities(sample[start : start + WORDS_PER_CHUNK], rows, start)
        for start in range(0, words, WORDS_PER_CHUNK)
    ]
    return _shrink(np.concatenate([np.empty(0), *coherence]) / _mean_similarity(rows), np.diff(by_word.indptr))


def _pair_similarities(by_word: sp.csr_matrix, rows: sp.csr_matrix, first: int) -> np.ndarray:
    """Return the mean cosine of two papers that have a word, the word left out, for words (n,) from `first` on."""
    having, n = (by_word > 0).astype(np.float32), np.diff(by_word.indptr)
    sums = (having @ rows).tocsr()
    own = np.asarray(by_word.sum(axis=1)).ravel()
    themselves = n - np.asarray(by_word.multiply(by_word).sum(axis=1)).ravel()
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - own**2
    return np.asarray((squares - themselves) / np.maximum(n * (n - 1), 1))


def _sample_papers(by_word: sp.csr_matrix) -> sp.csr_matrix:
    """Return the matrix (W, N) with about `MAX_PAPERS_COMPARED` papers a word, spread evenly."""
    n = np.diff(by_word.indptr)
    step = np.repeat(np.maximum(-(-n // MAX_PAPERS_COMPARED), 1), n)
    kept = (np.arange(by_word.nnz) - np.repeat(by_word.indptr[:-1], n)) % step == 0
    ends = np.concatenate([[0], np.cumsum(kept)])[by_word.indptr]
    return sp.csr_matrix((by_word.data[kept], by_word.indices[kept], ends), shape=by_word.shape)


def _find_phrases(
    surface_forms: SurfaceForms, usable: np.ndarray, named: np.ndarray, rows: sp.csr_matrix
) -> dict[tuple[int, int], float]:
    """Return terms and how much they tell: two words that nearly all papers with both have side by side.

    Both are usable and one of them is named alone too.
    """
    papers, by_word = rows.shape[0], rows.tocsc()
    usual = _mean_similarity(rows)
    phrases = {}
    found = sorted(
        surface_forms.adjacent_words(usable, named, 3 if papers >= MIN_PAPERS_FOR_THREE else 2), key=lambda one: -one[1]
    )
    for (one, other), side_by_side in found[:MAX_PHRASES]:
        both = np.intersect1d(*(by_word.indices[slice(*by_word.indptr[at : at + 2])] for at in (one, other)))
        if side_by_side < MIN_ADJACENT_SHARE * len(both):
            continue
        coherence = _shrink(_mean_similarity_without(rows[both[:MAX_PAPERS_COMPARED]], [one, other]) / usual, len(both))
        if coherence >= MIN_COHERENCE:
            phrases[one, other] = float(np.log(coherence))
    return phrases


def _mean_similarity_without(rows: sp.csr_matrix, without: list[int]) -> float:
    """Return the mean cosine of two of these papers, these words left out."""
    n, total, own = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel(), rows[:, without]
    total[without] = 0
    return float((total @ total - n + own.multiply(own).sum()) / max(n * (n - 1), 1))


def _mean_similarity(rows: sp.csr_matrix) -> float:
    """Return the mean cosine of any two papers, never zero."""
    n, total = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel()
    return max(float(total @ total - n) / max(n * (n - 1), 1), 1e-9)


def _shrink(times: np.ndarray | float, papers: np.ndarray | int) -> np.ndarray:
    return np.asarray((np.maximum(times, 0) * papers + PRIOR_PAPERS) / (papers + PRIOR_PAPERS), np.float32)
