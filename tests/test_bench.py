"""The benchmarks' own parts, on sizes that take seconds: a suite that is run once in a while must not rot meanwhile."""

from __future__ import annotations

import importlib
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from server.paper_ids import is_canonical
from server.services import events
from server.services.context import Context
from server.services.events import Event
from server.store import readers, tables
from server.store.database import Database
from tests.bench import homes, results
from tests.bench.bench import DATA, HERE, PARTS
from tests.bench.results import Measured
from tests.bench.rows import Row, Scale, in_turn, measured
from tests.bench.words import CONNECTORS, CONTENT_WORDS
from tests.bench.world import KINDS, NOW, World, make_log


def test_a_ratio_is_of_medians_and_is_held_to_its_bounds() -> None:
    row = Row("a", [1.0, 2.0, 90.0], beside="b", theirs=[1.0, 1.0, 1.0], at_most=2.0)
    assert row.ratio == 2.0
    assert row.met is True
    assert Row("a", [3.0], theirs=[1.0], at_most=2.0).met is False
    assert Row("a", [0.4], theirs=[1.0], at_least=0.5).met is False
    assert Row("a", [0.99], at_least=0.95).met is True, "without anything beside it, the value itself counts"
    assert Row("a", [3.0], theirs=[1.0]).met is None
    assert Row("a", note="not measured", at_most=1.0).met is False


def test_a_part_that_fails_ends_with_a_row_that_says_why() -> None:
    def part(_scale: Scale) -> Iterator[Row]:
        yield Row("first", [1.0])
        raise RuntimeError("no server here")

    first, last = measured("a part", part, Scale("tiny"))
    assert first.ours == [1.0]
    assert (last.what, last.met) == ("a part", None)
    assert "no server here" in last.note


def test_two_works_are_timed_in_turn() -> None:
    calls: list[str] = []
    ours, theirs = in_turn(lambda: calls.append("a"), lambda: calls.append("b"), 3)
    assert (len(ours), len(theirs)) == (3, 3)
    assert calls == ["a", "b"] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_generated_catalogue_is_the_same_however_it_is_read(kind: str) -> None:
    world = World(4_500, kind)
    papers = list(world.rows())
    assert papers[1_990:2_010] == list(World(4_500, kind).rows(1_990, 2_010))
    assert papers == [paper for chunk in world.chunks(700) for paper in chunk]
    assert [paper.id for paper in papers] == world.ids
    assert len({paper.id for paper in papers}) == len({paper.title for paper in papers}) == 4_500
    assert all(is_canonical(paper.id) for paper in papers[::100])
    lengths = [len(paper.abstract.split()) for paper in papers]
    assert 100 <= min(lengths) <= max(lengths) <= 250
    other = next(World(4_500, kind, seed=8).rows())
    assert other.abstract != papers[0].abstract


def test_topics_stay_small_or_grow() -> None:
    small, growing = ([np.bincount(World(size, kind).topic) for size in (4_000, 16_000)] for kind in KINDS)
    assert [len(sizes) for sizes in small] == [20, 80]
    assert {int(size) for sizes in small for size in sizes} == {200}
    assert growing[1].max() > 3 * growing[0].max()


def test_no_two_titles_agree_past_the_vocabulary() -> None:
    """Neither by luck: a first word comes back with another connector."""
    world = World(2 * CONTENT_WORDS + 3_000)
    starts = (0, CONTENT_WORDS, 2 * CONTENT_WORDS)
    titles = [paper.title.split() for start in starts for paper in world.rows(start, start + 2_000)]
    first = {title[0] for title in titles}
    assert len(first) < 3 * 2_000, "no first word comes back: nothing was tried"
    connectors = [next(word for word in title if word in CONNECTORS) for title in titles]
    assert len(set(zip((title[0] for title in titles), connectors, strict=True))) == len(titles)


