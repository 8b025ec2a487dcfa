"""What a reader typed, taken apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.categories import covers
from server.errors import Invalid
from server.services.matching import frequency
from server.services.query import MAX_WORDS, NOTHING, Query, read_query
from server.store.search import Clause
from server.terms import indexed


def moment(*day: int) -> float:
    return datetime(*day, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


def words(query: Query) -> list[str]:
    return [" ".join(clause.phrases[0]) for clause in query.words]


def test_words_phrases_and_narrowings() -> None:
    query = read_query('fast "language models" author:"Ann Lee" category:cs.LG graphs since:2024 until:2024-02')
    assert words(query) == ["fast", "language model", "graph"]
    assert query.wanted.must == (
        Clause((("ann", "lee"),), ("authors",)),
        Clause((("cs", "lg"),), ("categories",)),
        Clause((("language", "model"),)),
    )
    assert query.wanted.since == moment(2024, 1, 1)
    assert query.wanted.until == pytest.approx(moment(2024, 3, 1), abs=0.001)
    assert query.text == "fast language models graphs"


@pytest.mark.parametrize("typed", ["author:lee", "AUTHOR: lee", 'author:"Lee"', "author:“lee”"])
def test_an_author_in_one_word_and_in_quotes(typed: str) -> None:
    assert read_query(typed).wanted.must == (Clause((("lee",),), ("authors",)),)
    assert not read_query(typed).words


@pytest.mark.parametrize(
    "typed", ["2401.12345", "arXiv:2401.12345v2", "https://huggingface.co/papers/2401.12345", '"2401.12345"']
)
def test_an_id_in_any_form(typed: str) -> None:
    assert read_query(typed).paper_id == "2401.12345"


@pytest.mark.parametrize(
    ("typed", "paper"),
    [
        ("2401.12345 since:2024", "2401.12345"),
        ("author:lee arXiv:2401.12345v2 category:cs", "2401.12345"),
        ('until:2024-02 "hep-th/9901001"', "hep-th/9901001"),
        ("since:2024 https://huggingface.co/papers/2401.12345", "2401.12345"),
        ("arXiv:2401.12345 [cs.LG] author:“Ann Lee”", "2401.12345"),
    ],
)
def test_an_id_beside_what_narrows_is_an_id(typed: str, paper: str) -> None:
    query = read_query(typed)
    assert query.paper_id == paper
    assert not query.words
    assert query.wanted
    assert query.wanted == read_query(f"{typed} graph".replace(paper, "")).wanted or '"' in typed


def test_an_id_beside_words_is_words() -> None:
    assert read_query("2401.12345 graph since:2024").paper_id is None
    assert words(read_query("2401.12345 since:soon")) == ["2401 12345", "soon"]


CODES = [
    "cs.LG",
    "cs.CL",
    "math.AG",
    "math.MP",
    "math.ST",
    "math-ph",
    "stat.ML",
    "stat.ME",
    "cond-mat.stat-mech",
    "cond-mat.mtrl-sci",
    "physics.bio-ph",
    "q-bio.QM",
    "q-fin.ST",
    "hep-th",
    "nucl-th",
    "quant-ph",
    "astro-ph.GA",
    "eess.AS",
    "nlin.CD",
]


@pytest.mark.parametrize("wanted", [*CODES, *(code.partition(".")[0] for code in CODES)])
def test_a_category_is_what_following_it_covers(wanted: str) -> None:
    (clause,) = read_query(f"category:{wanted}").wanted.must
    found = [code for code in CODES if frequency(clause, {"categories": indexed([code])})]
    assert found == [code for code in CODES if covers(wanted, code)]
    assert found


@pytest.mark.parametrize("code", ["q", "lg", "ph", "mat", "cs.", "mathph", "banana", "cs lg"])
def test_what_is_no_category_has_no_paper(code: str) -> None:
    assert read_query(f'category:"{code}"').wanted.must == (NOTHING,)


def test_parameters_narrow_like_what_is_typed() -> None:
    chosen = read_query("graph", author="Ann Lee", category="cs.LG", since="2024-01-01", until="2024-12-31")
    assert chosen == read_query('graph author:"Ann Lee" category:cs.LG since:2024-01-01 until:2024')
    assert read_query("", category="cs").words == ()


def test_hyphenated_words_are_phrases_or_one_word() -> None:
    assert read_query("GPT-4").words == (Clause((("gpt", "4"), ("gpt4",))),)
    assert read_query("vision/language").words == (Clause((("vision", "language"),)),)


def test_a_chinese_sentence_is_words_of_two_letters() -> None:
    assert words(read_query("图神经网络")) == ["图 神", "神 经", "经 网", "网 络"]
    assert read_query('"图神经网络"').wanted.must == (Clause((tuple("图神经网络"),)),)


def test_stop_words_are_left_out_and_alone_are_looked_for_in_titles() -> None:
    assert words(read_query("attention is all you need")) == ["attention", "need"]
    alone = read_query("what is the")
    assert not alone.words
    assert alone.wanted.must == tuple(Clause(((word,),), ("title",)) for word in ("what", "is", "the"))


@pytest.mark.parametrize(
    "typed",
    ['"', '""', "*", "-", ":", "^", "(", ")", "((()", '"*"', "author:", "author:*", "category:-", "%", "_", "\\", "¶"],
)
def test_what_has_no_word_asks_for_what_nothing_has(typed: str) -> None:
    query = read_query(typed)
    assert NOTHING in query.wanted.must or words(query) in (["author"], ["category"])


@pytest.mark.parametrize(
    "typed",
    ["a NEAR b", "NOT graph", "graph OR", "title:graph", "{title} : graph", "graph*", "^graph", "-graph", "a:b"],
)
def test_no_character_has_another_meaning(typed: str) -> None:
    query = read_query(typed)
    assert query.words
    assert query.wanted.must == ()


def test_of_ten_thousand_words_the_first_are_looked_for() -> None:
    query = read_query(" ".join(f"word{number}" for number in range(10_000)))
    assert len(query.words) == MAX_WORDS
    assert len(read_query("graph " * 10_000).words) == 1


@pytest.mark.parametrize("day", ["2024-02-30", "2024-13", "soon", "0000", "2024-1-1", "99999"])
def test_a_bad_day_is_named(day: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_query("graph", since=day)
    assert raised.value.field == "since"
    # Typed between the words, it is words.
    assert len(words(read_query(f"graph since:{day}"))) == 2


def test_a_day_a_month_a_year_and_a_moment() -> None:
    assert read_query("x", since="2024-02").wanted.since == moment(2024, 2, 1)
    assert read_query("x", until="2024-02").wanted.until == pytest.approx(moment(2024, 3, 1), abs=0.001)
    assert read_query("x", until="2024-02-01T10:00:00Z").wanted.until == moment(2024, 2, 1, 10)
    assert read_query("x", until="9999").wanted.until == pytest.approx(moment(9999, 12, 31) + 86_400, abs=0.001)


def test_nothing_asked_for_is_said() -> None:
    with pytest.raises(Invalid) as raised:
        read_query("  ", author=" ")
    assert raised.value.field == "q"
