"""Where the heavy stages of a training run: in this process, or on a cluster (`spark.py`).

Axes: U readers, P papers, W words, F names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import scipy.sparse as sp

from recommender.config import Config
from recommender.data.tables import Papers
from recommender.features import tfidf
from recommender.features.tfidf import Vocabulary
from recommender.features.tokenized_texts import TokenizedTexts
from recommender.model import factorization, nearest
from recommender.model.factorization import Factors, WarmStart


class Engine(Protocol):
    """What is done elsewhere where there is too much of it for one machine.

    `starts_warm` is whether `factorize` heeds a start.
    """

    starts_warm: bool

    def learn_vocabulary(self, papers: Papers, texts: TokenizedTexts, min_df: int) -> tuple[Vocabulary, sp.csr_matrix]:
        """Learn the words of papers, whose texts were read already, as `tfidf.learn_vocabulary` says."""
        ...

    def factorize(
        self,
        matrix: sp.csr_matrix,
        readers: int,
        config: Config,
        seed: int,
        *,
        step: Callable[[float], None] | None = None,
        start: WarmStart | None = None,
    ) -> Factors:
        """Factorise the stacked matrix (U + W + F, P), as `factorization.factorize` says."""
        ...

    def find_nearest(self, rows: sp.csr_matrix, limit: int) -> sp.csr_matrix:
        """Return each row's `limit` largest products with the other rows, or nearly all of them, CSR (P, P)."""
        ...


class LocalEngine:
    """This process."""

    starts_warm = True

    @staticmethod
    def learn_vocabulary(papers: Papers, texts: TokenizedTexts, min_df: int) -> tuple[Vocabulary, sp.csr_matrix]:
        """Learn the words of papers, whose texts were read already."""
        return tfidf.learn_vocabulary(texts, min_df)

    factorize = staticmethod(factorization.factorize)
    find_nearest = staticmethod(nearest.find_nearest)


LOCAL: Engine = LocalEngine()
