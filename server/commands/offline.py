"""`inkling rank` and `inkling evaluate`: the recommender on files, without a server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from tqdm import tqdm

from recommender import Config, Papers, RankedList
from recommender.data.files import MalformedLine, read_events, read_histories, read_ids, read_papers, write_lines
from recommender.evaluation.ablations import ABLATIONS
from recommender.evaluation.evaluate import evaluate as run_evaluation
from recommender.evaluation.interaction_log import TASKS
from recommender.evaluation.offline import latest_time, rank_readers, train_catalogue
from recommender.evaluation.report import Report
from recommender.evaluation.suite import NoSuite
from recommender.evaluation.suite_report import SuiteReport
from server.commands.suite import evaluate_suite, parse_tasks

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_OUT_FOLDER = click.Path(file_okay=False, path_type=Path)


class MalformedFile(click.ClickException):
    """A line of a file cannot be read; exit status 2."""

    exit_code = 2


@click.command()
@click.option("--papers", "papers_file", type=_FILE, required=True, help="JSON lines: id, title, abstract and more.")
@click.option("--interactions", type=_FILE, required=True, help="Lines to train on: reader⇥paper⇥kind[⇥time].")
@click.option("--readers", type=_FILE, required=True, help="The same lines, of the readers to rank for.")
@click.option("--candidates", type=_FILE, help="One id per line; by default all papers.")
@click.option("-k", default=100, show_default=True, type=click.IntRange(min=1), help="Papers per reader.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="File for the lines reader⇥rank⇥paper⇥score.",
)
def rank(
    *, papers_file: Path, interactions: Path, readers: Path, candidates: Path | None, k: int, seed: int, out: Path
) -> None:
    """Rank unseen papers for readers from files, with the same code as the server."""
    try:
        papers, events = read_papers(papers_file), read_events(interactions)
        names, histories = read_histories(readers)
        chosen = read_ids(candidates) if candidates else None
    except MalformedLine as error:
        raise MalformedFile(str(error)) from error
    _warn_of_unknown(papers, [(interactions, events.papers), (readers, histories.papers), (candidates, chosen or [])])
    now = latest_time(events, histories)
    with _progress_bar("training") as progress:
        catalogue = train_catalogue(papers, events, Config().relevance_only(), seed=seed, now=now, progress=progress)
    lists = rank_readers(catalogue, events, histories, names, candidates=chosen, k=k, now=now)
    write_lines(out, _lines(tqdm(lists, "ranking", len(names), disable=None, file=sys.stderr)))


def _lines(lists: Iterable[tuple[str, RankedList]]) -> Iterator[str]:
    for reader, ranked in lists:
        for at, (paper, score) in enumerate(zip(ranked.ids, ranked.scores, strict=True), 1):
            yield f"{reader}\t{at}\t{paper}\t{score:.9g}"


def _warn_of_unknown(papers: Papers, named: Sequence[tuple[Path | None, Sequence[str]]]) -> None:
    known = set(papers.ids)
    for path, ids in named:
        unknown = sum(paper not in known for paper in ids)
        if unknown:
            click.echo(f"{path}: {unknown} lines name papers that are not in the papers file; left out", err=True)


@contextmanager
def _progress_bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """Give a callback (stage, share done) that draws a bar on a terminal and nothing elsewhere."""
    with tqdm(desc=title, total=100, disable=None, file=sys.stderr, bar_format="{l_bar}{bar}| {elapsed}") as bar:

        def progress(stage: str, share: float) -> None:
            bar.set_description(f"{title}: {stage}", refresh=False)
            bar.update(round(100 * share) - bar.n)

        yield progress


@click.command()
@click.option("--papers", "papers_file", type=_FILE, help="JSON lines: id, title, abstract and more.")
@click.option("--interactions", type=_FILE, help="Lines reader⇥paper⇥kind[⇥time].")
@click.option("--task", type=click.Choice([*TASKS, *ABLATIONS]))
@click.option("--suite", type=_FOLDER, help="In place of the files: a folder of folders with both files, all measured.")
@click.option("--tasks", help="Of a suite, such as warm,cold; all by default.")
@click.option("--parts", type=_OUT_FOLDER, help="Where a suite's finished parts stay; by default its folder .figures.")
@click.option(
    "--seeds", default="0", show_default=True, callback=lambda _c, _p, text: _seeds(text), help="Such as 0-4 or 0,2."
)
@click.option("--baselines/--no-baselines", default=True, show_default=True, help="Evaluate the baselines as well.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Also write every figure to this file."
)
def evaluate(
    *,
    papers_file: Path | None,
    interactions: Path | None,
    task: str | None,
    suite: Path | None,
    tasks: str | None,
    parts: Path | None,
    seeds: list[int],
    baselines: bool,
    json_file: Path | None,
) -> None:
    """Measure the ranking on held-out papers, beside the field's baselines.

    Either on two files (--papers, --interactions and --task), or on a --suite: a folder that holds a folder for each
    kind of data, with papers.jsonl[.gz] and interactions.tsv[.gz] in it. A suite that was ended carries on.
    """
    report: Report | SuiteReport
    if suite:
        if papers_file or interactions or task or not baselines:
            raise click.UsageError("--suite takes the place of --papers, --interactions and --task, with baselines")
        report = _evaluate_suite(suite, parse_tasks(tasks), seeds, parts)
    elif papers_file and interactions and task:
        if tasks or parts:
            raise click.UsageError("--tasks and --parts belong to --suite")
        report = _evaluate_files(papers_file, interactions, task, seeds, baselines=baselines)
    else:
        raise click.UsageError("name --papers, --interactions and --task, or a --suite")
    click.echo(report.as_markdown())
    if json_file:
        json_file.write_text(json.dumps(report.as_dict(), indent=1), encoding="utf-8")


def _evaluate_suite(folder: Path, tasks: list[str], seeds: list[int], parts: Path | None) -> SuiteReport:
    try:
        return evaluate_suite(folder, tasks, seeds, parts)
    except NoSuite as error:
        raise click.ClickException(str(error)) from error
    except MalformedLine as error:
        raise MalformedFile(str(error)) from error


def _evaluate_files(papers_file: Path, interactions: Path, task: str, seeds: list[int], *, baselines: bool) -> Report:
    try:
        papers, events = read_papers(papers_file), read_events(interactions)
    except MalformedLine as error:
        raise MalformedFile(str(error)) from error
    _warn_of_unknown(papers, [(interactions, events.papers)])
    try:
        with _progress_bar("evaluating") as progress:
            return run_evaluation(
                papers, events, task, seeds, Config().relevance_only(), baselines=baselines, progress=progress
            )
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _seeds(text: str) -> list[int]:
    try:
        ends = [[int(end) for end in part.split("-")] for part in text.split(",")]
        return [seed for part in ends for seed in range(part[0], part[-1] + 1)]
    except ValueError:
        raise click.BadParameter(f"{text!r} is not like 0-4 or 0,2") from None
