"""How well a paper's terms match a query's words, and where. Pure.

A word weighs the more the fewer papers have it (idf); one that no paper has, as much as the rarest. A paper matches
that has half of the summed weight (of a long query less: `required_share`), and is scored by BM25F (Robertson, Zaragoza
& Taylor, CIKM 2004), with a constant in place of the mean length.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from server.store.search import FIELDS, WEIGHTS, Clause, Filter
from server.terms import GAP, terms_of

MAX_SHARE, MIN_SHARE = 0.5, 0.3  # of the summed weight of a query's words, that a match has
SHORT_QUERY, SHARE_PER_WORD = 4, 0.05  # words; how much each further word lowers the share
MAX_ASKED = 40  # words that the database is asked for at once, one in several sets counted for each
RANK_OFFSET = 60  # of reciprocal rank fusion
SATURATION, LENGTH_SHARE = 1.2, 0.5  # BM25's k1 and b
USUAL_LENGTH = 1_200  # characters of a paper's terms; from four times that, length counts no further

Terms = Mapping[str, str]  # field -> terms, as `store.search.terms_by_field` returns them


@dataclass(frozen=True)
class WeightedWords:
    """A query's clauses, the weight of each, and how many papers have it."""

    clauses: tuple[Clause, ...]
    weights: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, clauses: Sequence[Clause], counts: Sequence[int], papers: int) -> WeightedWords:
        """Weigh clauses by how many of the papers have each."""
        weights = [math.log1p((max(papers - count, 0) + 0.5) / (count + 0.5)) for count in counts]
        return cls(tuple(clauses), tuple(weights), tuple(counts))

    def most(self, ways: Sequence[Sequence[Clause]]) -> int:
        """Return how many papers have all clauses of one of the `ways`, at most."""
        count = dict(zip(self.clauses, self.counts, strict=True))
        return sum(min(count[clause] for clause in way) for way in ways)

    @property
    def required(self) -> float:
        """The weight that a match has."""
        return required_share(len(self.clauses)) * sum(self.weights) * (1 - 1e-9)

    def decisive(self) -> list[Clause]:
        """Return the fewest known clauses of which every match has one: the others' weight does not suffice."""
        known = [
            (weight, clause)
            for weight, clause, found in zip(self.weights, self.clauses, self.counts, strict=True)
            if found
        ]
        left = sum(weight for weight, _ in known)
        chosen = []
        for weight, clause in sorted(known, key=lambda pair: -pair[0]):
            if left < self.required:
                break
            chosen.append(clause)
            left -= weight
        return chosen

    def ways(self) -> list[tuple[Clause, ...]]:
        """Return the smallest sets of known clauses whose weight suffices, of which every match has one.

        None where these have more than `MAX_ASKED` clauses.
        """
        known = sorted(
            (pair for pair in zip(self.weights, self.clauses, self.counts, strict=True) if pair[2]),
            key=lambda pair: -pair[0],
        )
        left = [sum(weight for weight, *_ in known[place:]) for place in range(len(known) + 1)]
        found: list[tuple[Clause, ...]] = []
        open_sets: list[tuple[int, float, tuple[Clause, ...]]] = [(0, 0.0, ())]
        while open_sets and sum(map(len, found)) <= MAX_ASKED:
            place, weight, chosen = open_sets.pop()
            if weight >= self.required > 0:
                found.append(chosen)
            elif place < len(known) and weight + left[place] >= self.required:
                open_sets.append((place + 1, weight, chosen))
                open_sets.append((place + 1, weight + known[place][0], (*chosen, known[place][1])))
        return found if sum(map(len, found)) <= MAX_ASKED else []

    def score(self, terms: Terms) -> float:
        """Return the score of a paper's terms, 0 when they do not match."""
        held = {name: f" {terms[name]} " for name in FIELDS}
        words = set(" ".join(held.values()).split())
        counts = [_occurrences(clause, held) if _may_have(clause, words) else 0.0 for clause in self.clauses]
        if sum(weight for weight, count in zip(self.weights, counts, strict=True) if count) < self.required:
            return 0.0
        length = min(sum(len(terms[name]) for name in FIELDS) / USUAL_LENGTH, 4.0)
        damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * length)
        return sum(weight * count / (count + damping) for weight, count in zip(self.weights, counts, strict=True))


def _may_have(clause: Clause, words: Collection[str]) -> bool:
    """Whether the words of a text are those of one of the clause's phrases, in whatever order."""
    whole = [phrase[:-1] if clause.prefix else phrase for phrase in clause.phrases]
    return any(all(word in words for word in phrase) for phrase in whole)


def required_share(words: int) -> float:
    """Return the share of the summed weight that a match has: whoever says it in their own words needs many of them."""
    return max(MIN_SHARE, MAX_SHARE - SHARE_PER_WORD * max(words - SHORT_QUERY, 0))


