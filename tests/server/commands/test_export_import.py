"""`inkling export` and `inkling import`."""

from __future__ import annotations

import gzip
import json

import pytest

from server.store import papers, reader_papers, readers

EVENTS = (
    "ann\t2401.00001\tsave\t1700000000\nann\t2401.00002\topen\nbob\tarXiv:2401.00001v2\tsave\t2024-01-02T00:00:00Z\n"
)
PAPERS = "".join(
    json.dumps({"id": f"2401.0000{n}", "title": f"Shared paper {n}", "abstract": "Of graphs.", "authors": ["A. Uthor"]})
    + "\n"
    for n in (1, 2, 3)
)


def saved_by(session, reader):
    return [row["paper_id"] for row in reader_papers.page(session, reader, 100) if row["saved"]]


def write(path, text):
    data = text.encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


def test_a_reader_takes_their_file_elsewhere(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert "0 events" in inkling("export", reader, str(tmp_path / "me.json"))
    assert "Events: 0 accepted" in inkling("import", reader, str(tmp_path / "me.json"))
    (tmp_path / "bad.json").write_text("{")
    assert "is not JSON" in inkling("import", reader, str(tmp_path / "bad.json"), status=2)
    (tmp_path / "list.json").write_text("[]")
    assert "not a file of Inkling's export" in inkling("import", reader, str(tmp_path / "list.json"), status=2)


def test_an_export_may_be_gzipped(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    inkling("export", reader, str(tmp_path / "me.json"))
    assert "0 accepted" in inkling("import", reader, write(tmp_path / "me.json.gz", (tmp_path / "me.json").read_text()))


@pytest.mark.parametrize("name", ["events.tsv", "events.tsv.gz", "no-ending"])
def test_the_operator_imports_the_events_of_many(home, inkling, tmp_path, name):
    file = write(tmp_path / name, EVENTS)
    said = inkling("import", "--operator", file)
    made = dict(line.split("\t") for line in said.splitlines() if "\t" in line)
    assert set(made) == {"ann", "bob"}
    assert "3 accepted" in said
    with home.reading() as session:
        saved = {name: saved_by(session, made[name]) for name in made}
    assert saved == {"ann": ["2401.00001"], "bob": ["2401.00001"]}
    again = inkling("import", "--operator", file)
    assert "3 duplicate" in again
    assert "accepted" not in again
    with home.reading() as session:
        assert readers.count(session) == 2


def test_one_reader_imports_a_table_whatever_it_calls_them(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert "3 accepted" in inkling("import", reader, write(tmp_path / "e.tsv", EVENTS))
    with home.reading() as session:
        assert readers.count(session) == 1
        assert saved_by(session, reader) == ["2401.00001"]


def test_a_readers_own_id_in_a_table_is_that_reader(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    inkling("import", "--operator", write(tmp_path / "e.tsv", f"{reader}\t2401.00001\tsave\n"))
    with home.reading() as session:
        assert readers.count(session) == 1
        assert saved_by(session, reader) == ["2401.00001"]


def test_papers_are_for_everybody_when_the_operator_imports_them(home, inkling, tmp_path):
    assert "3 accepted" in inkling("import", "--operator", write(tmp_path / "p.jsonl", PAPERS))
    with home.reading() as session:
        assert papers.rows(session, ["2401.00003"])["2401.00003"]["title"] == "Shared paper 3"


def test_papers_that_one_reader_imports_are_theirs_alone(home, inkling, tmp_path):
    with home.writing() as session:
        reader, other = readers.create(session, 1.0), readers.create(session, 2.0)
    inkling("import", reader, write(tmp_path / "p.jsonl.gz", PAPERS))
    with home.reading() as session:
        assert papers.seen_by(session, reader, ["2401.00003"])["2401.00003"]["title"] == "Shared paper 3"
        assert papers.seen_by(session, other, ["2401.00003"]) == {}


def test_entries_that_cannot_be_are_told_and_keep_back_no_other(home, inkling, tmp_path):
    lines = "ann\tmy-report\tsave\nann\t2401.00001\timpression\nann\t2401.00001\tsave\t-5\nann\t2401.00002\tsave\n"
    said = inkling("import", "--operator", write(tmp_path / "e.tsv", lines))
    assert "1 accepted, 3 rejected" in said
    assert "my-report save: " in said
    lines = '{"id": "2401.00001"}\n{"id": "nonsense", "title": "x"}\n{"id": "2401.00002", "title": "Good"}\n'
    assert "1 accepted, 2 rejected" in inkling("import", "--operator", write(tmp_path / "p.jsonl", lines))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("ann\t2401.00001\n", "e.tsv:1: 2 fields"),
        ("ann\t2401.00001\tsave\nann\t2401.00001\tlove\n", "e.tsv:2: kind 'love'"),
        ("ann\t2401.00001\tsave\tsoon\n", "e.tsv:1: time 'soon'"),
    ],
)
def test_a_malformed_line_is_named_and_nothing_is_written(home, inkling, tmp_path, lines, said):
    assert said in inkling("import", "--operator", write(tmp_path / "e.tsv", lines), status=2)
    with home.reading() as session:
        assert readers.count(session) == 0


def test_a_name_may_be_any_bytes(home, inkling, tmp_path):
    names = ["\udcff\udcfe", "Ünïcödé 漢字", "a b", "-"]
    said = inkling(
        "import", "--operator", write(tmp_path / "e.tsv", "".join(f"{n}\t2401.00001\tsave\n" for n in names))
    )
    assert "4 accepted" in said
    with home.reading() as session:
        assert readers.count(session) == 4


def test_it_says_whose_a_file_is_to_be(home, inkling, tmp_path):
    file = write(tmp_path / "e.tsv", EVENTS)
    assert "Name one READER" in inkling("import", file, status=2)
    assert "Name one READER" in inkling("import", "--operator", "ann", file, status=2)
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    inkling("export", reader, str(tmp_path / "me.json"))
    assert "of one reader" in inkling("import", "--operator", str(tmp_path / "me.json"), status=2)
    assert "No reader nobody here" in inkling("import", "nobody", file, status=1)


def test_a_file_that_is_cut_short_or_no_gzip_is_said_to_be_so(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    whole = gzip.compress(EVENTS.encode() * 5_000)
    for name, data in (("cut.tsv.gz", whole[:-30]), ("begun.tsv.gz", whole[:20]), ("plain.tsv.gz", EVENTS.encode())):
        (tmp_path / name).write_bytes(data)
        assert name in inkling("import", reader, str(tmp_path / name), status=2)
        assert name in inkling("import", "--operator", str(tmp_path / name), status=2)
    assert "Name the FILE" in inkling("import", "--operator", "-", status=2)


def test_a_blank_first_line_is_named_by_its_number(home, inkling, tmp_path):
    assert "e.tsv:1: " in inkling("import", "--operator", write(tmp_path / "e.tsv", "\n" + EVENTS), status=2)


def test_an_editors_mark_is_no_part_of_a_name(home, inkling, tmp_path):
    inkling("import", "--operator", write(tmp_path / "e.tsv", "\ufeff" + EVENTS))
    with home.reading() as session:
        assert readers.count(session) == 2


def test_an_export_may_come_through_a_pipe(home, inkling, tmp_path):
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert "Must be one JSON object" in inkling("import", reader, "-", status=2)
