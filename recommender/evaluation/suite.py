"""The evaluation over a suite: kinds of data, each a folder, and every task on each.

What is measured is kept in parts, by kind, task and seed: our figures, those of the text baselines, those of baselines
that learn from readers, and the settings chosen for these. A part is kept with a digest of the files and the code that
it came from, so that a run measures only what is missing or no longer true: one that was ended carries on, a change of
the model leaves the baselines as they are, and kinds that differ in their texts alone share what readers teach.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recommender.config import Config
from recommender.data.files import read_events, read_papers, write_lines
from recommender.errors import TooFewPapers
from recommender.evaluation.baseline_runs import (
    TASKS_WITH_READERS,
    Choice,
    build_grids,
    build_reader_baselines,
    build_text_baselines,
)
from recommender.evaluation.evaluate import Material, Run
from recommender.evaluation.report import Report

PACKAGE = Path(__file__).parents[1]
SPLITTING = ("figures", "interaction_log", "metrics", "splits")
BASELINE_CODE = (
    *(f"evaluation/{module}.py" for module in (*SPLITTING, "baseline_runs", "baselines", "linear_baselines")),
    *("data/*.py", "features/tfidf.py", "features/tokenizer.py", "features/tokenized_texts.py"),
)
MODEL_CODE = (
    *(f"evaluation/{module}.py" for module in (*SPLITTING, "evaluate", "offline")),
    *("config.py", "data/*.py", "features/*.py", "model/*.py", "ranking/*.py", "training/*.py"),
)
FILES = ("papers.jsonl", "interactions.tsv")
DECIMALS = 6  # of a reader's figure that is kept

Progress = Callable[[str, float], None]


class NoSuite(ValueError):
    """The folder is no suite; the message says how it becomes one."""


@dataclass(frozen=True)
class Kind:
    """One kind of data: its name and its two files."""

    name: str
    papers: Path
    interactions: Path

    @property
    def size(self) -> int:
        """Bytes of the interactions, by which kinds are put in order."""
        return self.interactions.stat().st_size


def find_kinds(folder: Path) -> list[Kind]:
    """Return the kinds in a folder, those with few interactions first; hidden folders are none.

    Raises NoSuite if there are none, or a folder lacks one of its files.
    """
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not inside:
        wanted = " and ".join(f"{name}[.gz]" for name in FILES)
        raise NoSuite(f"{folder} holds no folders; a suite has one for each kind of data, with {wanted} in it")
    return sorted((Kind(path.name, *_find_files(path)) for path in inside), key=lambda kind: (kind.size, kind.name))


def _find_files(folder: Path) -> tuple[Path, Path]:
    found = [[path for path in (folder / f"{name}.gz", folder / name) if path.is_file()] for name in FILES]
    lacking = [name for name, paths in zip(FILES, found, strict=True) if not paths]
    if lacking:
        missing = " and ".join(f"{name}[.gz]" for name in lacking)
        raise NoSuite(f"{folder} has no {missing}; add what is missing, or move the folder out of the suite")
    return found[0][0], found[1][0]


@dataclass(frozen=True)
class PartStore:
    """Finished parts in a folder; one that cannot be read, or is of something else, counts as missing."""

    folder: Path

    def get(self, name: str, digest: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return a part, measured and written if need be."""
        path = self.folder / f"{name}.json.gz"
        try:
            kept = json.loads(gzip.decompress(path.read_bytes()))
            if kept["digest"] == digest:
                return kept["part"]
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            pass
        part = measure()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_lines(path, [json.dumps({"digest": digest, "part": part})])
        return part


@dataclass(frozen=True)
class Measured:
    """A task on a kind: its figures, or the reason why there are none."""

    kind: str
    task: str
    report: Report | None
    reason: str = ""


@dataclass
class Suite:
    """What to measure, and where finished parts are kept; `progress` is called with a stage and the share done."""

    kinds: list[Kind]
    tasks: Sequence[str]
    seeds: Sequence[int]
    config: Config
    store: PartStore
    progress: Progress
    finished: int = field(default=0, init=False)

    def measure(self) -> Iterator[Measured]:
        """Yield each kind's tasks as they are finished. Raises MalformedLine."""
        for kind in self.kinds:
            self._report(kind, "reading")
            material = Material.of(read_papers(kind.papers), read_events(kind.interactions), self.config)
            for task in self.tasks:
                yield self._measure_task(kind, material, task)
                self.finished += 1
        self.progress("done", 1.0)

    def _report(self, kind: Kind, stage: str) -> None:
        self.progress(f"{kind.name}, {stage}", self.finished / (len(self.kinds) * len(self.tasks)))

    def _measure_task(self, kind: Kind, material: Material, task: str) -> Measured:
        try:
            for seed in self.seeds:
                material.log.split(task, seed)
        except ValueError as error:
            return Measured(kind.name, task, None, str(error))
        job = _Job(self.store, kind, task, material, lambda stage: self._report(kind, f"{task}, {stage}"))
        try:
            return Measured(kind.name, task, job.measure(self.seeds))
        except TooFewPapers as error:
            return Measured(kind.name, task, None, str(error))


