import gzip
import json

import numpy as np
import pytest
from click.testing import CliRunner

from server.commands.offline import evaluate, rank

pytestmark = pytest.mark.slow

TOPIC = {"a": "ant bee cow", "b": "bus car jet"}


@pytest.fixture
def world(tmp_path):
    """Two topics of thirty papers; readers a* save topic a, readers b* topic b."""
    random = np.random.default_rng(0)
    papers = []
    for topic, words in TOPIC.items():
        for number in range(30):
            text = " ".join(random.choice(words.split(), 3))
            papers.append({"id": f"{topic}/{number:02d}", "title": f"{text} {topic}{number % 5}", "abstract": text})
    (tmp_path / "P.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    saves = [f"{t}{r}\t{t}/{p:02d}\tsave\t{p}\n" for t in TOPIC for r in range(8) for p in random.permutation(30)[:9]]
    with gzip.open(tmp_path / "I.tsv.gz", "wt") as file:
        file.writelines(saves)
    (tmp_path / "R.tsv").write_text("new\ta/00\tsave\nnew\ta/01\topen\t2024-01-01T00:00:00Z\nb0\n")
    return tmp_path


def run(world, *more, out="out.tsv", papers="P.jsonl", interactions="I.tsv.gz", readers="R.tsv"):
    files = ["--papers", world / papers, "--interactions", world / interactions, "--readers", world / readers]
    done = CliRunner().invoke(rank, [str(one) for one in [*files, "--out", world / out, *more]])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def read(path):
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [line.split("\t") for line in data.decode().splitlines()]


def test_each_reader_gets_k_unseen_papers_in_order(world):
    assert run(world, "-k", "10").exit_code == 0
    rows = read(world / "out.tsv")
    assert [row[0] for row in rows] == ["new"] * 10 + ["b0"] * 10
    assert [int(row[1]) for row in rows] == [*range(1, 11)] * 2
    assert all(row[2].startswith("a/") for row in rows[:10])
    assert all(row[2].startswith("b/") for row in rows[10:])
    for reader in ("new", "b0"):
        pairs = [(-float(row[3]), row[2]) for row in rows if row[0] == reader]
        assert pairs == sorted(pairs)


def test_papers_met_anywhere_are_never_ranked(world):
    (world / "R.tsv").write_text("b0\ta/05\timpression\nb0\ta/06\thide\n")
    run(world, "-k", "100")
    with gzip.open(world / "I.tsv.gz", "rt") as file:
        met = {line.split("\t")[1] for line in file if line.startswith("b0\t")}
    ranked = {row[2] for row in read(world / "out.tsv")}
    assert not ranked & (met | {"a/05", "a/06"})
    assert len(ranked) == 60 - len(met | {"a/05", "a/06"})


def test_only_candidates_are_ranked_and_unknown_ones_are_told(world):
    (world / "C").write_text("a/05\nb/05\nnowhere\na/00\n")
    done = run(world, "--candidates", world / "C")
    assert "1 lines name papers that are not in the papers file" in done.output
    assert {row[2] for row in read(world / "out.tsv") if row[0] == "new"} == {"a/05", "b/05"}


def test_the_same_seed_gives_the_same_bytes(world):
    for out in ("one.gz", "two.gz"):
        run(world, "--seed", "3", out=out)
    assert read(world / "one.gz") == read(world / "two.gz")
    assert (world / "one.gz").read_bytes() == (world / "two.gz").read_bytes()


def test_no_other_reader_at_all_is_fine(world):
    (world / "none.tsv").write_text("")
    assert run(world, "-k", "5", interactions="none.tsv").exit_code == 0
    rows = read(world / "out.tsv")
    assert len(rows) == 10
    assert all(row[2].startswith("a/") for row in rows[:5])


def test_a_handful_of_papers_is_ranked_too(world):
    (world / "few.jsonl").write_text('{"id": "x", "title": "ant bee"}\n{"id": "y"}\n{"id": "a/00", "title": "ant"}\n')
    assert run(world, papers="few.jsonl").exit_code == 0
    assert [row[2] for row in read(world / "out.tsv") if row[0] == "new"] == ["x", "y"]


@pytest.mark.parametrize(
    ("name", "line"),
    [("R.tsv", "new\ta/00\n"), ("I.tsv.gz", "r\tp\tsave\tsoon\n"), ("P.jsonl", '{"title": "no id"}\n'), ("C", "\n")],
)
def test_a_malformed_line_ends_the_run_with_its_place(world, name, line):
    path = world / name
    before = (
        (gzip.decompress(path.read_bytes()) if name.endswith("gz") else path.read_bytes()) if path.exists() else b""
    )
    whole = before + line.encode()
    path.write_bytes(gzip.compress(whole) if name.endswith("gz") else whole)
    done = run(world, *(["--candidates", path] if name == "C" else []))
    assert done.exit_code == 2
    assert f"{path}:{len(whole.splitlines())}: " in done.output
    assert not (world / "out.tsv").exists()


def test_ids_are_echoed_byte_for_byte(world):
    odd = b"caf\xe9 \xf0\x9f\x90\x9c"
    (world / "R.tsv").write_bytes(odd + b"\ta/00\tsave\n")
    run(world, "-k", "1")
    assert (world / "out.tsv").read_bytes().startswith(odd + b"\t1\t")


def test_evaluating_prints_a_table_and_writes_json(world):
    files = ["--papers", str(world / "P.jsonl"), "--interactions", str(world / "I.tsv.gz")]
    ask = [*files, "--task", "alone", "--seeds", "0-1", "--no-baselines", "--json", str(world / "found.json")]
    done = CliRunner().invoke(evaluate, ask, catch_exceptions=False)
    assert done.exit_code == 0
    assert "recall@20" in done.output
    assert json.loads((world / "found.json").read_text())["seeds"] == [0, 1]


def test_seeds_that_are_none_are_refused(world):
    files = ["--papers", str(world / "P.jsonl"), "--interactions", str(world / "I.tsv.gz")]
    done = CliRunner().invoke(evaluate, [*files, "--task", "warm", "--seeds", "x"])
    assert done.exit_code == 2
    assert "0-4" in done.output
