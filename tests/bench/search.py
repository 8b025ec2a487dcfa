"""Measures search: the place of known papers among real ones, and time among generated ones.

`tests/bench/run search --known PAPERS` asks for papers of a file (as for `inkling evaluate`) by the queries of
`known_items.py`, beside FTS5 and tsvector as they come and beside the meaning alone, and prints Markdown. As a part of
the benchmark it times a page of results by kind of query, in turn with the database's own search. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recommender.data.files import read_papers
from recommender.features.tokenizer import FUNCTION_WORDS
from server.config import Settings
from server.services import search as service
from server.services import training
from server.services.pairing import Caller
from server.services.papers import merge_source_papers
from server.services.query import Query, read_query
from server.services.ranking import RankingRequest
from server.services.serving_context import ServingContext
from server.store import readers, trained_models
from server.store.database import migrate
from server.terms import terms_of
from tests.bench import homes
from tests.bench.generated_model import generated_model
from tests.bench.known_items import WORD, queries
from tests.bench.rows import Row, Scale, clock, in_turn
from tests.bench.world import World
from tests.server.postgres import find_binaries, running_server

SEED = 20261127  # not the one by which the weights were chosen
DEPTH, PAGE = 1000, 20  # results
SAMPLE = 100  # papers asked for
KEYS = re.compile(r"author:|category:\S+|since:\S+")  # what the databases' own search does not know
_WHOLE = "to_tsvector('english', concat_ws(' ', title, abstract, authors::text))"
PLAIN = f"CREATE TABLE plain AS SELECT id, {_WHOLE} AS vector FROM papers"
NOW = 1.79e9
TYPED, LAST_PAGE = "a word being typed", "a common word, page 50"
FTS5 = text(
    "SELECT paper_id FROM paper_terms JOIN (SELECT rowid AS found, rank FROM paper_search WHERE paper_search"
    " MATCH :words ORDER BY rank LIMIT :limit) ON found = number ORDER BY rank"
)
TSVECTOR = text(
    "SELECT paper_id FROM paper_terms, CAST(:words AS tsquery) AS asked WHERE vector @@ asked"
    " ORDER BY ts_rank(vector, asked) DESC LIMIT :limit"
)
Engine = Callable[[str], list[str]]


def main() -> None:
    options = argparse.ArgumentParser(prog="tests/bench/run search", description=__doc__)
    options.add_argument("--known", type=Path, metavar="PAPERS", required=True, help="ask for papers of this file")
    print(known_items(options.parse_args().known))


def known_items(file: Path) -> str:
    papers = rows_of(file)
    asked = {kind: random.Random(SEED).sample(pairs, SAMPLE) for kind, pairs in queries(papers, SEED).items()}
    with tempfile.TemporaryDirectory() as home, running_server() as postgres:
        plain = plain_fts5(papers)
        with serving(Path(home) / "one", None, papers) as lite, serving(Path(home) / "two", postgres, papers) as big:
            engines: dict[str, Engine] = {
                "FTS5, all words": lambda query: plain(query, " "),
                "FTS5, any word": lambda query: plain(query, " OR "),
                "tsvector, all words": lambda query: plain_tsvector(big, query, " & "),
                "tsvector, any word": lambda query: plain_tsvector(big, query, " | "),
                "meaning": lambda query: service._meanings(lite, query, service.MAX_MEANT),
                "Inkling, SQLite": lambda query: ordered(lite, query),
                "Inkling, PostgreSQL": lambda query: ordered(big, query),
            }
            lines = [f"{SAMPLE} of {len(papers)} papers, each asked for once in each way.", "", heading(asked)]
            for name, engine in engines.items():
                cells = [cell([place(engine(query), paper) for query, paper in pairs]) for pairs in asked.values()]
                lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def heading(asked: Mapping[str, Any]) -> str:
    columns = " | ".join(f"{kind}: MRR, recall@1, @10" for kind in asked)
    return f"| by | {columns} |\n|{' --- |' * (len(asked) + 1)}"


def cell(places: Sequence[int]) -> str:
    reciprocal = statistics.fmean(1 / place if place else 0.0 for place in places)
    recall = [sum(0 < place <= most for place in places) / len(places) for most in (1, 10)]
    return f"{reciprocal:.3f}, {recall[0]:.3f}, {recall[1]:.3f}"


def place(found: Sequence[str], paper: str) -> int:
    """Return the place of a paper from 1, or 0 where it is missing."""
    return found.index(paper) + 1 if paper in found else 0


def rows_of(file: Path) -> list[dict[str, Any]]:
    table = read_papers(file)
    columns = zip(table.ids, table.titles, table.abstracts, table.authors, strict=True)
    rows = [dict(zip(("id", "title", "abstract", "authors"), row, strict=True)) for row in columns]
    return [{**row, "authors": list(row["authors"])} for row in rows if row["title"] and len(row["authors"])]


@contextmanager
def serving(home: Path, database_url: str | None, papers: Sequence[Mapping[str, Any]]) -> Any:
    """Yield a reader's request on a home with these papers and a model of their words."""
    given = {"database_url": database_url} if database_url else {}
    settings = Settings.from_environment({"INKLING_OFFLINE": "on"}, home=home, **given)
    context = ServingContext.of(settings)
    migrate(context.database.engine)
    with context.database.writing() as session:
        merge_source_papers(session, "hf", papers, now=1.0)
        if database_url:
            session.execute(text(PLAIN))
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    training.train_once(context)
    yield request_on(context)
    context.close()


