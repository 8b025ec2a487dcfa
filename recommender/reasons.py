"""Why a paper was recommended: shares that add up to its score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.scoring import Scored

SHARED_WORDS = 4  # named in one reason


@dataclass(frozen=True)
class Reason:
    """One share of a score.

    `kind` is "paper" (one of the reader's papers, with `title` and the `words` shared with it), "words" (the words
    shared with their other papers), "readers" (what others read beside them, and how many read this), "fresh",
    "popular", "explore" (what the list adds or takes: exploration, diversity, passed over) or "interest" (typed).
    """

    kind: str
    share: float
    paper: str | None = None
    title: str | None = None
    words: list[str] | None = None


def explain(scored: Scored, row: int, added: float, most: int) -> list[Reason]:
    """Share out the score of a shelf row, the largest share first.

    At most `most` of the reader's papers are named, and every interest; the others' shares stand together, those by
    words under "words" and those by the factors under "readers". `added` is what the list put on top.
    """
    by_words, by_factors = scored.shares(row, by_words=True), scored.shares(row, by_words=False)
    both = by_words + by_factors
    typed = [at for at, text in enumerate(scored.taste.typed) if text]
    papers = [int(at) for at in np.argsort(-both, kind="stable") if scored.taste.rows[at] >= 0 and both[at] > 0][:most]
    rest = np.setdiff1d(np.arange(len(both)), typed + papers)
    reasons = [_of_paper(scored, row, at, float(both[at])) for at in papers]
    reasons += [Reason("interest", float(both[at]), words=[scored.taste.typed[at]]) for at in typed]
    reasons += _remainders(scored, row, rest, by_words=by_words, by_factors=by_factors, added=added)
    return sorted((reason for reason in reasons if reason.share), key=lambda reason: -reason.share)


def _of_paper(scored: Scored, row: int, at: int, share: float) -> Reason:
    paper = int(scored.taste.rows[at])
    words = _shared(scored, row, scored.taste.words[at])
    return Reason("paper", share, scored.shelf.ids[paper], scored.shelf.title(paper), words)


def _remainders(
    scored: Scored, row: int, rest: np.ndarray, *, by_words: np.ndarray, by_factors: np.ndarray, added: float
) -> Iterator[Reason]:
    words = float(by_words[rest].sum())
    factors = float(by_factors[rest].sum())
    priors = {kind: float(prior[row]) for kind, prior in scored.priors.items()}
    if not scored.shelf.readers.any():  # the factors know of words alone
        words, factors = words + factors, 0.0
    if words:
        yield Reason("words", words, words=_shared(scored, row, sp.csr_matrix(scored.taste.words[rest].sum(axis=0))))
    yield Reason("readers", factors + priors.get("readers", 0.0))
    yield Reason("fresh", priors.get("fresh", 0.0))
    yield Reason("popular", priors.get("popular", 0.0))
    yield Reason("interest", priors.get("interest", 0.0))
    yield Reason("explore", priors.get("explore", 0.0) + added)


def _shared(scored: Scored, row: int, words: sp.csr_matrix) -> list[str]:
    both = scored.shelf.words(np.array([row])).multiply(words).tocsr()
    telling = both.indices[np.argsort(-both.data, kind="stable")][:SHARED_WORDS]
    return [scored.vocabulary.words[column] for column in telling]
