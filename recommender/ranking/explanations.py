"""Why papers were recommended: shares that add up to their scores, for all papers of a list at once.

Axes: n rows of the profile, M rows explained, K papers named at most in one explanation, I typed texts, E cells of the
M rows of words, C columns of these, W words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from recommender.features.name_index import PREFIXES
from recommender.ranking.paper_slices import PaperSelection
from recommender.ranking.scoring import CatalogueScores
from recommender.ranking.search import match_interests

SHARED_WORDS = 4  # named in one reason
MIN_PRODUCT = 1e-6  # of two TF-IDF weights; anything below is rounding


class Reason(NamedTuple):
    """One share of a score.

    `kind` is "paper" (one of the reader's papers, with its `title` and the `words` it shares; below zero, the nearest
    of those they want less like), "words" (words shared with their other papers), "readers" (what other readers of
    those papers read, how many read this one, and whether they took it lately more often than its places promised),
    "fresh", "popular", "explore" (what re-ranking added: diversity, fairness, exploration; and impressions passed
    over), "interest" (typed by the reader, in `words`; without words, what was muted), or "author", "category",
    "organization" (followed by the reader, in `words` as they wrote it).
    """

    kind: str
    share: float
    paper: str | None = None
    title: str | None = None
    words: list[str] | None = None


def explain(
    scores: CatalogueScores, rows: np.ndarray, totals: np.ndarray, adjustments: np.ndarray, max_papers: int
) -> list[list[Reason]]:
    """Share out the scores of index rows (M,), the largest share of each first.

    Names at most `max_papers` of the reader's papers, and every interest that a paper matches. The other shares are
    summed: those by content under "words", the others under "readers". `totals` float32 (M,) are the scores to share
    out, of which re-ranking added `adjustments` float32 (M,).
    """
    if not len(rows):
        return []
    columns = _Explanation(scores, rows, max_papers).columns(adjustments)
    return [
        _settle(score, [reason for reason in reasons if reason is not None])
        for score, reasons in zip(totals.tolist(), zip(*columns, strict=True), strict=True)
    ]


def _settle(score: float, reasons: list[Reason]) -> list[Reason]:
    """Order reasons, and add the rounding of float32 to the largest: on a share near zero it would not be small."""
    if not reasons:
        return reasons
    reasons.sort(key=lambda reason: -reason.share)
    largest = 0 if reasons[0].share >= -reasons[-1].share else len(reasons) - 1
    rest = score - sum([reason.share for reason in reasons])
    reasons[largest] = reasons[largest]._replace(share=reasons[largest].share + rest)
    return reasons


class _Explanation:
    """What the scores of some index rows (M,) are made of.

    `shares` float64 (M, n) are what the rows of the profile add, `named` int64 (K, M) those that each score names, -1
    for none, and `matches` bool (I, M) which typed texts each paper matches. `content` and `collaborative` float64 (M,)
    are what the rows add that are not named.
    """

    def __init__(self, scores: CatalogueScores, rows: np.ndarray, max_papers: int) -> None:
        self.scores, self.papers = scores, PaperSelection(scores.index, rows)
        content = scores.shares(self.papers, content_based=True)
        collaborative = scores.shares(self.papers, content_based=False)
        if not scores.index.has_readers:  # the factors know words alone
            content, collaborative = content + collaborative, np.zeros_like(collaborative)
        self.shares = content + collaborative
        self.named = _choose_papers(self.shares, scores.profile.rows >= 0, max_papers)
        self.texts = [at for at, text in enumerate(scores.profile.texts) if text]
        self.matches = match_interests(scores, self.texts, self.papers)
        rest = self._mask_rest()
        self.content, self.collaborative = (content * rest).sum(axis=1), (collaborative * rest).sum(axis=1)

    def _mask_rest(self) -> np.ndarray:
        """Return which rows of the profile are not named, bool (M, n)."""
        rest = np.ones(self.shares.shape, bool)
        for named in self.named:
            papers = np.flatnonzero(named >= 0)
            rest[papers, named[papers]] = False
        rest[:, self.texts] &= ~self.matches.T
        return rest

    def columns(self, adjustments: np.ndarray) -> Iterator[Sequence[Reason | None]]:
        """Yield the reasons of one kind for all of the rows (M,), None where a score has no such part."""
        priors = {kind: prior.astype(np.float64) for kind, prior in self.scores.priors_of(self.papers).items()}
        nothing = np.zeros(len(self.papers))
        *of_papers, of_others = self._choose_words()
        titles = self._titles(self.scores.profile.rows[self.named[self.named >= 0]])
        for named, words in zip(self.named, of_papers, strict=True):
            yield self._name_papers(named, words, titles)
        for text, shares in self._share_texts().items():
            yield _column("interest", shares, [[text]] * len(shares))
        yield _column("words", self.content, of_others)
        of_readers = priors.get("readers", nothing) + priors.get("recent", nothing)
        yield _column("readers", self.collaborative + of_readers)
        for kind in ("fresh", "popular", "interest"):
            yield _column(kind, priors.get(kind, nothing))
        if "disliked" in priors:
            yield self._name_disliked(priors["disliked"])
        for kind in (kind for kind in PREFIXES.values() if kind in priors):
            yield _column(kind, priors[kind], self._followed_names(kind))
        yield _column("explore", priors.get("explore", nothing) + adjustments)

    def _share_texts(self) -> dict[str, np.ndarray]:
        """Return what each typed text, which may have several rows of the profile, adds where they match (M,)."""
        shares: dict[str, np.ndarray] = {}
        for row, matches in zip(self.texts, self.matches, strict=True):
            text = self.scores.profile.texts[row]
            shares[text] = shares.get(text, 0) + self.shares[:, row] * matches
        return shares

    def _name_papers(
        self, named: np.ndarray, words: Sequence[list[str]], titles: Mapping[int, tuple[str, str]]
    ) -> list[Reason | None]:
        """Return the reasons that name papers, rows of the profile (M,), with the `words` they share."""
        shares = self.shares[np.arange(len(named)), named].tolist()
        papers = np.where(named >= 0, self.scores.profile.rows[named], -1).tolist()
        return [
            Reason("paper", share, *titles[paper], shared) if paper >= 0 else None
            for share, paper, shared in zip(shares, papers, words, strict=True)
        ]

    def _name_disliked(self, shares: np.ndarray) -> list[Reason | None]:
        """Return the reasons that name the nearest of the papers that the reader wants less like."""
        index, disliked = self.scores.index, self.scores.profile.disliked
        likeness = (self.papers.words() @ index.words(disliked).T).toarray()
        nearest = disliked[likeness.argmax(axis=1)]
        titles, papers = self._titles(nearest[shares != 0]), np.where(shares != 0, nearest, -1).tolist()
        return [
            Reason("paper", share, *titles[paper]) if paper >= 0 else None
            for share, paper in zip(shares.tolist(), papers, strict=True)
        ]

    def _titles(self, rows: np.ndarray) -> dict[int, tuple[str, str]]:
        """Return the ids and titles of index rows, each looked up once."""
        once, index = np.unique(rows), self.scores.index
        found = zip(index.texts("ids", once), index.texts("titles", once), strict=True)
        return dict(zip(once.tolist(), found, strict=True))

    def _followed_names(self, kind: str) -> list[list[str]]:
        """Return the followed names of a kind that each paper has, as the reader wrote them."""
        followed = [one for one in self.scores.profile.followed if one.name.kind == kind]
        has = np.array([np.isin(self.papers.rows, one.rows) for one in followed]).T.tolist()
        return [[one.name.written for one, its in zip(followed, paper, strict=True) if its] for paper in has]

    def _choose_words(self) -> list[list[list[str]]]:
        """Return the words that each paper shares with those it names (K lists of M), and with all others together."""
        texts = [np.where(matches, row, -1) for row, matches in zip(self.texts, self.matches, strict=True)]
        papers, count, profile_words = self.papers.words(), len(self.papers), self.scores.profile.words
        cells = _Cells(papers, profile_words, np.unique(np.concatenate([*self.named, *texts, [-1]])))
        of_named = [cells.weights(named) for named in self.named]
        others = np.where((self.content != 0)[cells.owners], cells.total_weights(), np.float32(0))
        for weights in chain(of_named, map(cells.weights, texts)):
            others = others - weights
        products = papers.data * np.array([*of_named, others])
        kinds, at = np.nonzero(products > MIN_PRODUCT)
        chooser = self.scores.vocabulary.label_chooser
        groups = kinds * count + cells.owners[at]
        labels = chooser.choose(groups, papers.indices[at], products[kinds, at], len(products) * count, SHARED_WORDS)
        return [labels[start : start + count] for start in range(0, len(labels), count)]


class _Cells:
    """The cells of some papers' words, CSR (M, W), beside the weights that a profile (n, W) has for the same words.

    `rows` int64, ascending from -1, are those of the profile that are asked for; `owners` int64 (E,) is the paper of
    each cell.
    """

    def __init__(self, papers: sp.csr_matrix, profile: sp.csr_matrix, rows: np.ndarray) -> None:
        self.owners = np.repeat(np.arange(papers.shape[0]), np.diff(papers.indptr))
        self._columns, self._profile, self._rows = papers.indices, profile, rows
        present = np.zeros(papers.shape[1], bool)
        present[papers.indices] = True
        place = np.cumsum(present) - 1
        # Only the words of these papers matter, so the profile's rows fit into a small dense table; its first is zero.
        self._table = np.zeros((len(rows), int(present.sum())), np.float32)
        self._places = place[papers.indices]
        words = profile[rows[1:]]
        owners = np.repeat(np.arange(1, len(rows)), np.diff(words.indptr))
        known = present[words.indices]
        self._table[owners[known], place[words.indices[known]]] = words.data[known]

    def weights(self, rows: np.ndarray) -> np.ndarray:
        """Return the weights that one row of the profile for each paper (M,), -1 for none, has, float32 (E,)."""
        return np.asarray(self._table[np.searchsorted(self._rows, rows)[self.owners], self._places])

    def total_weights(self) -> np.ndarray:
        """Return the weights that all rows of the profile have together, float32 (E,)."""
        words = self._profile
        total = np.bincount(words.indices, words.data, minlength=words.shape[1])
        return np.asarray(total[self._columns], np.float32)


def _choose_papers(shares: np.ndarray, is_paper: np.ndarray, most: int) -> np.ndarray:
    """Return the rows of the profile with the largest shares (M, n) above zero that are papers, int64 (K, M).

    K is `most`, or less where no score has so many; -1 where one has none left. Of equal shares, the first comes first.
    """
    left = np.where(is_paper & (shares > 0), shares, 0)
    papers = np.arange(len(shares))
    chosen: list[np.ndarray] = []
    while len(chosen) < most and left.any():
        best = left.argmax(axis=1)
        chosen.append(np.where(left[papers, best] > 0, best, -1))
        left[papers, best] = 0
    return np.array(chosen, np.int64).reshape(len(chosen), len(shares))


def _column(kind: str, shares: np.ndarray, words: Sequence[list[str]] | None = None) -> list[Reason | None]:
    """Return a reason of one kind for each share (M,), None for zero."""
    if words is None:
        return [Reason(kind, share) if share else None for share in shares.tolist()]
    return [
        Reason(kind, share, words=shared) if share else None
        for share, shared in zip(shares.tolist(), words, strict=True)
    ]
