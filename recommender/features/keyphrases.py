"""Keyphrases: which words and two-word phrases a reason names, and what they are called.

The coherence of a word is how many times as similar its papers are to each other as any two papers, the word itself
left out; compare a term's discrimination value (Salton, Yang and Yu 1975). A coherent word is informative. A phrase is
two words that nearly all papers with both have side by side. No ranking depends on any of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.features.label_choice import LabelChooser
from recommender.features.surface_forms import SurfaceForms
from recommender.features.tokenized_texts import TokenizedTexts

COMMON_SHARE, FREQUENT_SHARE = 0.1, 0.05  # shares of the papers above which a word may be a stop word
MIN_STOP_WORD_PAPERS = 30  # papers that a stop word is in, or a quarter of a small catalogue
MIN_COHERENCE = 1.25  # of an informative word
MIN_COHERENCE_OF_COMMON = 1.6  # of a common word that is no stop word, such as the name of a field
PRIOR_PAPERS = 4.0  # papers of coherence 1 that are counted with a word's own, so that few papers prove little
MIN_TITLE_SHARE = 0.2  # of a word's papers have it in the title: informative whatever its coherence
MIN_PAPERS_FOR_ONE_TITLE = 100  # papers in a catalogue where one such title suffices; below, two
MIN_PAPERS_TO_COMPARE = 8  # below this many papers nothing is learned from their similarity
MAX_PHRASES = 10_000  # candidates examined, those in most papers first
MAX_PAPERS_COMPARED = 200  # papers of one word or phrase
MIN_ADJACENT_SHARE = 0.75  # of the papers with both words of a phrase have them side by side
MIN_PAPERS_FOR_THREE = 300  # papers in a catalogue where a phrase must be in three of them; below, in two
WORDS_PER_CHUNK = 2000  # compared at once, to bound memory


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
        """Return the rare words as the tokenizer folds them, for a model trained before keyphrases were learned."""
        rare = idf > 1 - np.log(COMMON_SHARE)
        return cls(words, rare.astype(np.float32), np.zeros((0, 2), np.int32), [], rare[:0])

    @cached_property
    def chooser(self) -> LabelChooser:
        """Chooses which of these labels to name."""
        return LabelChooser(
            self.labels, self.informativeness, self.phrases, self.phrase_labels, self.phrase_informativeness
        )


def learn_keyphrases(texts: Iterable[str] | TokenizedTexts, words: Sequence[str], rows: sp.csr_matrix) -> Keyphrases:
    """Learn keyphrases from the texts (P,), their vocabulary (W,) and their TF-IDF rows (P, W)."""
    papers, paper_counts = rows.shape[0], np.bincount(rows.indices, minlength=len(words))
    surface_forms = SurfaceForms.collect(texts, words)
    coherence = _coherence(rows, _needs_coherence(surface_forms, paper_counts, papers))
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


def _needs_coherence(surface_forms: SurfaceForms, paper_counts: np.ndarray, papers: int) -> np.ndarray:
    """Return the words whose coherence decides anything, bool (W,): the frequent ones, and those that can be named."""
    in_titles = True if surface_forms.title_counts is None else surface_forms.title_counts > 0
    return (surface_forms.standalone & in_titles) | (paper_counts > _frequent(papers))


def _find_informative(
    coherence: np.ndarray, paper_counts: np.ndarray, title_counts: np.ndarray | None, papers: int
) -> np.ndarray:
    """Return which words are informative, bool (W,): coherent and in some title, or in many titles."""
    min_titles = 1 if papers >= MIN_PAPERS_FOR_ONE_TITLE else 2
    if title_counts is None:
        return coherence >= MIN_COHERENCE
    return ((coherence >= MIN_COHERENCE) & (title_counts > 0)) | (
        (title_counts >= min_titles) & (title_counts >= MIN_TITLE_SHARE * paper_counts)
    )


def _find_stop_words(paper_counts: np.ndarray, coherence: np.ndarray, papers: int) -> np.ndarray:
    """Return which words are stop words, bool (W,).

    Those are the words in more than half of the papers, in more than a tenth that are not very coherent, or in more
    than a twentieth that are hardly coherent.
    """
    half = max(2.0, papers / 2)
    common = (paper_counts > _frequent(papers, COMMON_SHARE)) & (coherence < MIN_COHERENCE_OF_COMMON)
    return (paper_counts > half) | common | ((paper_counts > _frequent(papers)) & (coherence < MIN_COHERENCE))


def _frequent(papers: int, share: float = FREQUENT_SHARE) -> float:
    """Return in how many papers a word must be to be a stop word if it is not coherent."""
    return max(2.0, min(MIN_STOP_WORD_PAPERS, papers / 4), share * papers)


def _coherence(rows: sp.csr_matrix, asked: np.ndarray) -> np.ndarray:
    """Return the coherence of the words that are `asked` about, bool (W,), and 1 for the others, float32 (W,).

    That is the mean cosine of its papers, the word left out, over that of any two papers, shrunk towards 1; in a
    catalogue too small to tell, the least that an informative word has.
    """
    papers, words = rows.shape
    if papers < MIN_PAPERS_TO_COMPARE:
        return np.full(words, np.float32(MIN_COHERENCE))
    by_word = rows.T.tocsr()[np.flatnonzero(asked)]
    sample = _sample_papers(by_word)
    similarities = [
        _pair_similarities(sample[start : start + WORDS_PER_CHUNK], rows)
        for start in range(0, by_word.shape[0], WORDS_PER_CHUNK)
    ]
    coherence = np.ones(words, np.float32)
    ratios = np.concatenate([np.empty(0), *similarities]) / _mean_similarity(rows)
    coherence[asked] = _shrink(ratios, np.diff(by_word.indptr))
    return coherence


def _pair_similarities(by_word: sp.csr_matrix, rows: sp.csr_matrix) -> np.ndarray:
    """Return the mean cosine of two papers with a word, the word left out, for each of these words (rows).

    It needs no pair: the squared length of a sum of unit vectors is the sum of all their cosines.
    """
    having, counts = (by_word > 0).astype(np.float32), np.diff(by_word.indptr)
    sums = (having @ rows).tocsr()
    own = np.asarray(by_word.sum(axis=1)).ravel()
    diagonal = counts - np.asarray(by_word.multiply(by_word).sum(axis=1)).ravel()
    squares = np.asarray(sums.multiply(sums).sum(axis=1)).ravel() - own**2
    return np.asarray((squares - diagonal) / np.maximum(counts * (counts - 1), 1))


def _sample_papers(by_word: sp.csr_matrix) -> sp.csr_matrix:
    """Return the matrix (W, P) with at most `MAX_PAPERS_COMPARED` papers per word, evenly spaced."""
    counts = np.diff(by_word.indptr)
    step = np.repeat(np.maximum(-(-counts // MAX_PAPERS_COMPARED), 1), counts)
    kept = (np.arange(by_word.nnz) - np.repeat(by_word.indptr[:-1], counts)) % step == 0
    ends = np.concatenate([[0], np.cumsum(kept)])[by_word.indptr]
    return sp.csr_matrix((by_word.data[kept], by_word.indices[kept], ends), shape=by_word.shape)


def _find_phrases(
    surface_forms: SurfaceForms, usable: np.ndarray, named: np.ndarray, rows: sp.csr_matrix
) -> dict[tuple[int, int], float]:
    """Return the phrases with their informativeness: two words that nearly all papers with both have side by side.

    Both words are `usable` (W,) and one of them is `named` (W,) alone too.
    """
    papers, by_word = rows.shape[0], rows.tocsc()
    mean_similarity = _mean_similarity(rows)
    phrases = {}
    found = sorted(
        surface_forms.adjacent_words(usable, named, 3 if papers >= MIN_PAPERS_FOR_THREE else 2), key=lambda one: -one[1]
    )
    for (one, other), side_by_side in found[:MAX_PHRASES]:
        both = np.intersect1d(*(by_word.indices[slice(*by_word.indptr[at : at + 2])] for at in (one, other)))
        if side_by_side < MIN_ADJACENT_SHARE * len(both):
            continue
        coherence = _shrink(
            _mean_similarity_without(rows[both[:MAX_PAPERS_COMPARED]], [one, other]) / mean_similarity, len(both)
        )
        if coherence >= MIN_COHERENCE:
            phrases[one, other] = float(np.log(coherence))
    return phrases


def _mean_similarity_without(rows: sp.csr_matrix, without: list[int]) -> float:
    """Return the mean cosine of two of these papers (M, W), the words of these columns left out."""
    papers, total, own = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel(), rows[:, without]
    total[without] = 0
    return float((total @ total - papers + own.multiply(own).sum()) / max(papers * (papers - 1), 1))


def _mean_similarity(rows: sp.csr_matrix) -> float:
    """Return the mean cosine of any two papers (P, W), never zero."""
    papers, total = rows.shape[0], np.asarray(rows.sum(axis=0)).ravel()
    return max(float(total @ total - papers) / max(papers * (papers - 1), 1), 1e-9)


def _shrink(ratio: np.ndarray | float, papers: np.ndarray | int) -> np.ndarray:
    """Return ratios over these numbers of papers shrunk towards 1 by `PRIOR_PAPERS`, float32."""
    return np.asarray((np.maximum(ratio, 0) * papers + PRIOR_PAPERS) / (papers + PRIOR_PAPERS), np.float32)
