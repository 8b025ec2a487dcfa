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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recommender import Config
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
from server.store import readers
from server.store.database import migrate
from tests.bench import homes
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


def plain_fts5(
    papers: Iterable[Mapping[str, Any]], file: str = ":memory:", limit: int = DEPTH
) -> Callable[[str, str], list[str]]:
    """Return FTS5 as it comes: its own tokenizer and order; the words of a query joined by an operator."""
    database = sqlite3.connect(file)
    database.execute("CREATE VIRTUAL TABLE plain USING fts5(id UNINDEXED, title, abstract, authors)")
    written = ((paper["id"], paper["title"], paper["abstract"], " ".join(paper["authors"])) for paper in papers)
    database.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", written)
    database.execute("INSERT INTO plain(plain) VALUES ('optimize')")

    def find(query: str, operator: str) -> list[str]:
        match = operator.join(f'"{word}"' for word in re.findall(r"\w+", query))
        statement = "SELECT id FROM plain WHERE plain MATCH ? ORDER BY rank LIMIT ?"
        return [name for (name,) in database.execute(statement, (match, limit))]

    return find


def plain_tsvector(request: RankingRequest, query: str, operator: str, limit: int = DEPTH) -> list[str]:
    """PostgreSQL's own parser, English stems and ts_rank_cd, on the table `plain` that `serving` makes."""
    statement = text(
        "SELECT id FROM plain, to_tsquery('english', :words) AS asked WHERE vector @@ asked"
        " ORDER BY ts_rank_cd(vector, asked) DESC, id LIMIT :limit"
    )
    with request.context.database.reading() as session:
        words = operator.join(re.findall(r"\w+", query))
        return list(session.execute(statement, {"words": words, "limit": limit}).scalars())


def rows(scale: Scale) -> Iterator[Row]:
    """Yield how long a page of results takes, by kind of query, beside the database's own search alone."""
    sizes = scale.choose(tiny=[300], quick=[5_000, 25_000], full=[5_000, 25_000, 100_000])
    config = Config(factors=16, iterations=1) if scale.tiny else Config(factors=64, iterations=2)
    for count in sizes:
        world = World(count)
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
            home = homes.copy_of(world, config, Path(folder))
            context = ServingContext.of(homes.settings_for(home))
            plain = plain_fts5(map(vars, world.rows()), str(Path(folder) / "plain.sqlite3"), PAGE)
            yield from page_rows(scale, world, request_on(context), partial(plain, operator=" OR "), "FTS5")
            context.close()
    if find_binaries() is not None:
        yield from postgresql_rows(scale, World(scale.choose(tiny=300, quick=5_000, full=100_000)), config)


def postgresql_rows(scale: Scale, world: World, config: Config) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder, running_server() as url:
        home, more = Path(folder) / "home", {"INKLING_DATABASE_URL": url}
        homes.fill(home, world, config, **more)
        context = ServingContext.of(homes.settings_for(home, **more))
        request = request_on(context)
        with context.database.writing() as session:
            session.execute(text(PLAIN))
            session.execute(text("CREATE INDEX ON plain USING gin (vector)"))
        with context.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield from page_rows(
            scale, world, request, lambda query: plain_tsvector(request, query, " | ", PAGE), "tsvector"
        )
        context.close()


def page_rows(scale: Scale, world: World, request: RankingRequest, plain: Engine, database: str) -> Iterator[Row]:
    """Yield a row for each kind of query, each of several queries timed in turn with the database alone."""
    for kind, asked in timed_queries(world, scale.choose(tiny=2, quick=5, full=7)).items():
        ours, theirs, meant = [], [], []
        for query in asked:
            parsed, bare = read_query(query), KEYS.sub("", query)
            one, other = in_turn(lambda parsed=parsed: page(request, parsed), lambda bare=bare: plain(bare), 1)
            meant.append(
                clock(lambda parsed=parsed: service._meanings(request, parsed.text, service.MAX_MEANT))
                if parsed.words
                else 0.0
            )
            ours += one
            theirs += other
        yield Row(
            f"search, {kind}, {len(world):,} papers",
            ours,
            beside=f"{database} alone, any of the words, {PAGE} results",
            theirs=theirs,
            at_most=2.0,
            note=f"of it by meaning {statistics.median(meant):.1f} ms",
            series=f"search, {kind} ({database})",
            size=len(world),
        )


def timed_queries(world: World, most: int) -> dict[str, list[str]]:
    """Return kind -> queries: of papers that are there, and words of few, of many and of no papers."""
    papers = [vars(paper) for paper in world.rows(0, min(len(world), 2_000))]
    having = Counter(word for paper in papers for word in set(WORD.findall(paper["abstract"].lower())) - FUNCTION_WORDS)
    common = [word for word, _ in having.most_common(most + 1)]
    rare = sorted(word for word, count in having.items() if count == 1)[:: max(1, len(having) // 50)]
    known = queries(random.Random(SEED).sample(papers, most), SEED)
    found = {kind: [query for query, _ in pairs] for kind, pairs in known.items()}
    return {
        "a rare word": rare[:most],
        "a common word": common[:most],
        "two common words": [" ".join(pair) for pair in pairwise(common)],
        "a phrase": [f'"{" ".join(paper["title"].split()[:2])}"' for paper in papers[:most]],
        "author:": [f'author:"{query}"' for query in found.pop("author")],
        "category: and a word": [f"category:cs.LG {word}" for word in common[:most]],
        "since: and a word": [f"since:2025 {word}" for word in common[:most]],
        **found,
    }


def page(request: RankingRequest, query: Query) -> None:
    """Make one page of results, from the query to what is answered."""
    kinds: dict[str, Any] = {"sort": "match", "limit": PAGE, "after": None, "now": NOW}
    service.search(request.context, request.caller, query, **kinds)


if __name__ == "__main__":
    main()