def request_on(context: ServingContext) -> RankingRequest:
    with context.database.writing() as session:
        reader = readers.create(session, 1.0)
    return RankingRequest.of(context, Caller(reader, "bench", False, 0, 0, 1.0, 0, {}), NOW)


def ordered(request: RankingRequest, query: str) -> list[str]:
    scores = service._find(request, read_query(query)).scores
    return sorted(scores, key=lambda name: (-scores[name], name))


def plain_fts5(papers: Iterable[Mapping[str, Any]]) -> Callable[[str, str], list[str]]:
    """Return FTS5 as it comes: its own tokenizer and order; the words of a query joined by an operator."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE plain USING fts5(id UNINDEXED, title, abstract, authors)")
    written = ((paper["id"], paper["title"], paper["abstract"], " ".join(paper["authors"])) for paper in papers)
    database.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", written)
    database.execute("INSERT INTO plain(plain) VALUES ('optimize')")

    def find(query: str, operator: str) -> list[str]:
        match = operator.join(f'"{word}"' for word in re.findall(r"\w+", query))
        statement = "SELECT id FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT ?"
        return [name for (name,) in database.execute(statement, (match, DEPTH))]

    return find


def plain_tsvector(request: RankingRequest, query: str, operator: str) -> list[str]:
    """PostgreSQL's own parser, English stems and ts_rank_cd, on the table `plain` that `serving` makes."""
    statement = text(
        "SELECT id FROM plain, to_tsquery('english', :words) AS asked WHERE vector @@ asked"
        " ORDER BY ts_rank_cd(vector, asked) DESC, id LIMIT :limit"
    )
    with request.context.database.reading() as session:
        words = operator.join(re.findall(r"\w+", query))
        return list(session.execute(statement, {"words": words, "limit": DEPTH}).scalars())


def rows(scale: Scale) -> Iterator[Row]:
    """Yield how long a page of results takes, by kind of query, beside the database's own index and ranking alone."""
    sizes = scale.choose(tiny=[300], quick=[10_000], full=[10_000, 100_000, 1_000_000])
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
            yield from rows_of_home(scale, Path(folder) / "home", World(count))
    if find_binaries() is not None:
        count = scale.choose(tiny=300, quick=10_000, full=100_000)
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder, running_server() as url:
            yield from rows_of_home(scale, Path(folder) / "home", World(count), INKLING_DATABASE_URL=url)


def rows_of_home(scale: Scale, home: Path, world: World, **more: str) -> Iterator[Row]:
    settings = homes.settings_for(home, **more)
    database = homes.empty(home, **more)
    homes.add_papers(database, world)
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    model = generated_model(settings.models_dir / "generated", world, factors=16 if scale.tiny else 256, joint=False)
    with database.writing() as session:
        trained_models.add(session, model.version, {**model.manifest.as_dict(), "papers_until": time.time()}, NOW)
        trained_models.promote(session, model.version)
    if more:
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    database.close()
    context = ServingContext.of(settings)
    yield from page_rows(scale, world, request_on(context))
    context.close()


