"""The kinds of data of `tests/long/kinds.py`, made from a small invented data set."""

import gzip
import json
from collections import Counter

import numpy as np
import pytest

from recommender.data.files import read_events, read_papers
from tests.long import kinds

TOPICS, PAPERS_A_TOPIC, READERS = 10, 40, 70
WORDS = [[f"t{topic}w{word}" for word in range(30)] for topic in range(TOPICS)]


def make_papers(random):
    for topic in range(TOPICS):
        for number in range(PAPERS_A_TOPIC):
            words = [*random.choice(WORDS[topic], 18), "größe"]
            title = f"Über {words[0]} {number}" if number % 2 else ""
            yield {"id": f"p{topic}/{number}", "title": title, "abstract": " ".join(words), "authors": ["A. B"]}


def make_lines(random):
    """Readers of two topics each, topic 3 the most read; some pairs are of two lines, one line of an unknown paper."""
    for reader in range(READERS):
        for topic in (3, reader % TOPICS):
            for number in random.permutation(PAPERS_A_TOPIC)[: random.integers(4, 30)]:
                yield f"r{reader}\tp{topic}/{number}\tsave\t{1_700_000_000 + reader}"
                if number % 7 == 0:
                    yield f"r{reader}\tp{topic}/{number}\topen\t1700000000"
    yield "r0\tnowhere\tsave"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("data") / "invented"
    made.mkdir()
    random = np.random.default_rng(0)
    rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in make_papers(random)]
    (made / "papers.jsonl").write_text("".join(rows), encoding="utf-8")
    with gzip.open(made / "interactions.tsv.gz", "wt") as file:
        file.writelines(f"{line}\n" for line in make_lines(random))
    return made


@pytest.fixture
def make(folder, tmp_path, monkeypatch):
    """Make kinds as the command does, with sizes that fit; gives the folder of the first."""
    monkeypatch.setattr(kinds, "FEW_PAPERS", 60)

    def run(*names, seed=0, out="out"):
        kinds.main([str(folder), str(tmp_path / out), "--seed", str(seed), "--only", ",".join(names)])
        return tmp_path / out / names[0]

    return run


def read(folder):
    """A kind's rows by id, and its pairs."""
    rows = [json.loads(line) for line in kinds.read_lines(folder / "papers.jsonl.gz")]
    events = read_events(folder / "interactions.tsv.gz")
    assert read_papers(folder / "papers.jsonl.gz").ids == [row["id"] for row in rows]
    pairs = set(zip(events.readers, events.papers, strict=True))
    assert {paper for _, paper in pairs} <= {row["id"] for row in rows}
    return {row["id"]: row for row in rows}, pairs


@pytest.fixture
def whole(make):
    return read(make("whole"))


def test_the_whole_keeps_every_line_but_those_of_unknown_papers(make, folder, whole):
    made = make("whole", out="again")
    assert list(kinds.read_lines(made / "papers.jsonl.gz")) == list(kinds.read_lines(folder / "papers.jsonl"))
    before = list(kinds.read_lines(folder / "interactions.tsv.gz"))
    assert list(kinds.read_lines(made / "interactions.tsv.gz")) == before[:-1]
    assert len(whole[0]) == TOPICS * PAPERS_A_TOPIC


def test_dense_is_a_fixed_point(make, whole):
    rows, pairs = read(make("dense"))
    readers, papers = Counter(paper for _, paper in pairs), Counter(reader for reader, _ in pairs)
    assert min(readers.values()) >= 8
    assert min(papers.values()) >= 15
    assert readers.keys() == rows.keys()
    assert 0 < len(pairs) < len(whole[1])


def test_sparse_has_a_third_of_the_pairs_and_all_papers(make, whole):
    rows, pairs = read(make("sparse"))
    assert rows == whole[0]
    assert pairs < whole[1]
    assert 0.27 < len(pairs) / len(whole[1]) < 0.4


def test_few_readers_keep_all_they_read_and_nothing_else(make, whole):
    rows, pairs = read(make("few-readers-50"))
    readers = {reader for reader, _ in pairs}
    assert len(readers) == 50
    assert pairs == {pair for pair in whole[1] if pair[0] in readers}
    assert rows.keys() == {paper for _, paper in pairs}


