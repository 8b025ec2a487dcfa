"""Full text on both kinds of database: what is found, and that the index is in step with the papers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from server.errors import Invalid
from server.services.matching import frequency
from server.services.papers import merge_source_papers
from server.services.query import read_query
from server.store import papers, search
from server.store.database import Database
from server.store.database_copies import copy_in, copy_out
from server.store.search import Clause, Filter, terms_by_field
from server.store.tables import papers as paper_table
from tests.server.conftest import At, sqlite_only

PAPERS = [
    {"id": "a", "title": "Graph Networks for GPT-4", "abstract": "A self-supervised study of language models."},
    {"id": "b", "title": "Der Größte Überblick", "abstract": "Models of a language, naïve graphs", "published_at": 5.0},
    {"id": "c", "title": "图神经网络与注意力", "abstract": "We use C++ and a κ-cache in 3D.", "published_at": 9.0},
    {"id": "d", "title": "Cartoons", "authors": ["Yunhe Wang", "Hanting Chen"], "categories": ["cs.LG", "stat.ML"]},
    {"id": "e", "title": "Ελληνικά κείμενα", "abstract": "'quoted' \\ \" * NEAR(a b) -not ¶ ^x & | ! <->"},
    {"id": "f", "title": "Knots", "categories": ["cond-mat.stat-mech", "math.GT"]},
    {"id": "g", "title": "Cells", "categories": ["math-ph", "q-bio.QM", "cond-mat.stat-mech"]},
]


def put(session: Session, *rows: dict[str, Any], now: float = 1.0) -> None:
    merge_source_papers(session, "arxiv", rows, now=now)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.writing() as session:
        put(session, *PAPERS)
    return database


def found(database: Database, typed: str, limit: int = 10) -> set[str]:
    """What has any of the words and all that is required; what is asked for alone passes the filter."""
    query = read_query(typed)
    with database.reading() as session:
        if not query.words:
            return search.passing(session, [paper["id"] for paper in PAPERS], query.wanted)
        return set(search.candidates(session, [(word,) for word in query.words], query.wanted, limit))


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("graphs", "ab"),
        ("GPT4", "a"),
        ("gpt-4", "a"),
        ("4 gpt", "a"),
        ('"language model"', "a"),
        ('"models of a language"', "b"),
        ('"gpt 4 a self"', ""),
        ("größte", "b"),
        ("grosste überblick", "b"),
        ("naive", "b"),
        ("神经", "c"),
        ("经神", ""),
        ("c++", "c"),
        ("kappa", "c"),
        ("κ-cache", "c"),
        ("3d", "c"),
        ("yunhe", "d"),
        ("author:wang", "d"),
        ('author:"Wang, Y."', "d"),
        ('author:"Wang Hanting"', ""),
        ("author:graph", ""),
        ("category:cs.LG", "d"),
        ("category:cs", "d"),
        ("category:lg", ""),
        ("category:math", "f"),
        ("category:math-ph", "g"),
        ("category:stat", "d"),
        ("category:q-bio", "g"),
        ("category:q", ""),
        ("category:cs.ML", ""),
        ("graph until:1970", "b"),
        ("since:1970", "bc"),
        ("ΕΛΛΗΝΙΚΑ", "e"),
        ("near", "e"),
        ("quoted", "e"),
        ("cart", ""),
        ("*", ""),
        ("AND OR NOT", ""),
        ("'; DROP TABLE papers; --", ""),
    ],
)
def test_what_is_found(filled: Database, typed: str, ids: str) -> None:
    assert found(filled, typed) == set(ids)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ('author:"J. Zhanglast"', "h"),
        ('author:"Jane Zhanglast"', "h"),
        ('author:"Jan Zhanglast"', ""),
        ('author:"Zhanglast, Jane" knots', "h"),
        ('author:"Name399 Jane"', ""),
    ],
)
def test_the_last_of_hundreds_of_authors_is_found(database: Database, typed: str, ids: str) -> None:
    authors = [*(f"Jan Name{number}" for number in range(400)), "Jane Zhanglast"]
    with database.writing() as session:
        put(session, {"id": "h", "title": "Knots", "authors": authors})
    query = read_query(typed)
    with database.reading() as session:
        ways = [(word,) for word in query.words]
        names = set(search.candidates(session, ways, query.wanted, 10)) if ways else set()
        names = names if ways else search.passing(session, ["h"], query.wanted)
    assert names == set(ids)


def test_the_index_and_the_matching_agree(filled: Database) -> None:
    """The server decides in two places whether a paper has a word: the database, and `matching.py`."""
    terms = {paper["id"]: terms_by_field({**dict.fromkeys(search.FIELDS), **paper}) for paper in PAPERS}
    typed = "graph gpt-4 language 神经 κ-cache c++ wang naïve grosste 3d near cart κειμενα quoted a".split()  # noqa: SIM905
    clauses = [clause for word in typed for clause in read_query(f'"{word}"').words]
    clauses += [
        Clause(clause.phrases, fields, prefix)
        for clause in clauses
        for fields in (("title",), search.FIELDS)
        for prefix in (False, True)
    ]
    with filled.reading() as session:
        for clause in clauses:
            here = {name for name, one in terms.items() if frequency(clause, one)}
            assert search.count(session, clause) == len(here), clause
            assert set(search.candidates(session, [(clause,)], Filter(), 9)) == here, clause


def test_the_best_come_first_and_no_more_than_asked_for(filled: Database) -> None:
    with filled.reading() as session:
        assert search.candidates(session, [(Clause((("graph",),)),)], Filter(), 1) == ["a"]


def test_of_more_than_are_ranked_those_with_all_words_are_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_RANKED", 2)
    with database.writing() as session:
        put(session, {"id": "a", "title": "graph model"}, {"id": "b", "title": "graph", "published_at": 5.0})
        put(session, *({"id": f"x{number}", "title": f"graph {number}"} for number in range(5)))
    graph, model = Clause((("graph",),)), Clause((("model",),))
    with database.reading() as session:
        assert search.candidates(session, [(graph,), (model,)], Filter(), 9)[0] == "a"
        assert search.candidates(session, [(graph,)], Filter(until=5.0), 9) == ["b"]
        assert len(search.candidates(session, [(graph,)], Filter(), 9)) >= 2


def test_common_words_are_counted_by_statistics_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "ANALYZED", 10)
    with database.writing() as session:
        put(session, *({"id": f"x{number}", "title": "graph" if number % 2 else "knot"} for number in range(40)))
        put(session, {"id": "y", "title": "zebra"})
    if database.engine.dialect.name == "postgresql":
        with database.writing() as session:
            session.execute(text("ANALYZE paper_terms"))
    asked = [Clause((("graph",),)), Clause((("zebra",),)), Clause((("quagga",),)), Clause((("grap",),), prefix=True)]
    with database.reading() as session:
        assert search.size(session) == 41
        assert search.counts(session, asked) == [20, 1, 0, 20]
        if database.engine.dialect.name == "postgresql":
            assert search._count_common(session, asked)[asked[0]] == 20


def test_newest_first_from_a_place_on(filled: Database) -> None:
    with filled.reading() as session:
        assert [name for _, name in search.newest(session, Filter(), 9, None)] == ["c", "b", "a", "d", "e", "f", "g"]
        assert search.newest(session, Filter(), 1, (9.0, "c")) == [(5.0, "b")]
        assert [name for _, name in search.newest(session, Filter(), 9, (search.UNDATED, "a"))] == ["d", "e", "f", "g"]
        assert search.newest(session, Filter(since=6.0), 9, None) == [(9.0, "c")]


def test_a_changed_text_is_found_by_its_new_words_alone(filled: Database) -> None:
    with filled.writing() as session:
        put(session, {"id": "a", "title": "Renamed", "abstract": "Otherwise"}, now=2.0)
    assert found(filled, "renamed otherwise") == {"a"}
    assert found(filled, "gpt") == set()


def test_what_was_not_committed_is_not_found(filled: Database) -> None:
    def fail() -> None:
        with filled.writing() as session:
            put(session, {"id": "f", "title": "Zebra"}, {"id": "a", "title": "Quagga"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert found(filled, "zebra quagga") == set()
    assert found(filled, "gpt") == {"a"}


def test_what_is_deleted_is_not_found_and_leaves_the_index_whole(filled: Database) -> None:
    with filled.writing() as session:
        session.execute(delete(paper_table).where(paper_table.c.id == "a"))
    assert found(filled, "graph") == {"b"}
    with filled.reading() as session:
        assert search.count(session, Clause((("gpt",),))) == 0
    check(filled)


def check(database: Database) -> None:
    """SQLite's own test that the index and the table agree."""
    if database.engine.dialect.name == "sqlite":
        with database.writing() as session:
            session.execute(text("INSERT INTO paper_search(paper_search, rank) VALUES ('integrity-check', 1)"))


