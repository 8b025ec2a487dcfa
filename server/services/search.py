"""Search: the papers that have a query's words, and those that mean the same, in one list.

What matches by its words is `matching.py`'s to say; a word that no paper has is taken for the beginning of one.
Besides, a paper matches by its meaning (`Catalogue.search`). Phrases, authors, categories and dates must hold in either
case. The two orders, by words and by meaning, are fused by their places. Figures: `tests/bench/README.md`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.services import papers
from server.services.matching import Hits, Terms, WeightedWords, frequency, fuse, passes
from server.services.pairing import Caller
from server.services.query import Query
from server.services.ranking import RankingRequest
from server.services.serving_context import ServingContext
from server.store import papers as paper_store
from server.store import search as store
from server.store.database import Session
from server.store.search import FIELDS, UNDATED, Clause

__all__ = ["FIELDS"]

SORTS = ("match", "new", "me")
MAX_RESULTS = 1000  # by words
MAX_MEANT = 200  # by meaning, unless most of them may be filtered out
MAX_READ = 200  # of those by words, whose terms are read and scored
MAX_SHOWN = 1000  # results that are paged through, of which a place names each
MIN_PREFIX = 3  # letters; a shorter word is the beginning of too many
MAX_SECONDS = 3.0  # of what the database does for one search; ten of the commonest words of a million papers take 1.2
WORDS_WEIGHT = 0.8  # of the order by words, beside the one by meaning
MAX_OWN = 2000  # papers of which a reader's own pages gave text, that are searched; the newest

Place = tuple[float, str] | frozenset[str]  # (time of publication, id) of the last result, or all results so far


@dataclass(frozen=True)
class OwnText:
    """What a reader sees of a paper of which their own pages gave text."""

    terms: Terms
    published_at: float | None

    def passes(self, query: Query) -> bool:
        """Whether it has what every result must have."""
        return passes(query.wanted, self.terms, self.published_at)


@dataclass
class Matches:
    """Paper -> score, which papers were found by meaning, and the words as they were looked for."""

    scores: dict[str, float]
    by_meaning: Collection[str] = ()
    words: tuple[Clause, ...] = ()
    own: Mapping[str, OwnText] = field(default_factory=dict)


def search(
    context: ServingContext, caller: Caller, query: Query, *, sort: str, limit: int, after: Place | None, now: float
) -> tuple[list[dict[str, Any]], Place | None]:
    """Return at most `limit` results and the place after which there are more, or None.

    A place names results and does not count them, so that papers that come in meanwhile neither repeat nor hide one: by
    newness the last result, in the other orders every result shown, since scores change with the catalogue; these end
    once `MAX_SHOWN` are shown.
    """
    request = RankingRequest.of(context, caller, now)
    seen = after if isinstance(after, frozenset) else frozenset()
    last = after if isinstance(after, tuple) else None
    by_time = sort == "new" or (sort == "match" and not query.words and not query.paper_id)
    if by_time and not query.words and not query.paper_id:
        matches, order = _browse(request, query, limit + 1, last)
    else:
        matches = _find(request, query)
        order = _sorted(request, matches, sort)
    left = [pair for pair in order if pair[1] not in seen and (last is None or _follows(pair, last))]
    if not by_time:
        limit = min(limit, max(MAX_SHOWN - len(seen), 0))
    return _page(request, query, matches, left, limit), _place_after(left, limit, seen, by_time)


def _place_after(left: list[tuple[float, str]], limit: int, seen: frozenset[str], by_time: bool) -> Place | None:
    """Return the place after the first `limit` of what is left, None at the end."""
    if len(left) <= limit:
        return None
    if by_time:
        return left[limit - 1]
    shown = seen | {name for _, name in left[:limit]}
    return shown if len(shown) < MAX_SHOWN else None


def _follows(one: tuple[float, str], other: tuple[float, str]) -> bool:
    """Whether one (place, paper) comes after another: the largest first, equal ones by id."""
    return (-one[0], one[1]) > (-other[0], other[1])


def _page(
    request: RankingRequest, query: Query, matches: Matches, left: list[tuple[float, str]], limit: int
) -> list[dict[str, Any]]:
    known = papers.find_papers(request.context, request.caller.reader_id, [name for _, name in left[:limit]])
    hits = Hits((*query.wanted.must, *matches.words))
    return [_item(query, matches, hits, known[name]) for _, name in left[:limit] if name in known]


def _item(query: Query, matches: Matches, hits: Hits, paper: dict[str, Any]) -> dict[str, Any]:
    found = [{"field": "id", "words": [query.paper_id]}] if query.paper_id else hits.of(paper)
    if paper["id"] in matches.by_meaning:
        found.append({"field": "meaning", "words": []})
    return {"paper": paper, "score": matches.scores[paper["id"]], "hits": found}


def _find(request: RankingRequest, query: Query) -> Matches:
    """Return the papers that match a query, as this reader may see them."""
    with request.context.database.reading() as session, store.bounded(session, MAX_SECONDS):
        if query.paper_id:
            found = paper_store.seen_by(session, request.caller.reader_id, [query.paper_id])
            return Matches({name: 1.0 for name, row in found.items() if _own_text(row).passes(query)})
        own = _own_texts(session, request, query)
        if not query.words:
            newest = store.newest(session, query.wanted, MAX_RESULTS, None)
            return Matches(dict.fromkeys([*(name for _, name in newest), *own], 1.0), own=own)
        words = _weigh(session, query.words, own)
        by_words = _rank_by_words(session, query, words, own)
        meant = _meanings(request, query.text, MAX_RESULTS if query.wanted else MAX_MEANT)
        meant = [name for name in meant if name not in request.untitled]
        passing = store.passing(session, [name for name in meant if name not in request.view.own], query.wanted)
    by_meaning = [name for name in meant if name in passing or name in own]
    by_words = [name for name in by_words if name not in request.untitled]
    scores = fuse([(WORDS_WEIGHT, by_words), (1 - WORDS_WEIGHT, by_meaning)])
    return Matches(scores, set(by_meaning), words.clauses, own)


def _own_texts(session: Session, request: RankingRequest, query: Query) -> dict[str, OwnText]:
    """Return those papers that pass the filter and of which this reader's own pages gave text."""
    if not request.view.own:
        return {}
    rows = paper_store.own_facts(session, request.caller.reader_id, MAX_OWN)
    texts = {row["id"]: _own_text(row) for row in rows}
    return {name: own for name, own in texts.items() if own.passes(query)}


