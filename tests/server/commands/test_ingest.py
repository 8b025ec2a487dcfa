"""`inkling ingest` and `inkling up` as an operator meets them, on sources that misbehave."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from server.config import Settings
from server.sources.huggingface import PACE
from server.store import papers
from server.store.database import Database
from tests.server.inkling_process import Up, call, inkling, run, until
from tests.server.sources.arxiv_server import arxiv_server, make_records
from tests.server.sources.listing_server import atom_entry, entry, listing_server, refuse_day, refuse_ids, status

DAYS = [(datetime.now(UTC).date() - timedelta(days=age)).isoformat() for age in range(3)]


@pytest.fixture
def source():
    with listing_server() as server:
        server.days = {day: [entry(f"2611.0000{number}")] for number, day in enumerate(DAYS)}
        yield server


@pytest.fixture
def ingest(tmp_path, source):
    def ask(*arguments, **environ):
        urls = {"INKLING_HF_URL": source.url, "INKLING_ARXIV_URL": source.url, "INKLING_OFFLINE": "off"}
        return run("ingest", *arguments, home=tmp_path / "home", **urls, **environ)

    run("migrate", home=tmp_path / "home")
    return ask


def add(home, *names):
    database = Database.at(Settings.from_environment({"INKLING_HOME": str(home)}))
    with database.writing() as session:
        papers.add_stubs(session, names, 1.0)
    database.close()


def known(home):
    database = Database.at(Settings.from_environment({"INKLING_HOME": str(home)}))
    with database.reading() as session:
        found = papers.count(session)
    database.close()
    return found


@pytest.mark.slow
def test_a_refused_day_is_told_and_is_there_with_the_next_run(ingest, source):
    source.quirk = refuse_day(DAYS[1], status(404)())
    told = ingest("hf", "--days", "3")
    assert (told.returncode, "Traceback" in told.stderr) == (0, False)
    assert told.stdout.splitlines() == [
        "2 of 3 days of the listing are here.",
        f"{DAYS[1]} is asked for again later: The papers listing answered /api/daily_papers with status 404.",
    ]
    source.quirk = lambda *_: None
    assert ingest("hf", "--days", "3").stdout == "3 of 3 days of the listing are here.\n"


def test_any_period_can_be_asked_for(ingest, source):
    source.days["2024-02-29"] = [entry("2402.00001")]
    told = ingest("hf", "--since", "2024-02-27", "--until", "2024-03-01")
    assert (told.returncode, told.stdout) == (0, "4 of 4 days of the listing are here.\n")
    asked = [query.get("date") or query.get("week") or query.get("month") for _, query in source.asked]
    assert asked == [
        *("2024-03-01", "2024-02-29", "2024-02-28", "2024-02-27"),
        *("2024-W09", "2024-03", "2024-02"),
    ]
    gaps = [after - before for before, after in pairwise(source.times)]
    assert min(gaps) >= 0.95 * PACE, "the listing's own log shows the pace"


@pytest.mark.slow
def test_killed_twice_it_goes_on_and_loses_nothing(ingest, source, tmp_path):
    days = [(date(2024, 3, 20) - timedelta(days=back)).isoformat() for back in range(8)]
    source.days = {day: [entry(f"2403.{number:05d}")] for number, day in enumerate(days)}
    fill = ["ingest", "hf", "--since", days[-1], "--until", days[0]]
    urls = {"INKLING_HF_URL": source.url, "INKLING_OFFLINE": "off"}
    for asked in (3, 6):
        argv, keywords = inkling(*fill, home=tmp_path / "home", **urls)
        process = subprocess.Popen(argv, **keywords, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert until(lambda asked=asked: len(source.asked) >= asked, 60)
        process.kill()
        process.wait()
    assert ingest(*fill[1:]).stdout == "8 of 8 days of the listing are here.\n"
    asked = [query["date"] for _, query in source.asked if "date" in query]
    # What was under way when it was killed is asked for again, and nothing else.
    assert set(asked) == set(days)
    assert len(asked) <= len(days) + 2
    assert min(after - before for before, after in pairwise(source.times)) >= 0.95 * PACE
    assert known(tmp_path / "home") == 8


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--since", "2026-02-30"], "does not match the format"),
        (["--since", "2024-03-02", "--until", "2024-03-01"], "2024-03-02 is after the last day, 2024-03-01"),
        (["--until", "2999-01-01"], "2999-01-01 is in the future"),
        (["--since", "2024-03-02", "--days", "3"], "not both"),
        (["--since", "1950-01-01"], "At most 3650 days"),
        (["--days", "0"], "not in the range"),
    ],
)
def test_a_period_that_is_none_is_refused_by_name(ingest, source, options, named):
    told = ingest("hf", *options)
    assert (told.returncode, source.asked) == (2, [])
    assert named in told.stderr


@pytest.mark.slow
def test_a_listing_that_refuses_everything_is_a_failure(ingest, source):
    source.quirk = lambda *_: (200, {}, b"<!doctype html><title>sign in to the wifi</title>")
    told = ingest("hf", "--days", "3")
    assert told.returncode == 1
    assert told.stdout.startswith("0 of 3 days")
    assert "3 of 3 days are refused" in told.stderr


@pytest.mark.slow
def test_a_refused_paper_is_told_and_the_others_are_filled(ingest, source, tmp_path):
    source.papers = {"2401.00001": atom_entry("2401.00001")}
    add(tmp_path / "home", "2401.00001", "2401.00002")
    source.quirk = refuse_ids("2401.00002")
    told = ingest("arxiv")
    assert told.stdout.splitlines() == [
        "1 papers filled in.",
        "2401.00002 is asked for again later: arXiv answered /api/query with status 400.",
    ]


@pytest.mark.slow
def test_of_many_unknown_papers_the_first_are_told(ingest, source, tmp_path):
    add(tmp_path / "home", *(f"2401.{number:05d}" for number in range(50)))
    told = ingest("arxiv")
    assert told.returncode == 0
    assert len(told.stdout.splitlines()) == 22
    assert told.stdout.endswith("So are 30 more.\n")
    assert told.stderr == "it answers, but with none of 50 papers; they are asked for again\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:1"}, "SOCKS proxy"),
        ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE"),
        ({"NO_PROXY": "fd00::/8"}, "no IPv6 ranges"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line(ingest, source, environ, named):
    told = ingest("hf", **environ)
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert named in told.stderr
    assert source.asked == []


@pytest.mark.slow
def test_up_says_of_a_source_in_trouble_what_it_is_and_over_a_restart(source, tmp_path):
    urls = {"INKLING_HF_URL": source.url, "INKLING_ARXIV_URL": source.url, "INKLING_OFFLINE": "off"}
    source.quirk = lambda path, _query: (429, {"Retry-After": "3600"}, b"") if path == "/api/daily_papers" else None

    def sources(up):
        return call(up.url, "/readyz")[1]["checks"]["sources"]

    asked = 0
    for _ in range(2):
        with Up(tmp_path / "home", **urls) as up:
            assert until(lambda up=up: "left alone until" in sources(up).get("reason", ""), 30), sources(up)
            assert sources(up)["status"] == "degraded"
            time.sleep(1)
        asked = asked or len(source.asked)
        assert "Traceback" not in up.log.read_text()
    assert asked == len(source.asked) == 1


@pytest.mark.slow
def test_up_with_a_proxy_it_cannot_use_says_so_and_does_not_restart(source, tmp_path):
    urls = {"INKLING_HF_URL": source.url, "INKLING_ARXIV_URL": source.url, "INKLING_OFFLINE": "off"}
    with Up(tmp_path / "home", **urls, ALL_PROXY="socks5://127.0.0.1:1") as up:
        said = "SOCKS proxy"
        assert until(lambda: said in json.dumps(call(up.url, "/readyz")[1]["checks"]["sources"]), 30)
        first = up.children()["sources"]
        time.sleep(3)
        assert up.children()["sources"] == first
    log = up.log.read_text()
    assert "Traceback" not in log
    assert 1 <= log.count(said) <= 2


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A stand-in for arXiv with a paper a day of November 2026 in two categories."""
    with arxiv_server(make_records(30, date(2026, 11, 1), 30, categories=["cs.LG", "hep-th"]), page=4) as server:
        yield server


