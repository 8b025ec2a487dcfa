import gzip
import json

import numpy as np
import pytest

from recommender.data.files import (
    MalformedLine,
    parse_time,
    read_events,
    read_histories,
    read_ids,
    read_papers,
    write_lines,
)


def lines(path, *texts):
    data = b"".join(text if isinstance(text, bytes) else f"{text}\n".encode() for text in texts)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["papers.jsonl", "papers.jsonl.gz"])
def test_papers_need_nothing_but_an_id(tmp_path, name):
    full = {"id": "a", "title": "T", "abstract": "A", "authors": ["X"], "categories": ["c"], "organization": "O"}
    full |= {"published_at": "2024-01-01T00:00:00Z", "upvotes": 7}
    path = lines(tmp_path / name, json.dumps(full), '{"id": "b", "title": null, "upvotes": null}')
    papers = read_papers(path)
    assert papers.ids == ["a", "b"]
    assert papers.titles == ["T", ""]
    assert papers.authors == [["X"], []]
    assert papers.published[0] == 1_704_067_200
    assert np.isnan(papers.published[1])
    assert np.isnan(papers.upvotes[1])


def test_events_with_and_without_times(tmp_path):
    path = lines(tmp_path / "i.tsv", "r\tp\tsave", "r\tp\topen\t12.5", "r\tp\thide\t1970-01-01T01:00:00+01:00")
    events = read_events(path)
    assert events.kinds == ["save", "open", "hide"]
    assert np.isnan(events.times[0])
    assert events.times[1:].tolist() == [12.5, 0.0]


def test_an_empty_file_has_no_events(tmp_path):
    assert len(read_events(lines(tmp_path / "i.tsv"))) == 0
    assert len(read_events(lines(tmp_path / "i.tsv.gz"))) == 0


def test_ids_pass_byte_for_byte(tmp_path):
    odd = [b"caf\xc3\xa9", b"latin\xe9", b" spaced ", "10.1/ü".encode()]
    path = lines(tmp_path / "c", b"\n".join(odd) + b"\n")
    out = tmp_path / "out"
    write_lines(out, read_ids(path))
    assert out.read_bytes() == path.read_bytes()
    assert read_papers(lines(tmp_path / "p", '{"id": "caf\\u00e9"}')).ids == read_ids(path)[:1]


def test_a_line_with_a_reader_alone_names_one_to_rank_for(tmp_path):
    names, events = read_histories(lines(tmp_path / "r", "b", "a\tp\tsave", "b\tq\topen"))
    assert names == ["b", "a"]
    assert events.papers == ["p", "q"]


@pytest.mark.parametrize(
    "bad",
    [
        "r\tp",
        "r\tp\tsave\t1\t2",
        "r\tp\tliked",
        "\tp\tsave",
        "r\t\tsave",
        "r\tp\tsave\tyesterday",
        "",
        "r\tp\tsave\tnan",
        "r\tp\tsave\t2024-01-01T00:00:00",
    ],
)
def test_a_malformed_event_is_told_with_its_file_and_line(tmp_path, bad):
    path = lines(tmp_path / "i.tsv", "r\tp\tsave", bad, "r\tq\tsave")
    with pytest.raises(MalformedLine, match=r"i\.tsv:2: "):
        read_events(path)


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        "{}",
        '{"id": 3}',
        '{"id": ""}',
        '{"id": "a", "title": 3}',
        '{"id": "a", "authors": "X"}',
        "",
        '{"id": "a", "upvotes": "many"}',
        '{"id": "a", "published_at": "soon"}',
        '{"id": "a", "authors": [1]}',
    ],
)
def test_a_malformed_paper_is_told_with_its_file_and_line(tmp_path, bad):
    path = lines(tmp_path / "p.jsonl.gz", '{"id": "z"}', bad)
    with pytest.raises(MalformedLine, match=r"p\.jsonl\.gz:2: "):
        read_papers(path)


def test_a_file_that_is_no_gzip_or_breaks_off_is_told(tmp_path):
    (tmp_path / "i.gz").write_bytes(b"plain")
    with pytest.raises(MalformedLine, match=r"i\.gz:1"):
        read_events(tmp_path / "i.gz")
    whole = gzip.compress(b"r\tp\tsave\n" * 1000)
    (tmp_path / "j.gz").write_bytes(whole[:-12])
    with pytest.raises(MalformedLine, match=r"j\.gz:"):
        read_events(tmp_path / "j.gz")


def test_the_same_lines_give_the_same_bytes_and_no_half_a_file(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_lines(tmp_path / name, ["one", "two"])
    assert (tmp_path / "a.gz").read_bytes()[10:] == (tmp_path / "b.gz").read_bytes()[10:]
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"one\ntwo\n"

    def breaks():
        yield "one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_lines(tmp_path / "a.gz", breaks())
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"one\ntwo\n"


def test_seconds_read_numbers_and_moments():
    assert parse_time("1e3") == 1000
    assert parse_time("1970-01-02T00:00:00Z") == 86_400
