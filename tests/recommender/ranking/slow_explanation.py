"""The reasons of one paper at a time, as simply as they can be computed: what `explanations` must agree with."""

from __future__ import annotations

import numpy as np

from recommender.features.name_index import PREFIXES
from recommender.ranking.explanations import MIN_PRODUCT, SHARED_WORDS, Reason
from recommender.ranking.paper_slices import PaperSelection
from recommender.ranking.search import match_interests

OVERSAMPLING = 8


def explain_slowly(scores, row, adjustment, max_papers):
    """Return the reasons for the score of one index row."""
    return _Paper(scores, row).reasons(adjustment, max_papers)


def _title(index, row):
    block, at = index.locate(row)
    return block.titles[at]


class _Paper:
    def __init__(self, scores, row):
        self.scores, self.row, self.profile = scores, row, scores.profile
        rows = np.array([row])
        paper = PaperSelection(scores.index, rows)
        self.content = scores.shares(paper, content_based=True)[0]
        self.collaborative = scores.shares(paper, content_based=False)[0]
        self.texts = [at for at, text in enumerate(self.profile.texts) if text]
        self.matches = match_interests(scores, self.texts, paper)[:, 0]
        self.words = scores.index.words(rows)
        self.profile_words = self.profile.words.toarray()

    def reasons(self, adjustment, max_papers):
        shares = self.content + self.collaborative
        order = np.argsort(-shares, kind="stable")[: max_papers + len(self.texts)]
        papers = [int(at) for at in order if self.profile.rows[at] >= 0 and shares[at] > 0][:max_papers]
        texts = [at for at, matches in zip(self.texts, self.matches, strict=True) if matches]
        found = [self._name_paper(at, float(shares[at])) for at in papers]
        for text in dict.fromkeys(self.profile.texts[at] for at in texts):
            share = sum(float(shares[at]) for at in texts if self.profile.texts[at] == text)
            found.append(Reason("interest", share, words=[text]))
        found += self._remainders([*texts, *papers], adjustment)
        ordered = sorted((one for one in found if abs(one.share) > 1e-12), key=lambda one: -one.share)
        if ordered:
            largest = max(range(len(ordered)), key=lambda at: abs(ordered[at].share))
            rest = float(self.scores.total[self.row] + np.float32(adjustment)) - sum(one.share for one in ordered)
            ordered[largest] = ordered[largest]._replace(share=ordered[largest].share + rest)
        return ordered

    def _name_paper(self, at, share):
        paper, index = int(self.profile.rows[at]), self.scores.index
        return Reason("paper", share, index.ids[paper], _title(index, paper), self._shared(self.profile_words[at]))

    def _remainders(self, named, adjustment):
        content = float(self.content.sum() - self.content[named].sum())
        collaborative = float(self.collaborative.sum() - self.collaborative[named].sum())
        priors = {kind: float(prior[self.row]) for kind, prior in self.scores.priors.items()}
        if not self.scores.index.has_readers:
            content, collaborative = content + collaborative, 0.0
        if len(named) == len(self.profile):
            content = collaborative = 0.0
        if abs(content) > 1e-12:
            others = self.profile_words.sum(axis=0) - self.profile_words[named].sum(axis=0)
            yield Reason("words", content, words=self._shared(others))
        yield Reason("readers", collaborative + priors.get("readers", 0.0))
        for kind in ("fresh", "popular", "interest"):
            yield Reason(kind, priors.get(kind, 0.0))
        if priors.get("disliked"):
            likeness = (self.words @ self.scores.index.words(self.profile.disliked).T).toarray()[0]
            nearest = int(self.profile.disliked[likeness.argmax()])
            yield Reason(
                "paper", priors["disliked"], self.scores.index.ids[nearest], _title(self.scores.index, nearest)
            )
        for kind in (kind for kind in PREFIXES.values() if priors.get(kind)):
            followed = [one for one in self.profile.followed if one.name.kind == kind and self.row in one.rows]
            yield Reason(kind, priors[kind], words=[one.name.written for one in followed])
        yield Reason("explore", priors.get("explore", 0.0) + adjustment)

    def _shared(self, weights):
        products = self.words.data * weights[self.words.indices]
        shared = products > MIN_PRODUCT
        keyphrases = self.scores.vocabulary._keyphrases
        return choose_labels(keyphrases, self.words.indices[shared], products[shared], SHARED_WORDS)


def choose_labels(keyphrases, columns, weights, limit):
    """Return at most `limit` labels for the words (columns) that two papers share, the best first."""
    shared = dict(zip(columns.tolist(), weights.tolist(), strict=True))
    found = [
        (weight * float(keyphrases.informativeness[one]), keyphrases.labels[one]) for one, weight in shared.items()
    ]
    phrases = np.asarray(keyphrases.phrases).tolist()
    beginning = {}
    for phrase, (one, other) in enumerate(phrases):
        beginning.setdefault(one, []).append((phrase, other))
    for one, weight in shared.items():
        for phrase, other in beginning.get(one, ()):
            if other in shared:
                tells = (weight + shared[other]) * float(keyphrases.phrase_informativeness[phrase])
                found.append((tells, keyphrases.phrase_labels[phrase]))
    best = sorted((one for one in found if one[0] > 0), key=lambda one: -one[0])
    return drop_overlaps([name for _, name in best[: OVERSAMPLING * limit]])[:limit]


def drop_overlaps(names):
    """Drop labels that are part of others, or that share a word with one before them."""
    kept = []
    for name in names:
        other = next((one for one in kept if _words(one) & _words(name) or one in name or name in one), None)
        if other is None:
            kept.append(name)
        elif len(_words(name)) > len(_words(other)) and _words(other) <= _words(name):
            kept[kept.index(other)] = name
    return list(dict.fromkeys(kept))


def _words(name):
    return set(name.casefold().replace("-", " ").split())