@pytest.fixture
def ask_arxiv(tmp_path, archive):
    run("migrate", home=tmp_path / "home")

    def ask(*arguments, **environ):
        urls = {"INKLING_ARXIV_URL": archive.url, "INKLING_OFFLINE": "off"}
        return run("ingest", "arxiv", *arguments, home=tmp_path / "home", **urls, **environ)

    return ask


@pytest.mark.slow
def test_years_of_a_category_are_filled_and_what_comes_of_it_is_said(ask_arxiv, archive):
    told = ask_arxiv("--since", "2026-11-01", "--until", "2026-11-20", "--categories", "cs.lg")
    assert (told.returncode, "Traceback" in told.stderr) == (0, False), told.stderr
    assert told.stdout.splitlines()[0].startswith("Going through what arXiv has changed since 2026-11-01 in cs.LG")
    assert told.stdout.splitlines()[1].startswith("10 papers are new here, in ")
    gaps = [after - before for before, after in zip(archive.times, archive.times[1:], strict=False)]
    assert len(gaps) >= 2
    assert min(gaps) >= 3.0, "arXiv allows one request in three seconds"


@pytest.mark.slow
def test_the_days_of_the_categories_that_the_operator_names_are_fetched(ask_arxiv, archive, monkeypatch):
    archive.quirk = lambda path, _query: (404, {}, b"") if path != "/rss/hep-th" else None
    told = ask_arxiv(INKLING_ARXIV_CATEGORIES="hep-th")
    assert told.stdout.splitlines()[0] == "0 papers filled in."
    assert "weeks of hep-th are here." in told.stdout
    assert "hep-th 2026-" in told.stdout
    assert archive.asked[0][0] == "/rss/hep-th"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--until", "2026-01-01"], "Give --since too"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "after the last day"),
        (["--since", "2999-01-01"], "after the last day"),
        (["--since", "2026-02-01"], "No category is known here yet"),
        (["--since", "yesterday"], "does not match the format"),
        (["--since", "2026-02-01", "--categories", "biology"], "categories of arXiv, such as"),
    ],
)
def test_what_cannot_be_filled_is_said_with_the_fix(ask_arxiv, archive, arguments, said):
    told = ask_arxiv(*arguments)
    assert (told.returncode, "Traceback" in told.stderr) == (2, False)
    assert said in told.stderr
    assert archive.asked == []