def test_few_papers_keep_all_their_readers(make, whole):
    rows, pairs = read(make("few-papers-2000"))
    assert len(rows) == 60
    assert pairs == {pair for pair in whole[1] if pair[1] in rows}
    assert sum(paper.startswith("p3/") for paper in rows) > 60 / TOPICS  # the most read topic


def test_titles_are_all_there_is(make, whole):
    rows, pairs = read(make("titles"))
    assert pairs == whole[1]
    for paper, row in rows.items():
        before = whole[0][paper]
        assert row["abstract"] == ""
        assert row["authors"] == before["authors"]
        if before["title"]:
            assert row["title"] == before["title"]
        else:
            repeated = Counter(before["abstract"].split())
            least = min(repeated[word] for word in row["title"].split())
            assert len(row["title"].split()) == 6
            assert all(count <= least for word, count in repeated.items() if word not in row["title"].split())


def test_ten_words_are_the_papers_own(make, whole):
    rows, _ = read(make("ten-words"))
    for paper, row in rows.items():
        before = Counter(f"{whole[0][paper]['title']} {whole[0][paper]['abstract']}".split())
        assert sum(Counter(row["abstract"].split()).values()) == 10
        assert Counter(row["abstract"].split()) <= before
        assert row["title"] == ""


def test_half_of_the_papers_have_no_text(make, whole):
    rows, pairs = read(make("half-without-text"))
    empty = [paper for paper, row in rows.items() if not row["title"] and not row["abstract"]]
    assert len(empty) == len(rows) // 2
    assert all(rows[paper] == whole[0][paper] for paper in rows.keys() - set(empty))
    assert pairs == whole[1]


def test_one_topic_is_four_fifths(make, whole):
    rows, pairs = read(make("one-topic"))
    share = Counter(paper.split("/")[0] for paper in rows)
    assert share.most_common(1)[0][0] == "p3"
    assert share["p3"] / len(rows) == pytest.approx(0.8, abs=0.02)
    assert len(share) > 3
    assert pairs == {pair for pair in whole[1] if pair[1] in rows}


@pytest.mark.parametrize("name", ["sparse", "few-readers-50", "few-papers-2000", "ten-words", "half-without-text"])
def test_a_seed_gives_the_same_bytes_whatever_else_is_made(make, name):
    alone, after, other = (
        make(name, out="one"),
        make(name, "dense", "sparse", out="two"),
        make(name, seed=1, out="three"),
    )
    for file in ("papers.jsonl.gz", "interactions.tsv.gz"):
        assert (alone / file).read_bytes() == (after / file).read_bytes()
    assert read(alone) != read(other)


def test_tags_are_other_texts_of_the_same_papers(make, folder, whole):
    tags = folder.with_name("invented-tags")
    tags.mkdir()
    try:
        lines = [json.dumps({"id": paper, "abstract": "tag"}) for paper in [*whole[0], "nobody's"]]
        (tags / "papers.jsonl").write_text("".join(f"{line}\n" for line in lines))
        rows, pairs = read(make("tags"))
    finally:
        (tags / "papers.jsonl").unlink()
        tags.rmdir()
    assert {row["abstract"] for row in rows.values()} == {"tag"}
    assert rows.keys() == whole[0].keys()
    assert pairs == whole[1]


def test_what_cannot_be_made_is_said_and_the_rest_is_made(make, capsys, tmp_path):
    made = make("few-readers-500", "tags", "sparse")
    told = capsys.readouterr()
    assert "few-readers-500: not made, there are 70 readers only" in told.err
    assert "tags: not made, there is no folder" in told.err
    assert "sparse: 70 readers, 400 papers" in told.out
    assert not made.exists()
    assert (tmp_path / "out" / "sparse" / "papers.jsonl.gz").exists()


@pytest.mark.parametrize("missing", ["papers.jsonl", "interactions.tsv"])
def test_a_folder_without_data_is_refused_with_what_it_lacks(tmp_path, missing):
    for name in {"papers.jsonl", "interactions.tsv"} - {missing}:
        (tmp_path / name).write_text('{"id": "a"}\n' if name == "papers.jsonl" else "")
    with pytest.raises(SystemExit, match=f"has no {missing}.gz or {missing}"):
        kinds.main([str(tmp_path), str(tmp_path / "out")])


def test_an_unknown_kind_is_refused(folder, tmp_path, capsys):
    with pytest.raises(SystemExit):
        kinds.main([str(folder), str(tmp_path), "--only", "denser"])
    assert "no kind denser; there are whole" in capsys.readouterr().err
