"""Words to TF-IDF rows: 1 + log tf, smooth idf, unit length; float32 throughout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from recommender.data.tables import Papers
from recommender.features.keyphrases import Keyphrases, learn_keyphrases
from recommender.features.tokenizer import tokenize


@dataclass(frozen=True)
class Vocabulary:
    """The W words a model knows, how telling each is: `idf` float32 (W,), and what they are called in a reason."""

    words: Sequence[str]
    idf: np.ndarray
    keyphrases: Keyphrases | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_column", {word: column for column, word in enumerate(self.words)})
        object.__setattr__(self, "_keyphrases", self.keyphrases or Keyphrases.from_idf(self.words, self.idf))

    def __len__(self) -> int:
        return len(self.words)

    def with_keyphrases(self, texts: Sequence[str], rows: sp.csr_matrix) -> Vocabulary:
        """Return this vocabulary with what the texts it was learned from, and their TF-IDF rows, say of naming."""
        return replace(self, keyphrases=learn_keyphrases(texts, self.words, rows))

    def choose_labels(self, columns: np.ndarray, weights: np.ndarray, most: int) -> list[str]:
        """Return what to call the words that two texts share, the best first; see `Keyphrases.choose_labels`."""
        keyphrases: Keyphrases = self._keyphrases  # type: ignore[attr-defined]
        return keyphrases.choose_labels(columns, weights, most)

    def columns(self, words: Iterable[str]) -> np.ndarray:
        """Return the columns of those of the words that are known, int64, in order."""
        known: dict[str, int] = self._column  # type: ignore[attr-defined]
        return np.array(sorted(known[word] for word in words if word in known), np.int64)

    def rows(self, texts: Iterable[str]) -> sp.csr_matrix:
        """Return the unit-length TF-IDF rows of texts, float32 (N, W); a text without known words has an empty row."""
        counter = CountVectorizer(analyzer=tokenize, vocabulary=self._column, dtype=np.float32)  # type: ignore[attr-defined]
        texts = list(texts)
        if not texts or not self.words:
            return sp.csr_matrix((len(texts), len(self.words)), dtype=np.float32)
        return _weigh_counts(counter.transform(texts), self.idf)


def learn_vocabulary(texts: list[str], min_df: int) -> tuple[Vocabulary, sp.csr_matrix]:
    """Learn the words of these texts and return them with the texts' TF-IDF rows, float32 (P, W).

    A word has to be in `min_df` texts, fewer in a catalogue under 300 texts, where three is already a topic.
    """
    least = min(min_df, max(1, len(texts) // 100))
    counter = CountVectorizer(analyzer=tokenize, dtype=np.float32)
    if not any(tokenize(text) for text in texts[:1000]) and not any(tokenize(text) for text in texts):
        return Vocabulary([], np.empty(0, np.float32)), sp.csr_matrix((len(texts), 0), dtype=np.float32)
    counts = counter.fit_transform(texts).tocsc()
    paper_counts = np.diff(counts.indptr)
    kept = np.flatnonzero(paper_counts >= least)
    names = counter.get_feature_names_out()
    idf = (np.log((1 + len(texts)) / (1 + paper_counts[kept])) + 1).astype(np.float32)
    return Vocabulary([str(names[column]) for column in kept], idf), _weigh_counts(counts[:, kept].tocsr(), idf)


def paper_texts(papers: Papers) -> list[str]:
    """Return what each paper says of itself: its title and its abstract."""
    return [f"{title}\n{abstract}" for title, abstract in zip(papers.titles, papers.abstracts, strict=True)]


def _weigh_counts(counts: sp.csr_matrix, idf: np.ndarray) -> sp.csr_matrix:
    counts.sort_indices()
    weights = (1 + np.log(counts.data)) * idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    lengths = np.sqrt(np.bincount(rows, weights * weights, minlength=counts.shape[0]))
    counts.data = (weights / lengths[rows]).astype(np.float32)
    return counts