def test_a_paper_of_which_nothing_is_known_is_not_indexed(database: Database) -> None:
    with database.writing() as session:
        papers.add_stubs(session, ["a"], 1.0)
        put(session, {"id": "b", "upvotes": 3})
    with database.reading() as session:
        assert search.size(session) == 0


def test_upvotes_alone_write_nothing_into_the_index(filled: Database) -> None:
    with filled.writing() as session:
        changes = text("SELECT total_changes()") if filled.engine.dialect.name == "sqlite" else text("SELECT 0")
        session.execute(text("UPDATE paper_terms SET title = 'mark' WHERE paper_id = 'd'"))
        before = session.execute(changes).scalar()
        put(session, {**PAPERS[0], "upvotes": 5}, now=2.0)
        assert session.execute(changes).scalar() - before <= 1  # type: ignore[operator]
    assert found(filled, "mark") == {"d"}


def test_hostile_sizes_are_indexed_up_to_a_limit(database: Database) -> None:
    rows = [
        {"id": "a", "title": "zebra " + "\ufdfa " * 900, "abstract": "x " * 25_000, "authors": ["A" * 499] * 5_000},
        {"id": "b", "title": "zebra " + "a" * 1_900, "abstract": " ".join(map(str, range(9_000)))},
    ]
    with database.writing() as session:
        put(session, *rows)
    with database.reading() as session:
        assert set(search.candidates(session, [(Clause((("zebra",),)),)], Filter(), 9)) == {"a", "b"}


