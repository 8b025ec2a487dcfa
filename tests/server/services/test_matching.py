"""How well terms match words, where, and how two orders become one."""

from __future__ import annotations

from itertools import combinations

import pytest

from server.services.matching import WeightedWords, frequency, fuse, hits, passes, required_share
from server.services.query import read_query
from server.store.search import Clause, Filter, terms_by_field

PAPER = {
    "title": "Graph Networks for GPT-4: a self-supervised study",
    "abstract": "Language models, and graphs of language. We model the κ-cache of “graphs”.",
    "authors": ["Yunhe Wang", "Hanting Chen"],
    "categories": ["cs.LG", "stat.ML"],
}
TERMS = terms_by_field({**PAPER, "title": PAPER["title"]})


def weighed(typed: str, counts: list[int], papers: int = 100) -> WeightedWords:
    return WeightedWords.of(read_query(typed).words, counts, papers)


def test_rare_words_weigh_more_and_unknown_ones_most() -> None:
    words = weighed("graph quixotic nowhere", [50, 1, 0])
    assert words.weights[0] < words.weights[1] < words.weights[2]
    assert words.counts == (50, 1, 0)
    first, second, third = words.clauses
    assert words.most([(first,), (second, third)]) == 50


def test_a_match_has_half_of_the_weight() -> None:
    assert weighed("graph model", [20, 20]).score(TERMS) > 0
    assert weighed("graph zebra", [20, 20]).score(TERMS) > 0
    assert weighed("graph zebra", [20, 1]).score(TERMS) == 0
    assert weighed("zebra", [20]).score(TERMS) == 0


def test_a_long_query_needs_less() -> None:
    assert [required_share(words) for words in (1, 4, 6, 8, 40)] == pytest.approx([0.5, 0.5, 0.4, 0.3, 0.3])
    typed = "graph model language zebra quagga okapi gnu eland"
    assert weighed(typed, [10] * 8).score(TERMS) > 0


def test_every_match_has_a_decisive_word() -> None:
    words = weighed("graph quixotic model", [50, 1, 40])
    assert words.decisive() == [words.clauses[1]]
    assert weighed("zebra quagga graph", [0, 0, 20]).decisive() == []
    assert set(weighed("graph model", [20, 20]).decisive()) <= set(weighed("graph model", [20, 20]).clauses)


@pytest.mark.parametrize("counts", [[1], [20, 20], [1, 40, 50, 60], [30, 31, 32, 33, 34], [1, 2, 0, 40, 50, 60]])
def test_what_has_all_words_of_one_way_has_enough_of_the_weight(counts: list[int]) -> None:
    words = weighed(" ".join(["graph", "model", "language", "study", "zebra", "quagga"][: len(counts)]), counts)
    ways = [set(way) for way in words.ways()]
    for size in range(len(counts) + 1):
        for held in map(
            set, combinations([clause for clause, count in zip(words.clauses, counts, strict=True) if count], size)
        ):
            weight = sum(weight for clause, weight in zip(words.clauses, words.weights, strict=True) if clause in held)
            assert any(way <= held for way in ways) == (weight >= words.required)
    assert not any(one < other for one in ways for other in ways)


def test_too_many_ways_are_not_asked_for() -> None:
    words = weighed(" ".join(f"word{number}" for number in range(40)), [20] * 40)
    assert words.ways() == []
    assert words.decisive()


def test_a_title_counts_more_than_an_abstract_and_a_short_text_more_than_a_long_one() -> None:
    words = weighed("graph", [10])
    base = {"title": "", "abstract": "graph", "authors": "", "categories": ""}
    assert words.score({**base, "title": "graph", "abstract": ""}) > words.score(base)
    assert words.score(base) > words.score({**base, "abstract": "graph " + "word " * 400})


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gpt-4", True),
        ("GPT4", True),
        ("gpt", True),
        ("selfsupervised", True),
        ('"language models"', True),
        ('"models language"', False),
        ('"study language"', False),
        ("κ-cache", True),
        ("kappa", True),
        ("wan", False),
    ],
)
def test_which_words_occur(typed: str, found: bool) -> None:
    assert bool(frequency(read_query(typed).words[0], TERMS)) is found


def test_a_prefix_is_the_beginning_of_a_word() -> None:
    assert frequency(Clause((("netw",),), prefix=True), TERMS)
    assert not frequency(Clause((("work",),), prefix=True), TERMS)


def test_a_filter_needs_a_date_where_it_has_one() -> None:
    assert passes(Filter(), TERMS, None)
    assert not passes(Filter(since=5.0), TERMS, None)
    assert passes(Filter(since=5.0, until=5.0), TERMS, 5.0)
    assert not passes(Filter(until=4.0), TERMS, 5.0)
    assert passes(read_query('author:"Y. Wang" category:stat').wanted, TERMS, None)
    assert not passes(read_query('author:"Wang Hanting"').wanted, TERMS, None)


def test_orders_are_fused_by_places() -> None:
    scores = fuse([(0.8, ["a", "b", "c"]), (0.2, ["b", "d"])])
    assert scores["b"] == pytest.approx(0.8 * 61 / 62 + 0.2)
    assert sorted(scores, key=lambda name: -scores[name]) == ["b", "a", "c", "d"]
    assert fuse([(0.8, ["a"]), (0.2, ["a"])]) == {"a": pytest.approx(1.0)}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("graph", {"title": ["Graph"], "abstract": ["graphs"]}),
        ("gpt4 wang", {"title": ["GPT-4"], "authors": ["Wang"]}),
        ('"language models"', {"abstract": ["Language", "models"]}),
        ("selfsupervised supervised", {"title": ["self-supervised"]}),
        ("κ-cache", {"abstract": ["κ-cache"]}),
        ('category:cs.LG author:"Chen, Hanting"', {"authors": ["Hanting", "Chen"], "categories": ["cs.LG"]}),
        ("zebra", {}),
    ],
)
def test_hits_are_the_words_as_the_paper_spells_them(typed: str, expected: dict[str, list[str]]) -> None:
    query = read_query(typed)
    found = hits([*query.wanted.must, *query.words], PAPER)
    assert {hit["field"]: hit["words"] for hit in found} == expected
