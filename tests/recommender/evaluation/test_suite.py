import ast
import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from recommender import Config
from recommender.data.files import read_events, read_papers
from recommender.evaluation import baseline_runs, suite
from recommender.evaluation.baselines import TextMean
from recommender.evaluation.evaluate import Run, evaluate
from recommender.evaluation.linear_baselines import Ease
from recommender.evaluation.report import OURS
from recommender.evaluation.suite import BASELINE_CODE, MODEL_CODE, PACKAGE, NoSuite, PartStore, Suite, find_kinds

CONFIG = Config(factors=16, iterations=3).relevance_only()


@pytest.fixture(autouse=True)
def few_settings(monkeypatch):
    """One baseline with two settings, in place of all that are measured."""
    grids = {"EASE": [Ease(1.0), Ease(100.0)]}
    for module in (baseline_runs, suite):
        monkeypatch.setattr(module, "build_grids", lambda seed: grids)
    monkeypatch.setattr(baseline_runs, "content_baselines", lambda: [TextMean()])
    monkeypatch.setattr(baseline_runs, "collaborative_baselines", lambda: [baseline_runs.Als(4, 1.0, 2.0)])


@pytest.fixture
def folder(tmp_path, papers, events):
    """A suite of two kinds: "all", and "some", whose readers are half as many and whose files are plain."""
    for name, readers in (("all", 60), ("some", 30)):
        kind = tmp_path / "suite" / name
        kind.mkdir(parents=True)
        table = zip(events.readers, events.papers, events.kinds, strict=True)
        pairs = [f"{reader}\t{paper}\t{what}\n" for reader, paper, what in table if int(reader[1:]) < readers]
        rows = zip(papers.ids, papers.titles, papers.abstracts, strict=True)
        texts = [json.dumps(dict(zip(("id", "title", "abstract"), row, strict=True))) + "\n" for row in rows]
        for file, lines in (("papers.jsonl", texts), ("interactions.tsv", pairs)):
            if name == "all":
                (kind / f"{file}.gz").write_bytes(gzip.compress("".join(lines).encode()))
            else:
                (kind / file).write_text("".join(lines))
    return tmp_path / "suite"


@pytest.fixture
def counted(monkeypatch):
    """What is really measured, in order."""
    done = []
    for name in ("run_seed", "run_baselines", "choose_baselines"):
        plain = getattr(Run, name)

        def count(run, seed, *more, plain=plain, name=name, **named):
            done.append((name, run.report.task, seed))
            return plain(run, seed, *more, **named)

        monkeypatch.setattr(Run, name, count)
    return done


def build_suite(folder, tasks=("warm",), seeds=(0,), config=CONFIG, told=None):
    progress = lambda stage, share: None if told is None else told.append((stage, share))  # noqa: E731
    return Suite(find_kinds(folder), tasks, seeds, config, PartStore(folder / ".figures"), progress)


def test_kinds_are_found_by_their_files_the_small_ones_first(folder):
    (folder / ".figures").mkdir()
    (folder / "notes.txt").write_text("no kind")
    (folder / "zero").mkdir()
    (folder / "zero" / "papers.jsonl").write_text("")
    (folder / "zero" / "interactions.tsv").write_text("")
    kinds = find_kinds(folder)
    assert {kind.name for kind in kinds} == {"all", "some", "zero"}
    assert kinds[0].name == "zero"
    assert kinds[1].size < kinds[2].size


def test_a_folder_without_kinds_says_what_belongs_there(tmp_path):
    with pytest.raises(NoSuite, match=r"one for each kind of data, with papers.jsonl\[.gz\] and inter"):
        find_kinds(tmp_path)


@pytest.mark.parametrize(
    ("file", "other"), [("papers.jsonl", "interactions.tsv"), ("interactions.tsv", "papers.jsonl")]
)
def test_a_kind_without_one_of_its_files_says_which(folder, file, other):
    (folder / "some" / file).unlink()
    with pytest.raises(NoSuite, match=rf"some has no {file}\[.gz\]; add") as refused:
        find_kinds(folder)
    assert other not in str(refused.value)


def test_figures_are_those_of_a_single_evaluation(folder):
    (of_all,) = [one for one in build_suite(folder, seeds=(0, 1)).measure() if one.kind == "all"]
    tables = read_papers(folder / "all/papers.jsonl.gz"), read_events(folder / "all/interactions.tsv.gz")
    alone = evaluate(*tables, "warm", [0, 1], CONFIG).splits["warm"]
    ours = of_all.report.splits["warm"]
    assert set(ours) == {OURS, "EASE", "TF-IDF mean", "ALS f=4 reg=1 α=2, 15 iterations"}
    for method, figures in ours.items():
        assert figures.by_reader["ndcg@20"][1] == pytest.approx(alone[method].by_reader["ndcg@20"][1], abs=2e-6)
    assert set(ours[OURS].by_reader) == {"recall@20", "recall@50", "recall@100", "ndcg@20", "mrr"}


