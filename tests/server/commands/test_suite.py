import json

import numpy as np
import pytest
from click.testing import CliRunner

from recommender.evaluation.suite import Suite
from server.commands.offline import evaluate
from server.commands.suite import parse_tasks

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    """Two kinds of two topics: three words a paper, and one."""
    random = np.random.default_rng(0)
    topics = {"a": "ant bee cow dog", "b": "bus car jet van"}
    for kind, words in (("long", 3), ("short", 1)):
        rows = [
            json.dumps({"id": f"{topic}{number}", "title": " ".join(random.choice(text.split(), words))})
            for topic, text in topics.items()
            for number in range(30)
        ]
        saves = [
            f"{topic}-{reader}\t{topic}{number}\tsave"
            for topic in topics
            for reader in range(12)
            for number in random.permutation(30)[:9]
        ]
        (tmp_path / "suite" / kind).mkdir(parents=True)
        (tmp_path / "suite" / kind / "papers.jsonl").write_text("\n".join(rows) + "\n")
        (tmp_path / "suite" / kind / "interactions.tsv").write_text("\n".join(saves) + "\n")
    return tmp_path / "suite"


def run(*arguments):
    return CliRunner().invoke(evaluate, [str(one) for one in arguments])


def test_one_table_has_every_kind_and_what_is_finished_is_kept(folder, tmp_path, monkeypatch):
    ask = ["--suite", folder, "--tasks", "alone,cold", "--parts", tmp_path / "parts", "--json", tmp_path / "all.json"]
    done = run(*ask)
    assert done.exit_code == 0, done.output
    for start in ("| long | alone k=1 |", "| short | alone k=1 |", "| long | cold |", "| short | cold |"):
        assert start in done.output
    assert done.output.count("| kind |") == 1
    assert "long, cold: recall@20" in done.stderr
    assert json.loads((tmp_path / "all.json").read_text())["seeds"] == [0]
    assert (tmp_path / "parts" / "table.md").read_text().strip() in done.output
    assert json.loads((tmp_path / "parts" / "figures.json").read_text()) == json.loads(
        (tmp_path / "all.json").read_text()
    )
    assert not (folder / ".figures").exists()


def test_what_is_finished_is_in_the_table_when_the_rest_fails(folder, monkeypatch):
    plain = Suite._measure_task

    def fail_at_the_second(suite, kind, material, task):
        if suite.finished:
            raise KeyboardInterrupt
        return plain(suite, kind, material, task)

    monkeypatch.setattr(Suite, "_measure_task", fail_at_the_second)
    assert run("--suite", folder, "--tasks", "cold").exit_code != 0
    table = (folder / ".figures" / "table.md").read_text()
    assert table.count(" | cold | ") == 2  # one kind, two figures


def test_a_folder_that_is_no_suite_says_how_it_becomes_one(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("--suite", tmp_path / "empty")
    assert done.exit_code == 1
    assert (
        "a suite has one for each kind of data, with papers.jsonl[.gz] and interactions.tsv[.gz] in it" in done.output
    )
    (folder / "short" / "papers.jsonl").unlink()
    done = run("--suite", folder)
    assert done.exit_code == 1
    assert "short has no papers.jsonl[.gz]; add what is missing" in done.output


def test_a_malformed_line_ends_the_run_before_anything_is_measured(folder, monkeypatch):
    monkeypatch.setattr(Suite, "measure", lambda suite: pytest.fail("measured"))
    with open(folder / "short" / "interactions.tsv", "a") as file:
        file.write("a reader alone\n")
    done = run("--suite", folder)
    assert done.exit_code == 2
    assert "short/interactions.tsv:217: " in done.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "name --papers, --interactions and --task, or a --suite"),
        (["--suite", "F", "--task", "warm"], "--suite takes the place of"),
        (["--suite", "F", "--no-baselines"], "--suite takes the place of"),
        (["--papers", "P", "--interactions", "I", "--task", "warm", "--tasks", "cold"], "belong to --suite"),
        (["--papers", "P", "--task", "warm"], "name --papers, --interactions and --task"),
        (["--suite", "F", "--tasks", "warm,hot"], "'hot' is none of warm, cold"),
    ],
)
def test_options_that_do_not_go_together_are_refused(folder, options, told):
    place = {"F": folder, "P": folder / "long/papers.jsonl", "I": folder / "long/interactions.tsv"}
    done = run(*[place.get(one, one) for one in options])
    assert done.exit_code == 2
    assert told in done.output


def test_all_tasks_are_asked_for_by_default():
    assert parse_tasks(None) == ["warm", "cold", "mixed", "new", "alone", "time"]
