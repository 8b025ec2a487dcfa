"""Texts to TF-IDF rows: 1 + ln tf, smooth idf, unit length, float32.

The weighting of Salton and Buckley (1988) in the variant of scikit-learn's TfidfVectorizer with `sublinear_tf`.
"""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from recommender.data.strings import find_rows
from recommender.data.tables import Papers
from recommender.features.keyphrases import Keyphrases, learn_keyphrases
from recommender.features.label_choice import LabelChooser
from recommender.features.tokenized_texts import TokenizedTexts
from recommender.features.tokenizer import tokenize


@dataclass(frozen=True)
class Vocabulary:
    """The words (W,) a model knows, their inverse document frequency `idf` float32 (W,), and their keyphrases.

    `index` has the column of each word; it is made unless given.
    """

    words: Sequence[str]
    idf: np.ndarray
    keyphrases: Keyphrases | None = None
    index: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.index) != len(self.words):
            object.__setattr__(self, "index", {word: column for column, word in enumerate(self.words)})
        object.__setattr__(self, "_keyphrases", self.keyphrases or Keyphrases.from_idf(self.words, self.idf))

    def __len__(self) -> int:
        return len(self.words)

    def with_keyphrases(self, texts: Iterable[str] | TokenizedTexts, rows: sp.csr_matrix) -> Vocabulary:
        """Return this vocabulary with keyphrases; `texts` (P,) are those it was learned from, `rows` (P, W) theirs."""
        return replace(self, keyphrases=learn_keyphrases(texts, self.words, rows))

    @property
    def label_chooser(self) -> LabelChooser:
        """Chooses labels for the words that papers share."""
        keyphrases: Keyphrases = self._keyphrases  # type: ignore[attr-defined]
        return keyphrases.chooser

    def columns(self, words: Iterable[str]) -> np.ndarray:
        """Return the sorted columns of the known ones of these words, int64."""
        columns = find_rows(self.index, list(words))
        return np.sort(columns[columns >= 0])

    def rows(self, texts: Iterable[str]) -> sp.csr_matrix:
        """Return the TF-IDF rows of texts, float32 CSR (M, W), unit length; all zero for a text without known words."""
        number: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        words, ends = array("i"), array("q", [0])
        for text in texts:
            words.extend(map(number.__getitem__, tokenize(text)))
            ends.append(len(words))
        columns = find_rows(self.index, list(number))[np.array(words, np.int64)]  # each distinct word is looked up once
        known = columns >= 0
        indptr = np.concatenate([[0], np.cumsum(known)])[np.array(ends)].astype(np.int32)
        cells = (np.ones(indptr[-1], np.float32), columns[known].astype(np.int32), indptr)
        counts = sp.csr_matrix(cells, shape=(len(ends) - 1, len(self.words)))
        counts.sum_duplicates()
        return _weigh_counts(counts, self.idf)


def learn_vocabulary(texts: Iterable[str] | TokenizedTexts, min_df: int) -> tuple[Vocabulary, sp.csr_matrix]:
    """Learn the words of texts (P,) and return them with the texts' TF-IDF rows, float32 CSR (P, W).

    A word must be in `min_df` texts; in fewer if there are under 300 texts, where three already make a topic.
    """
    texts = TokenizedTexts.of(texts)
    min_df = least_papers(min_df, len(texts))
    names, counts = texts.count_words()
    paper_counts = sum((np.bincount(one.indices, minlength=len(names)) for one in counts), np.zeros(len(names), int))
    kept = sorted(np.flatnonzero(paper_counts >= min_df).tolist(), key=names.__getitem__)
    idf = (np.log((1 + len(texts)) / (1 + paper_counts[kept])) + 1).astype(np.float32)
    column = np.full(len(names), -1, np.int32)
    column[kept] = np.arange(len(kept))
    rows = [_weigh_counts(_rename_columns(counts.pop(0), column, len(kept)), idf) for _ in range(len(counts))]
    empty = sp.csr_matrix((0, len(kept)), dtype=np.float32)
    return Vocabulary([names[one] for one in kept], idf), sp.vstack([empty, *rows], format="csr")


def weigh_words(words: list[str], counts: sp.csr_matrix) -> tuple[Vocabulary, sp.csr_matrix]:
    """Return a vocabulary of these words (W,) and TF-IDF rows, from how often each text has each: CSR (P, W)."""
    paper_counts = np.bincount(counts.indices, minlength=len(words))
    idf = (np.log((1 + counts.shape[0]) / (1 + paper_counts)) + 1).astype(np.float32)
    return Vocabulary(words, idf), _weigh_counts(counts, idf)


def least_papers(min_df: int, papers: int) -> int:
    """Return in how many of so many papers a word must be: in fewer than 300 papers, three already make a topic."""
    return min(min_df, max(1, papers // 100))


def _rename_columns(counts: sp.csr_matrix, column: np.ndarray, width: int) -> sp.csr_matrix:
    """Return counts with other columns, those of -1 left out."""
    columns = column[counts.indices]
    kept = columns >= 0
    ends = np.concatenate([[0], np.cumsum(kept)])[counts.indptr]
    return sp.csr_matrix((counts.data[kept], columns[kept], ends), shape=(counts.shape[0], width))


def paper_texts(papers: Papers) -> list[str]:
    """Return each paper's title and abstract as one text, a line end between them."""
    return [f"{title}\n{abstract}" for title, abstract in zip(papers.titles, papers.abstracts, strict=True)]


def tokenize_papers(papers: Papers) -> TokenizedTexts:
    """Read each paper's title and abstract, holding one text at a time."""
    pairs = zip(papers.titles, papers.abstracts, strict=True)
    return TokenizedTexts.of(f"{title}\n{abstract}" for title, abstract in pairs)


def _weigh_counts(counts: sp.csr_matrix, idf: np.ndarray) -> sp.csr_matrix:
    counts.sort_indices()
    weights = (1 + np.log(counts.data)) * idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights * weights, minlength=counts.shape[0]))
    counts.data = (weights / lengths[rows]).astype(np.float32)
    return counts
