"""`inkling evaluate --suite`: every task on every kind of data in a folder, in one table."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from tqdm import tqdm

from recommender import Config
from recommender.data.files import read_events, read_papers, write_lines
from recommender.evaluation.interaction_log import TASKS
from recommender.evaluation.suite import Kind, PartStore, Suite, find_kinds
from recommender.evaluation.suite_report import Row, SuiteReport

PARTS = ".figures"  # folder in the suite, where no other is named
TABLE, FIGURES = "table.md", "figures.json"


def evaluate_suite(folder: Path, tasks: Sequence[str], seeds: list[int], parts: Path | None) -> SuiteReport:
    """Measure every kind, telling of each task as it is finished; what is finished stays in the folder `parts`.

    Raises NoSuite and MalformedLine.
    """
    parts = parts or folder / PARTS
    kinds = _find_readable_kinds(folder)
    report = SuiteReport(seeds)
    with _progress_bar() as (bar, progress):
        suite = Suite(kinds, tasks, seeds, Config().relevance_only(), PartStore(parts), progress)
        for measured in suite.measure():
            rows = report.add(measured)
            said = [_describe(row) for row in rows] or [f"{measured.kind}, {measured.task}: {measured.reason}"]
            bar.write("\n".join(said), file=sys.stderr)
            write_report(report, parts)
    return report


def write_report(report: SuiteReport, folder: Path) -> None:
    """Write the table and the figures of what is finished."""
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / TABLE, [report.as_markdown()])
    write_lines(folder / FIGURES, [json.dumps(report.as_dict(), indent=1)])


def parse_tasks(text: str | None) -> list[str]:
    """Read names of tasks with commas between them, all by default. Raises BadParameter."""
    tasks = list(TASKS) if text is None else text.split(",")
    unknown = [task for task in tasks if task not in TASKS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)!r} is none of {', '.join(TASKS)}")
    return tasks


def _find_readable_kinds(folder: Path) -> list[Kind]:
    """Find the kinds, and read each once: a line that does not parse must not end the run hours later."""
    kinds = find_kinds(folder)
    for kind in kinds:
        unknown = set(read_events(kind.interactions).papers) - set(read_papers(kind.papers).ids)
        if unknown:
            click.echo(f"{kind.interactions}: {len(unknown)} papers are not in {kind.papers}; left out", err=True)
    return kinds


def _describe(row: Row) -> str:
    told = f"{row.kind}, {row.split}: {row.metric} {row.ours:.4f}"
    if not row.against:
        return told
    best = row.against[row.best]
    return f"{told}, {best.ratio:.3f} of {row.best} ({best.low:+.4f} to {best.high:+.4f})"


@contextmanager
def _progress_bar() -> Iterator[tuple[tqdm, Callable[[str, float], None]]]:
    """Give a bar, drawn on a terminal alone, and a callback (stage, share done)."""
    with tqdm(total=100, disable=None, file=sys.stderr, bar_format="{l_bar}{bar}| {elapsed}") as bar:

        def progress(stage: str, share: float) -> None:
            bar.set_description(stage, refresh=False)
            bar.update(round(100 * share) - bar.n)

        yield bar, progress