def _own_text(facts: Mapping[str, Any]) -> OwnText:
    return OwnText(store.terms_by_field(facts), facts["published_at"])


def _weigh(session: Session, clauses: tuple[Clause, ...], own: Mapping[str, OwnText]) -> WeightedWords:
    """Weigh a query's words by how many papers have each; a word that none has may be the beginning of one."""

    def counted(asked: Sequence[Clause]) -> list[int]:
        mine = [sum(frequency(clause, text.terms) > 0 for text in own.values()) for clause in asked]
        return [public + more for public, more in zip(store.counts(session, asked), mine, strict=True)]

    counts, looked_for = counted(clauses), list(clauses)
    unknown = [place for place, count in enumerate(counts) if not count and _may_begin_a_word(clauses[place])]
    if unknown:  # counted together: what bounds one statement bounds them all
        beginnings = [replace(clauses[place], prefix=True) for place in unknown]
        for place, clause, count in zip(unknown, beginnings, counted(beginnings), strict=True):
            looked_for[place], counts[place] = clause, count
    return WeightedWords.of(looked_for, counts, store.size(session) + len(own))


def _may_begin_a_word(clause: Clause) -> bool:
    return all(len(phrase[-1]) >= MIN_PREFIX for phrase in clause.phrases)


def _rank_by_words(session: Session, query: Query, words: WeightedWords, own: Mapping[str, OwnText]) -> list[str]:
    """Return the papers with enough of the words, best first: first those that were read, in the database's order."""
    ways = words.ways()
    asked = ways or [(clause,) for clause in words.decisive()]
    found = store.candidates(session, asked, query.wanted, MAX_RESULTS, words.most(asked)) if asked else []
    read = found[:MAX_READ] if ways else found  # what has all words of a way matches, what has a decisive one may
    terms: dict[str, Terms] = {**store.terms_of(session, read), **{name: text.terms for name, text in own.items()}}
    scores = {name: score for name, one in terms.items() if (score := words.score(one)) > 0}
    best = sorted(scores, key=lambda name: (-scores[name], name))
    return [*best, *(name for name in found[len(read) :] if name not in terms)][:MAX_RESULTS]


def _meanings(request: RankingRequest, text: str, most: int) -> list[str]:
    ranked = request.catalogue.search(text, most)
    return [name for name, score in zip(ranked.ids, ranked.scores, strict=True) if not math.isnan(score)]


def _sorted(request: RankingRequest, matches: Matches, sort: str) -> list[tuple[float, str]]:
    """Return (what the order goes by, paper), the largest first, equal ones by id."""
    if sort == "me":
        ranked = request.rank(list(matches.scores), None)
        matches.scores |= {
            name: 0.0 if math.isnan(score) else float(score)
            for name, score in zip(ranked.ids, ranked.scores, strict=True)
        }
    places: Mapping[str, float] = matches.scores
    if sort == "new":
        with request.context.database.reading() as session:
            places = store.published(session, list(matches.scores))
        places = {**places, **{name: own.published_at for name, own in matches.own.items() if own.published_at}}
    return sorted(((places.get(name, UNDATED), name) for name in matches.scores), key=lambda pair: (-pair[0], pair[1]))


def _browse(
    request: RankingRequest, query: Query, limit: int, after: tuple[float, str] | None
) -> tuple[Matches, list[tuple[float, str]]]:
    """Return what passes a filter alone, newest first, from just after a place; however many these are."""
    with request.context.database.reading() as session, store.bounded(session, MAX_SECONDS):
        own = _own_texts(session, request, query)
        public = store.newest(session, query.wanted, limit, after)
    mine = [(UNDATED if text.published_at is None else text.published_at, name) for name, text in own.items()]
    left = [pair for pair in mine if pair[1] not in request.untitled]
    if after is not None:
        left = [pair for pair in left if _follows(pair, after)]
    order = sorted({*public, *left}, key=lambda pair: (-pair[0], pair[1]))[:limit]
    return Matches({name: 1.0 for _, name in order}, own=own), order