def page_rows(scale: Scale, world: World, request: RankingRequest) -> Iterator[Row]:
    """Yield a row for each kind of query, each of several queries timed in turn with the database alone."""
    database = "tsvector" if request.context.database.engine.dialect.name == "postgresql" else "FTS5"
    for kind, asked in timed_queries(world, scale.choose(tiny=2, quick=5, full=7)).items():
        ours, theirs, meant = [], [], []
        last = kind == LAST_PAGE
        for query in islice(cycle(asked), max(scale.repeats, len(asked))):
            after = frozenset(ordered(request, query)[: PAGE * 49]) if last else None
            bare = partial(alone, request, query, prefix=kind == TYPED, pages=50 if last else 1)
            one, other = in_turn(partial(page, request, query, after), bare, 1)
            meant.append(clock(partial(service._meanings, request, read_query(query).text, service.MAX_MEANT)))
            ours += one
            theirs += other
        yield Row(
            f"search, {kind}, {len(world):,} papers",
            ours,
            beside=f"{database} alone, any of the words, {PAGE} results",
            theirs=theirs,
            at_most=2.0,
            note=f"of it by meaning {statistics.median(meant):.1f} ms" if read_query(asked[0]).words else "",
            series=f"search, {kind} ({database})",
            size=len(world),
        )


def alone(request: RankingRequest, query: str, *, prefix: bool = False, pages: int = 1) -> list[str]:
    """Return what the database's own ranking finds by the same index: papers with any word of a query, or its phrase.

    The last word may go on where it is a `prefix`. Of a query of a category alone, its papers.
    """
    bare = KEYS.sub("", query).strip() or f'"{KEYS.findall(query)[0].partition(":")[2]}"'
    terms = list(dict.fromkeys(terms_of(bare).words))
    with request.context.database.reading() as session:
        if request.context.database.engine.dialect.name == "sqlite":
            words = f'"{" ".join(terms)}"' if bare[0] == '"' else " OR ".join(f'"{term}"' for term in terms)
            words, statement = words + " *" * prefix, FTS5
        else:
            words = (" <-> " if bare[0] == '"' else " | ").join(f"'{term}'" for term in terms) + ":*" * prefix
            statement = TSVECTOR
        return list(session.execute(statement, {"words": words, "limit": pages * PAGE}).scalars())


def timed_queries(world: World, most: int) -> dict[str, list[str]]:
    """Return kind -> queries: of papers that are there, and words of few, of many and of no papers."""
    papers = [vars(paper) for paper in world.rows(0, min(len(world), 2_000))]
    having = Counter(word for paper in papers for word in set(WORD.findall(paper["abstract"].lower())) - FUNCTION_WORDS)
    common = [word for word, _ in having.most_common(most + 10)]
    rare = sorted(word for word, count in having.items() if count == 1)[:: max(1, len(having) // 50)]
    known = queries(random.Random(SEED).sample(papers, most), SEED)
    found = {kind: [query for query, _ in pairs] for kind, pairs in known.items()}
    return {
        "a rare word": rare[:most],
        "a common word": common[:most],
        LAST_PAGE: common[:most],
        "two common words": [" ".join(pair) for pair in pairwise(common[: most + 1])],
        "ten common words": [" ".join(common[at : at + 10]) for at in range(min(most, 2))],
        TYPED: [word[:4] for word in rare[most : 2 * most]],
        "a title pasted whole": [paper["title"] for paper in papers[:most]],
        "an abstract pasted whole": [paper["abstract"][:2000] for paper in papers[: min(most, 2)]],
        "words that no paper has": ["zzqxjv wwvvqq", "αλγόριθμος μάθησης", "深度学习神经网络"],
        "10,000 hostile characters": [f'{common[0]} NEAR/3 {common[1]} AND * " ( αβγ 😀 ' * 300][:10_000],
        "a phrase": [f'"{" ".join(paper["title"].split()[:2])}"' for paper in papers[:most]],
        "author:": [f'author:"{query}"' for query in found.pop("author")],
        "category: alone": ["category:cs.LG", "category:math.PR"],
        "category: and a word": [f"category:cs.LG {word}" for word in common[:most]],
        "since: and a word": [f"since:2025 {word}" for word in common[:most]],
        **found,
    }


def page(request: RankingRequest, query: Query | str, after: frozenset[str] | None = None) -> None:
    """Make one page of results, from the query to what is answered, after these results."""
    parsed = read_query(query) if isinstance(query, str) else query
    service.search(request.context, request.caller, parsed, sort="match", limit=PAGE, after=after, now=NOW)


if __name__ == "__main__":
    main()