def test_what_is_finished_is_not_measured_again(folder, counted):
    steps = build_suite(folder, tasks=("warm", "cold")).measure()
    first = [next(steps), next(steps)]
    steps.close()  # as if killed, with one kind finished
    whole = list(build_suite(folder, tasks=("warm", "cold")).measure())
    assert len(whole) == 4
    for before, after in zip(first, whole, strict=False):
        assert before.report.as_dict() == after.report.as_dict()
    assert len(counted) == 14  # for each of two kinds: ours twice, texts and readers twice, settings once
    counted.clear()
    again = list(build_suite(folder, tasks=("warm", "cold")).measure())
    assert counted == []
    assert [one.report.as_dict() for one in again] == [one.report.as_dict() for one in whole]


def test_more_seeds_keep_those_that_are_finished(folder, counted):
    list(build_suite(folder).measure())
    counted.clear()
    (measured, _) = build_suite(folder, seeds=(0, 1)).measure()
    assert {seed for _, _, seed in counted} == {1}
    assert len(measured.report.splits["warm"][OURS].by_reader["ndcg@20"]) == 2


def test_other_settings_of_ours_leave_the_baselines_as_they_are(folder, counted):
    list(build_suite(folder).measure())
    counted.clear()
    list(build_suite(folder, config=Config(factors=17, iterations=3).relevance_only()).measure())
    assert {name for name, _, _ in counted} == {"run_seed"}


@pytest.mark.parametrize("part", ["ours", "baselines"])
def test_changed_code_is_measured_again(folder, counted, monkeypatch, tmp_path, part):
    package = tmp_path / "package"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(suite, "PACKAGE", package)
    list(build_suite(folder).measure())
    counted.clear()
    changed = package / ("ranking/scoring.py" if part == "ours" else "evaluation/linear_baselines.py")
    changed.write_text(changed.read_text() + "\n")
    list(build_suite(folder).measure())
    expected = {"run_seed": 2} if part == "ours" else {"choose_baselines": 2, "run_baselines": 4}  # of two kinds
    assert Counter(name for name, _, _ in counted) == expected


def test_changed_data_is_measured_again(folder, counted):
    list(build_suite(folder).measure())
    counted.clear()
    with open(folder / "some" / "interactions.tsv", "a") as file:
        file.write("r0\tt0p00\tsave\n")
    list(build_suite(folder).measure())
    assert sorted(name for name, _, _ in counted) == ["choose_baselines", "run_baselines", "run_baselines", "run_seed"]


def test_kinds_that_differ_in_texts_share_what_is_learned_from_readers(folder, counted):
    shutil.rmtree(folder / "some")
    shutil.copytree(folder / "all", folder / "untitled")
    papers = gzip.decompress((folder / "all/papers.jsonl.gz").read_bytes()).decode()
    (folder / "untitled/papers.jsonl.gz").write_bytes(gzip.compress(papers.replace("On topic", "Of topic").encode()))
    one, other = build_suite(folder).measure()
    assert Counter(name for name, _, _ in counted) == {"run_seed": 2, "choose_baselines": 1, "run_baselines": 3}
    figures, others = one.report.splits["warm"], other.report.splits["warm"]
    assert figures["EASE"].as_dict() == others["EASE"].as_dict()
    assert figures.keys() == others.keys()


@pytest.mark.parametrize("damage", [b"", b"no gzip", gzip.compress(b"{"), gzip.compress(b"[]")])
def test_a_part_that_cannot_be_read_is_measured_again(folder, counted, damage):
    list(build_suite(folder).measure())
    counted.clear()
    (folder / ".figures/some/warm-0-ours.json.gz").write_bytes(damage)
    list(build_suite(folder).measure())
    assert counted == [("run_seed", "warm", 0)]


def test_a_task_that_the_data_does_not_allow_is_a_reason_and_the_rest_goes_on(folder):
    found = list(build_suite(folder, tasks=("time", "cold")).measure())
    assert [(one.task, one.report is None) for one in found] == [("time", True), ("cold", False)] * 2
    assert "needs a time on every interaction" in found[0].reason


def test_progress_grows_to_one(folder):
    told = []
    list(build_suite(folder, tasks=("warm", "cold"), told=told).measure())
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)
    assert any("warm, seed 0: training" in stage for stage, _ in told)


def find_imports(patterns):
    """The modules of this package that some of its files import, as paths in it."""
    found = set()
    for path in (path for pattern in patterns for path in PACKAGE.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("recommender."):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                found |= {Path(*name.split(".")[1:]).with_suffix(".py") for name in names}
    return {path.as_posix() for path in found if (PACKAGE / path).is_file()}


@pytest.mark.parametrize("code", [BASELINE_CODE, MODEL_CODE], ids=["baselines", "ours"])
def test_a_digest_covers_all_that_its_code_imports(code):
    covered = {path.relative_to(PACKAGE).as_posix() for pattern in code for path in PACKAGE.glob(pattern)}
    elsewhere = {"errors.py", "bootstrap.py"}  # names, and intervals, which are made anew from the figures kept
    if code is BASELINE_CODE:
        elsewhere |= {"config.py"}  # of which one setting matters, and is in the digest
        # what words are called, not which there are
        elsewhere |= {"features/keyphrases.py", "features/label_choice.py"}
    else:  # what `evaluate.py` imports for other than ours
        elsewhere |= {f"evaluation/{name}.py" for name in ("ablations", "baseline_runs", "baselines", "report")}
    assert find_imports(code) - covered - elsewhere == set()
    assert all(any(True for _ in PACKAGE.glob(pattern)) for pattern in code)
