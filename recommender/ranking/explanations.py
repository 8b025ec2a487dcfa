"""Why a paper was recommended: shares that add up to its score."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recommender.ranking.scoring import CatalogueScores
from recommender.ranking.search import on_topic

SHARED_WORDS = 4  # named in one reason
MIN_PRODUCT = 1e-6  # of a product of TF-IDF weights: what is below is rounding


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


class Explanation:
    """What the scores of some index rows (M,) are made of, worked out for all of them at once."""

    def __init__(self, scored: CatalogueScores, rows: np.ndarray) -> None:
        self.scored, self.rows = scored, rows
        self.by_words, self.by_factors = scored.shares(rows, by_words=True), scored.shares(rows, by_words=False)
        self.typed = [at for at, text in enumerate(scored.profile.typed) if text]
        self._on_topic = on_topic(scored, self.typed, rows)
        self._words = scored.index.words(rows)
        # Only the words of these rows matter: what the reader's papers say of them is a small dense table.
        self._columns, self._at = np.unique(self._words.indices, return_inverse=True)
        self._profile_words = scored.profile.words[:, self._columns].toarray()
        self._all_profile_words = self._profile_words.sum(axis=0)

    def reasons(self, at: int, added: float, most: int) -> list[Reason]:
        """Share out the score of the row at `at`, the largest share first.

        At most `most` of the reader's papers are named, and every interest that the paper matches; the others' shares
        stand together, those by words under "words" and those by the factors under "readers". `added` is what the list
        put on top.
        """
        scored = self.scored
        both = self.by_words[at] + self.by_factors[at]
        order = np.argsort(-both, kind="stable")
        papers = [
            int(one) for one in order[: most + len(self.typed)] if scored.profile.rows[one] >= 0 and both[one] > 0
        ]
        papers = papers[:most]
        typed = [one for one, matches in zip(self.typed, self._on_topic[:, at], strict=True) if matches]
        reasons = [self._of_paper(at, one, float(both[one])) for one in papers]
        reasons += [Reason("interest", float(both[one]), words=[scored.profile.typed[one]]) for one in typed]
        reasons += self._remainders(at, [*typed, *papers], added)
        told = sorted((reason for reason in reasons if reason.share), key=lambda reason: -reason.share)
        return _absorb_rounding(float(scored.scores[self.rows[at]] + np.float32(added)), told)

    def _of_paper(self, at: int, one: int, share: float) -> Reason:
        paper, index = int(self.scored.profile.rows[one]), self.scored.index
        return Reason("paper", share, index.ids[paper], index.title(paper), self._shared(at, self._profile_words[one]))

    def _remainders(self, at: int, named: list[int], added: float) -> Iterator[Reason]:
        scored, row = self.scored, self.rows[at]
        words = float(self.by_words[at].sum() - self.by_words[at, named].sum())
        factors = float(self.by_factors[at].sum() - self.by_factors[at, named].sum())
        priors = {kind: float(prior[row]) for kind, prior in scored.priors.items()}
        if not scored.index.read_at_all:  # the factors know of words alone
            words, factors = words + factors, 0.0
        if len(named) == len(scored.profile):  # nobody is left: what differs from zero is rounding
            words = factors = 0.0
        if words:
            yield Reason(
                "words", words, words=self._shared(at, self._all_profile_words - self._profile_words[named].sum(axis=0))
            )
        yield Reason("readers", factors + priors.get("readers", 0.0))
        yield Reason("fresh", priors.get("fresh", 0.0))
        yield Reason("popular", priors.get("popular", 0.0))
        yield Reason("interest", priors.get("interest", 0.0))
        yield Reason("explore", priors.get("explore", 0.0) + added)

    def _shared(self, at: int, profile: np.ndarray) -> list[str]:
        """Return the words that tell most of what a row and a profile (columns,) have in common."""
        cells = slice(self._words.indptr[at], self._words.indptr[at + 1])
        both = self._words.data[cells] * profile[self._at[cells]]
        told = both > MIN_PRODUCT
        return self.scored.vocabulary.names(self._words.indices[cells][told], both[told], SHARED_WORDS)


def _absorb_rounding(score: float, reasons: list[Reason]) -> list[Reason]:
    """Put what float32 rounded off onto the largest share: beside a score near zero it would not be small."""
    if not reasons:
        return reasons
    largest = max(range(len(reasons)), key=lambda at: abs(reasons[at].share))
    rest = score - sum(reason.share for reason in reasons)
    reasons[largest] = dataclasses.replace(reasons[largest], share=reasons[largest].share + rest)
    return reasons