@dataclass(frozen=True)
class _Job:
    """One task on one kind; `tell` is called with what is being done."""

    store: PartStore
    kind: Kind
    task: str
    material: Material
    tell: Callable[[str], None]

    def measure(self, seeds: Sequence[int]) -> Report:
        """Measure with each seed, or take what is kept."""
        whole, first, files = Report(self.task, list(seeds)), seeds[0], (self.kind.papers, self.kind.interactions)
        of_model = self._digest(files, MODEL_CODE, self.material.config.as_dict())
        of_texts = self._digest(files, BASELINE_CODE, self.material.config.min_df)
        of_readers = self._digest(files[1:], BASELINE_CODE, self.material.papers.ids)
        shared = f"readers-{of_readers[:16]}"  # by all kinds that differ in texts alone
        if self.task in TASKS_WITH_READERS:
            whole.grids = self._get(shared, "chosen", first, of_readers, self._choose)
        choice = _read_choice(whole.grids, first)
        names = sorted(method.name for method in choice.methods.values())  # others where another seed comes first
        measure = partial(self._run_reader_baselines, choice=choice)
        for seed in seeds:
            _add_part(whole, self._get(self.kind.name, "ours", seed, of_model, self._run_model))
            _add_part(whole, self._get(self.kind.name, "texts", seed, of_texts, self._run_text_baselines))
            _add_part(whole, self._get(shared, "readers", seed, f"{of_readers} {names}", measure))
        return whole

    def _get(
        self, folder: str, part: str, seed: int, digest: str, measure: Callable[[int], dict[str, Any]]
    ) -> dict[str, Any]:
        return self.store.get(f"{folder}/{self.task}-{seed}-{part}", digest, partial(measure, seed))

    def _digest(self, files: Iterable[Path], code: Iterable[str], settings: Any) -> str:
        """Return a hash of files, of some of this package's modules, and of settings."""
        digest = hashlib.sha256(json.dumps(settings).encode())
        modules = sorted(path for pattern in code for path in PACKAGE.glob(pattern))
        for path in (*files, *modules):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _start_run(self, seed: int) -> Run:
        return Run(self.material, Report(self.task, [seed]), lambda stage, _share: self.tell(stage), brief=True)

    def _choose(self, seed: int) -> dict[str, Any]:
        run = self._start_run(seed)
        run.choose_baselines(seed)
        return run.report.grids

    def _run_model(self, seed: int) -> dict[str, Any]:
        run = self._start_run(seed)
        run.run_seed(seed, baselines=False)
        return _read_part(run.report)

    def _run_text_baselines(self, seed: int) -> dict[str, Any]:
        run = self._start_run(seed)
        run.run_baselines(seed, build_text_baselines())
        return _read_part(run.report)

    def _run_reader_baselines(self, seed: int, choice: Choice) -> dict[str, Any]:
        run = self._start_run(seed)
        run.run_baselines(seed, build_reader_baselines(self.task, choice, seed))
        return _read_part(run.report)


def _read_choice(grids: dict[str, list[dict[str, Any]]], seed: int) -> Choice:
    """Return the methods with the settings that were chosen."""
    chosen = {row["name"] for grid in grids.values() for row in grid if row["chosen"]}
    settings = {name: grid for name, grid in build_grids(seed).items() if name in grids}
    return Choice({name: next(one for one in grid if one.name in chosen) for name, grid in settings.items()}, grids)


def _read_part(report: Report) -> dict[str, Any]:
    """Return what one seed's report holds as JSON values, readers' figures rounded; nan stays nan."""
    splits = {
        split: {
            method: {metric: np.round(values[0], DECIMALS).tolist() for metric, values in figures.by_reader.items()}
            for method, figures in methods.items()
        }
        for split, methods in report.splits.items()
    }
    return {"splits": splits, "facts": report.facts}


def _add_part(report: Report, part: dict[str, Any]) -> None:
    for split, methods in part["splits"].items():
        for method, figures in methods.items():
            report.add(split, method, {metric: np.array(values) for metric, values in figures.items()})
    for name, values in part["facts"].items():
        report.facts.setdefault(name, []).extend(values)
