"""Measures search: the place of known papers among real ones, and time among generated ones. Prints Markdown.

`tests/bench/run search --known PAPERS` asks for papers of a file (as for `inkling evaluate`) by the queries of
`known_items.py`, beside FTS5 and tsvector as they come and beside the meaning alone. `tests/bench/run search --time N`
times queries among N generated papers, each in turn with plain FTS5. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recommender import Config
from recommender.data.files import read_papers
from server.config import Settings
from server.services import search as service
from server.services import training
from server.services.pairing import Caller
from server.services.papers import merge_source_papers
from server.services.query import read_query
from server.services.ranking import RankingRequest
from server.services.serving_context import ServingContext
from server.store import readers
from server.store.database import migrate
from tests.bench import homes
from tests.bench.known_items import queries
from tests.bench.world import World
from tests.server.postgres import running_server

SEED = 20261127  # not the one by which the weights were chosen
DEPTH = 1000
SAMPLE, TIMED = 200, 25  # papers asked for
NOW = 1.79e9
Engine = Callable[[str], list[str]]


def main() -> None:
    options = argparse.ArgumentParser(prog="tests/bench/run search", description=__doc__)
    options.add_argument("--known", type=Path, metavar="PAPERS", help="ask for each paper of this file")
    options.add_argument("--time", type=int, metavar="N", help="time queries among this many generated papers")
    asked = options.parse_args()
    if asked.known:
        print(known_items(asked.known))
    if asked.time:
        print(times(asked.time))


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
                "meaning": lambda query: service._meanings(lite, query),
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
            whole = "concat_ws(' ', title, abstract, authors::text)"
            session.execute(
                text(f"CREATE TABLE plain AS SELECT id, to_tsvector('english', {whole}) AS vector FROM papers")
            )
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


def plain_fts5(papers: Sequence[Mapping[str, Any]]) -> Callable[[str, str], list[str]]:
    """Return FTS5 as it comes: its own tokenizer and order; the words of a query joined by an operator."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE plain USING fts5(id UNINDEXED, title, abstract, authors)")
    rows = [(paper["id"], paper["title"], paper["abstract"], " ".join(paper["authors"])) for paper in papers]
    database.executemany("INSERT INTO plain VALUES (?, ?, ?, ?)", rows)
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
        " ORDER BY ts_rank_cd(vector, asked) DESC, id LIMIT 1000"
    )
    with request.context.database.reading() as session:
        words = operator.join(re.findall(r"\w+", query))
        return list(session.execute(statement, {"words": words}).scalars())


def times(count: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        catalogue = World(count)
        homes.fill(home, catalogue, Config(factors=64, iterations=2))
        written = [vars(paper) for paper in catalogue.rows()]
        context = ServingContext.of(Settings.from_environment({"INKLING_HOME": str(home), "INKLING_OFFLINE": "on"}))
        request, plain = request_on(context), plain_fts5(written)
        asked = queries(random.Random(SEED).sample(written, TIMED), SEED)
        asked |= {"common word": [("data", "")] * 15, "nothing": [("zebra quagga", "")] * 15}
        asked |= {"author:": [(f'author:"{query}"', "") for query, _ in asked["author"]]}
        lines = [
            f"{count:,} generated papers, SQLite; milliseconds, median (90th percentile); {os.cpu_count()} processors,"
            f" load {os.getloadavg()[0]:.1f}.",
            "",
            "| query | Inkling's page of 20 | of it words | of it meaning | FTS5, any word | ratio | found |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        lines += [time_row(kind, [query for query, _ in pairs], request, plain) for kind, pairs in asked.items()]
        context.close()
    return "\n".join(lines)


def time_row(kind: str, asked: Sequence[str], request: RankingRequest, plain: Callable[[str, str], list[str]]) -> str:
    ours, words, meaning, theirs, found = [], [], [], [], []
    caller, context = request.caller, request.context
    for query in asked:
        parsed = read_query(query)
        theirs.append(clock(lambda query=query: plain(query.removeprefix("author:"), " OR ")))
        meaning.append(clock(lambda query=query: service._meanings(request, query)) if parsed.words else 0.0)
        words.append(clock(lambda parsed=parsed: by_words(request, parsed)) if parsed.words else 0.0)
        kinds: dict[str, Any] = {"sort": "match", "limit": 20, "after": None, "now": NOW}
        ours.append(clock(lambda parsed=parsed, kinds=kinds: service.search(context, caller, parsed, **kinds)))
        found.append(len(service._find(request, parsed).scores))
    ratio = statistics.median(ours) / statistics.median(theirs)
    columns = [spread(values) for values in (ours, words, meaning, theirs)]
    return f"| {kind} | {' | '.join(columns)} | {ratio:.1f} | {statistics.median(found):.0f} |"


def by_words(request: RankingRequest, query: Any) -> None:
    with request.context.database.reading() as session:
        service._rank_by_words(session, query, service._weigh(session, query.words, {}), {})


def clock(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({sorted(values)[int(len(values) * 0.9)]:.1f})"


if __name__ == "__main__":
    main()