def test_a_generated_log_is_a_power_law_without_repetitions() -> None:
    world = World(5_000)
    log = make_log(world, 20_000)
    assert len(log) == 20_000
    assert len(set(zip(log.readers.tolist(), log.papers.tolist(), strict=True))) == 20_000
    assert (np.diff(log.times) >= 0).all()
    assert (log.times >= world.published[log.papers]).all()
    assert log.times[-1] <= NOW
    counts = np.sort(np.bincount(log.readers))[::-1]
    assert counts[: len(counts) // 10].sum() > 0.4 * len(log), "a tenth of the readers does much of it"
    same = make_log(world, 20_000)
    assert (same.papers == log.papers).all()
    with pytest.raises(ValueError, match="more events"):
        make_log(World(100), 2_000, readers=10)


def test_a_filled_home_is_what_the_services_would_have_stored(tmp_path: Path) -> None:
    world = World(60)
    log = make_log(world, 90, readers=6)
    filled, logged = homes.empty(tmp_path / "filled"), homes.empty(tmp_path / "logged")
    homes.add_papers(filled, world)
    homes.add_log(filled, world, log)
    context = Context.ready(homes.settings_for(tmp_path / "logged"))
    homes.add_papers(logged, world)
    for number, (reader, paper, kind, at) in enumerate(log.rows(world.ids)):
        with logged.writing() as session:
            if readers.find(session, reader) is None:
                readers.create(session, NOW, reader_id=reader)
        event = Event(str(uuid.UUID(int=number, version=4)), kind, paper, at, surface="card")
        assert [result.status for result in events.log(context, reader, [event], now=at)] == ["accepted"]
    assert _stored(filled) == _stored(logged)
    assert [len(rows) for rows in _stored(filled)] == [60, 60, 90, 90]
    context.close()
    filled.close()
    logged.close()


def _stored(database: Database) -> list[list[tuple[object, ...]]]:
    """Return what the tables hold, but for how often a reader changed."""
    found = []
    with database.reading() as session:
        for table in (tables.papers, tables.paper_terms, tables.events, tables.reader_papers):
            columns = [column for column in table.c if column.name != "version"]
            rows = session.execute(select(*columns)).all()
            found.append(sorted(tuple(map(repr, row)) for row in rows))
    return found


def part_names() -> set[str]:
    return {file.stem for file in HERE.glob("*.py") if "\ndef rows(scale: Scale)" in file.read_text()}


def test_every_part_is_in_the_table() -> None:
    assert part_names() <= PARTS.keys()


# Those that start a server or a browser take longer than they tell: an answer of each is tested in its own room.
MARKS = {
    "extension": [pytest.mark.browser],
    **{name: [pytest.mark.slow] for name in ("events", "freshness", "training")},
    "load": [pytest.mark.slow, pytest.mark.skipif(shutil.which("wrk") is None, reason="no wrk on this machine")],
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in PARTS])
def test_a_part_runs(name: str) -> None:
    """Whatever a part raises is a row of the table in a real run, and fails here."""
    if name not in part_names():
        pytest.skip("there is no such part yet")
    part = importlib.import_module(f"tests.bench.{name}")
    # In a thread of its own: Playwright refuses a second start in one thread, and the browser tests hold the first.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(lambda: list(part.rows(Scale("tiny", DATA if DATA.is_dir() else None)))).result()
    assert found, "a part without rows"
    for row in found:
        assert row.ours or row.note.startswith("not measured: "), row
        assert not row.theirs or row.beside, row


def test_the_table_and_the_plots_have_every_row(tmp_path: Path) -> None:
    grown = [
        Row("a thing", [size / 10], beside="its peer", theirs=[size / 20], series="Growth: ours", size=size)
        for size in (10, 20)
    ]
    part = Measured("x", "A part", 0.5, [*grown, Row("none", note="not measured: no server", at_most=1.0)], 61.0)
    text = results.write(tmp_path, [part], "quick").read_text()
    assert "| a thing | 1 ms | its peer | 0.5 ms | 2.00 |  |  |" in text
    assert "| none *(not measured: no server)* |  |  |  |  | at most 1 ms | **not met** |" in text
    assert "0 of 1 rows" in text
    assert "](plots/growth.svg)" in text
    assert "its peer" in (tmp_path / "plots/growth.svg").read_text()