@pytest.mark.parametrize("looked_at", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "typed", ["", "category:cs", "category:math", "since:1970 category:cs", "until:1970 author:wang"]
)
def test_the_newest_that_pass_are_those_of_all_papers(
    database: Database, monkeypatch: pytest.MonkeyPatch, looked_at: int, typed: str
) -> None:
    kinds, days = (["cs.LG"], ["math.GT"], ["q-bio.QM", "cs.CL"]), (None, 5.0, 5.0, 9.0, 7.0, None, 5.0)
    with database.writing() as session:
        for number, day in enumerate(days * 2):
            more = {"categories": kinds[number % 3], "authors": ["Wang"], "published_at": day}
            put(session, {"id": f"x{number}", "title": f"Knot {number}", **more})
    wanted = read_query(typed).wanted if typed else Filter()

    def pages() -> list[list[tuple[float, str]]]:
        found: list[list[tuple[float, str]]] = [[]]
        with database.reading() as session:
            while more := search.newest(session, wanted, 2, found[-1][-1] if found[-1] else None):
                found.append(more)
        return found

    monkeypatch.setattr(search, "LOOKED_AT", 1_000)
    every = pages()
    assert len(every) > 2
    monkeypatch.setattr(search, "LOOKED_AT", looked_at)
    assert pages() == every


@pytest.mark.parametrize(
    "typed", ["graph since:1970", "graph until:1970", "graph since:1971", '"language model" until:1970']
)
def test_few_papers_are_asked_for_their_dates_one_by_one(filled: Database, typed: str) -> None:
    query = read_query(typed)
    ways = [(word,) for word in query.words]
    with filled.reading() as session:
        few, many = (search.candidates(session, ways, query.wanted, 9, count) for count in (0, 1_000))
        assert few == many == search.candidates(session, ways, query.wanted, 9)
    assert few == (["b"] if "graph" in typed and "1971" not in typed else [])


ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
)


def test_what_costs_too_much_is_refused_and_the_next_is_answered(filled: Database) -> None:
    with filled.reading() as session, pytest.raises(Invalid, match="takes too long"), search.bounded(session, 0.1):
        session.execute(ENDLESS)
    with filled.reading() as session, search.bounded(session, 60.0):
        assert search.size(session)
    with filled.reading() as session:
        assert search.candidates(session, [(Clause((("graph",),)),)], Filter(), 1) == ["a"]
        if filled.engine.dialect.name == "postgresql":
            assert session.execute(text("SHOW statement_timeout")).scalar() == "0"


def test_a_shorter_time_out_of_the_operators_stays(filled: Database) -> None:
    if filled.engine.dialect.name == "sqlite":
        return
    with filled.reading() as session:
        session.execute(text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(Invalid), search.bounded(session, 60.0):
            session.execute(ENDLESS)


@sqlite_only
def test_a_rewritten_and_a_copied_file_find_the_same(filled: Database, tmp_path: Any) -> None:
    with filled.writing() as session:
        session.execute(delete(paper_table).where(paper_table.c.id == "a"))
        put(session, {"id": "b", "title": "Zyxrenamed"}, now=2.0)
    assert filled.compact()
    copy_out(filled.engine, tmp_path / "copy.sqlite3")
    restored = Database.at(At(f"sqlite:///{tmp_path / 'restored' / 'inkling.sqlite3'}"))
    copy_in(restored.engine, tmp_path / "copy.sqlite3")
    for database in (filled, restored):
        assert found(database, "zyxrenamed") == {"b"}
        assert found(database, "wang") == {"d"}
        check(database)
    with restored.writing() as session:
        put(session, {"id": "f", "title": "Zyxrenamed too"}, now=3.0)
    assert found(restored, "zyxrenamed") == {"b", "f"}
    restored.close()


@sqlite_only
def test_words_that_were_replaced_are_gone_from_the_file(database: Database, tmp_path: Any) -> None:
    with database.writing() as session:
        put(session, *({"id": f"x{number}", "title": f"zyxsecret word{number}"} for number in range(200)))
    with database.writing() as session:
        put(session, *({"id": f"x{number}", "title": f"public word{number}"} for number in range(200)), now=2.0)
    assert database.compact()
    assert database.empty_log()
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("inkling.sqlite3*"))
    assert b"word199" in held
    assert b"secret" not in held
