"""Why a paper was recommended: shares that add up to its score.

Axes: n rows of the profile, M rows explained, W words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.features.name_index import PREFIXES
from recommender.ranking.scoring import CatalogueScores
from recommender.ranking.search import match_interests

SHARED_WORDS = 4  # named in one reason
MIN_PRODUCT = 1e-6  # of two TF-IDF weights; anything below is rounding


@dataclass(frozen=True)
class Reason:
    """One share of a score.

    `kind` is "paper" (one of the reader's papers, with its `title` and the `words` it shares; below zero, the nearest
    of those they want less like), "words" (words shared with their other papers), "readers" (what other readers of
    those papers read, and how many read this one), "fresh", "popular", "explore" (what re-ranking added: diversity,
    fairness, exploration; and impressions passed over), "interest" (typed by the reader, in `words`; without words,
    what was muted), or "author", "category", "organization" (followed by the reader, in `words` as they wrote it).
    """

    kind: str
    share: float
    paper: str | None = None
    title: str | None = None
    words: list[str] | None = None


class Explanation:
    """What the scores of some index rows (M,) are made of, computed for all of them at once.

    `content_shares` and `collaborative_shares` are float64 (M, n).
    """

    def __init__(self, scores: CatalogueScores, rows: np.ndarray) -> None:
        self.scores, self.rows = scores, rows
        self.content_shares = scores.shares(rows, content_based=True)
        self.collaborative_shares = scores.shares(rows, content_based=False)
        self.interests = [at for at, text in enumerate(scores.profile.texts) if text]
        self._matches = match_interests(scores, self.interests, rows)
        self._followed = [(one.name, np.isin(rows, one.rows)) for one in scores.profile.followed]
        self._words = scores.index.words(rows)
        self._disliked = (self._words @ scores.index.words(scores.profile.disliked).T).toarray()
        # Only the words of these rows matter, so the profile's weights for them fit into a small dense table.
        self._columns, self._at = np.unique(self._words.indices, return_inverse=True)
        self._profile_words = scores.profile.words[:, self._columns].toarray()
        self._all_profile_words = self._profile_words.sum(axis=0)

    def reasons(self, at: int, adjustment: float, max_papers: int) -> list[Reason]:
        """Share out the score of the row at `at`, the largest share first.

        Names at most `max_papers` of the reader's papers, and every interest that the paper matches. The other shares
        are summed: those by content under "words", the others under "readers". `adjustment` is what re-ranking added.
        """
        scores = self.scores
        shares = self.content_shares[at] + self.collaborative_shares[at]
        order = np.argsort(-shares, kind="stable")[: max_papers + len(self.interests)]
        papers = [int(row) for row in order if scores.profile.rows[row] >= 0 and shares[row] > 0][:max_papers]
        interests = [row for row, matches in zip(self.interests, self._matches[:, at], strict=True) if matches]
        reasons = [self._name_paper(at, row, float(shares[row])) for row in papers]
        reasons += [Reason("interest", float(shares[row]), words=[scores.profile.texts[row]]) for row in interests]
        reasons += self._sum_remainders(at, [*interests, *papers], adjustment)
        ordered = sorted((reason for reason in reasons if reason.share), key=lambda reason: -reason.share)
        return _absorb_rounding(float(scores.total[self.rows[at]] + np.float32(adjustment)), ordered)

    def _name_paper(self, at: int, row: int, share: float) -> Reason:
        paper, index = int(self.scores.profile.rows[row]), self.scores.index
        words = self._pick_shared_words(at, self._profile_words[row])
        return Reason("paper", share, index.ids[paper], index.title(paper), words)

    def _sum_remainders(self, at: int, named: list[int], adjustment: float) -> Iterator[Reason]:
        scores, row = self.scores, self.rows[at]
        content = float(self.content_shares[at].sum() - self.content_shares[at, named].sum())
        collaborative = float(self.collaborative_shares[at].sum() - self.collaborative_shares[at, named].sum())
        priors = {kind: float(prior[row]) for kind, prior in scores.priors.items()}
        if not scores.index.has_readers:  # the factors know words alone
            content, collaborative = content + collaborative, 0.0
        if len(named) == len(scores.profile):  # nothing is left to sum, only rounding
            content = collaborative = 0.0
        if content:
            others = self._all_profile_words - self._profile_words[named].sum(axis=0)
            yield Reason("words", content, words=self._pick_shared_words(at, others))
        yield Reason("readers", collaborative + priors.get("readers", 0.0))
        yield Reason("fresh", priors.get("fresh", 0.0))
        yield Reason("popular", priors.get("popular", 0.0))
        yield Reason("interest", priors.get("interest", 0.0))
        if priors.get("disliked"):
            nearest = int(scores.profile.disliked[self._disliked[at].argmax()])
            yield Reason("paper", priors["disliked"], scores.index.ids[nearest], scores.index.title(nearest))
        for kind in (kind for kind in PREFIXES.values() if priors.get(kind)):
            names = [name.written for name, has in self._followed if name.kind == kind and has[at]]
            yield Reason(kind, priors[kind], words=names)
        yield Reason("explore", priors.get("explore", 0.0) + adjustment)

    def _pick_shared_words(self, at: int, weights: np.ndarray) -> list[str]:
        """Return the most telling words of those a row shares with a profile's `weights` over `_columns`."""
        cells = slice(self._words.indptr[at], self._words.indptr[at + 1])
        products = self._words.data[cells] * weights[self._at[cells]]
        shared = products > MIN_PRODUCT
        return self.scores.vocabulary.choose_labels(self._words.indices[cells][shared], products[shared], SHARED_WORDS)


def _absorb_rounding(score: float, reasons: list[Reason]) -> list[Reason]:
    """Add the rounding of float32 to the largest share: on a share near zero it would not be small."""
    if not reasons:
        return reasons
    largest = max(range(len(reasons)), key=lambda at: abs(reasons[at].share))
    rest = score - sum(reason.share for reason in reasons)
    reasons[largest] = dataclasses.replace(reasons[largest], share=reasons[largest].share + rest)
    return reasons