def frequency(clause: Clause, terms: Terms) -> float:
    """Return how often a clause occurs in a paper's terms, weighted by field."""
    return _occurrences(clause, {name: f" {terms[name]} " for name in clause.fields})


def _occurrences(clause: Clause, held: Terms) -> float:
    """Return what `frequency` does, of terms with a space on either side."""
    end = "" if clause.prefix else " "
    phrases = [f" {' '.join(phrase)}{end}" for phrase in clause.phrases]
    return sum(WEIGHTS[name] * sum(map(held[name].count, phrases)) for name in clause.fields)


def passes(wanted: Filter, terms: Terms, published_at: float | None) -> bool:
    """Whether a paper passes a filter, as `store.search` decides it for public papers."""
    if published_at is None and (wanted.since is not None or wanted.until is not None):
        return False
    low, high = wanted.since, wanted.until
    in_time = (low is None or (published_at or 0.0) >= low) and (high is None or (published_at or 0.0) <= high)
    return in_time and all(frequency(clause, terms) for clause in wanted.must)


def fuse(orders: Sequence[tuple[float, Sequence[str]]]) -> dict[str, float]:
    """Return paper -> score for orders (weight, papers with the best first); the first of all has the summed weight.

    Reciprocal rank fusion: Cormack, Clarke & Büttcher, SIGIR 2009.
    """
    scores: dict[str, float] = {}
    for weight, order in orders:
        for place, paper in enumerate(order, 1):
            scores[paper] = scores.get(paper, 0.0) + weight * (RANK_OFFSET + 1) / (RANK_OFFSET + place)
    return scores


def hits(clauses: Iterable[Clause], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields in which clauses occur, each with the words that match, spelled as in the paper."""
    return Hits(clauses).of(facts)


class Hits:
    """Where clauses occur in one paper after another: what a piece of text has to do with them is read once."""

    def __init__(self, clauses: Iterable[Clause]) -> None:
        asked = list(clauses)
        self._asked = {name: [clause for clause in asked if name in clause.fields] for name in FIELDS}
        self._concerned = {name: _Concerned(found) for name, found in self._asked.items() if found}

    def of(self, facts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the fields of a paper in which the clauses occur, as `hits` does."""
        found = []
        for name in self._concerned:
            texts = facts[name] if isinstance(facts[name], list) else [facts[name] or ""]
            words = list(dict.fromkeys(word for text in texts for word in self._words(name, text)))
            if words:
                found.append({"field": name, "words": words})
        return found

    def _words(self, name: str, text: str) -> Iterator[str]:
        for concerned, run in groupby(text.split(), self._concerned[name].__getitem__):
            if concerned:
                yield from _matching_words(self._asked[name], list(run))


class _Concerned(dict[str, bool]):
    """Piece of text -> whether a match may go through it: it has a term that is asked for, or none at all."""

    def __init__(self, clauses: Iterable[Clause]) -> None:
        super().__init__()
        self._terms = {term for clause in clauses for phrase in clause.phrases for term in phrase}
        self._begun = tuple({phrase[-1] for clause in clauses if clause.prefix for phrase in clause.phrases})

    def __missing__(self, piece: str) -> bool:
        terms = terms_of(piece)
        spelled = (*terms.words, *terms.joined)
        self[piece] = not terms.words or any(one in self._terms or one.startswith(self._begun) for one in spelled)
        return self[piece]


def _matching_words(clauses: Sequence[Clause], pieces: Sequence[str]) -> list[str]:
    """Return those of the pieces of a text that a clause matches, in order; of a phrase, those that stand in a row."""
    spelled = [terms_of(piece) for piece in pieces]
    owners = [place for place, terms in enumerate(spelled) for _ in terms.words]
    words = [word for terms in spelled for word in terms.words]
    matched = {place for place, terms in enumerate(spelled) for clause in clauses if (*terms.joined,) in clause.phrases}
    for clause in clauses:
        for phrase in clause.phrases:
            for at in _starts(words, phrase, clause.prefix):
                if _begins(words[at : at + len(phrase)], phrase, clause.prefix):
                    matched.update(owners[at : at + len(phrase)])
    return [stripped for place in sorted(matched) if (stripped := _without_punctuation(pieces[place]))]


def _starts(words: Sequence[str], phrase: Sequence[str], prefix: bool) -> list[int]:
    """Return where the first term of a phrase stands, with room for the others."""
    last = len(words) - len(phrase)
    if prefix and len(phrase) == 1:
        return list(range(last + 1))
    return [at for at, word in enumerate(words) if word == phrase[0] and at <= last]


def _begins(words: Sequence[str], phrase: Sequence[str], prefix: bool) -> bool:
    if prefix:
        return list(words[:-1]) == list(phrase[:-1]) and words[-1].startswith(phrase[-1])
    return list(words) == list(phrase)


def _without_punctuation(piece: str) -> str:
    return piece.strip(".,;:!?()[]{}<>\"'“”„«»‘’`$" + GAP)
