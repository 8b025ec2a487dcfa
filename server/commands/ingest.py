"""`inkling ingest`: asks the sources for papers."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import click

from server import setting_values
from server.characters import one_line
from server.commands.progress import count_progress, fill_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.services import arxiv_days, catalogue, listing_days, missing_papers
from server.services.bulk_fill import Fill, fill_patiently
from server.services.context import Context
from server.services.source_health import Health
from server.sources.arxiv import Arxiv
from server.sources.arxiv_oai import ArxivOai
from server.sources.arxiv_rss import ArxivRss
from server.sources.huggingface import HuggingFace
from server.supervise.shutdown import stop_on_signals

MAX_LISTED = 20
MAX_DAYS = 3650
DATE = click.DateTime(["%Y-%m-%d"])


@click.group()
def ingest() -> None:
    """Ask the sources for papers."""


@ingest.command()
@with_settings
@click.option(
    "--days", type=click.IntRange(1, MAX_DAYS), help=f"How far back, without --since.  [default: {listing_days.DAYS}]"
)
@click.option("--since", type=DATE, help="The first day, such as 2026-01-31.")
@click.option("--until", type=DATE, help="The last day.  [default: today]")
def hf(settings: Settings, days: int | None, since: datetime | None, until: datetime | None) -> None:
    """Fetch the papers listing's days, newest first, and its weeks, months and trending papers.

    Continues where an earlier run stopped.
    """
    today = datetime.now(UTC).date()
    last = until.date() if until else today
    count = _count_days(days, since.date() if since else None, last, today)
    with stop_on_signals() as stop, count_progress("days") as on_progress:
        progress = listing_days.fill_from_listing(
            Context.ready(settings),
            HuggingFace(settings, stop=stop),
            days=count,
            until=last,
            today=today,
            on_progress=on_progress,
        )
    click.echo(f"{progress.done} of {progress.total} days of the listing are here.")
    _print_waiting(listing_days.refused_lists(progress))
    _print_health(listing_days.health(progress, time.time()))
    if progress.done == 0:
        sys.exit(1)


def _count_days(days: int | None, since: date | None, last: date, today: date) -> int:
    """Return how many days up to `last` are asked for. Raises click.UsageError for options that contradict."""
    if since and days:
        raise click.UsageError("Give --since or --days, not both.")
    if last > today:
        raise click.BadParameter(f"{last} is in the future; the listing has nothing for it yet.", param_hint="--until")
    if since and since > last:
        raise click.BadParameter(f"{since} is after the last day, {last}.", param_hint="--since")
    count = (last - since).days + 1 if since else days or listing_days.DAYS
    if count > MAX_DAYS:
        raise click.BadParameter(f"At most {MAX_DAYS} days at once.", param_hint="--since")
    return count


@ingest.command()
@with_settings
@click.option("--since", type=DATE, help="Fill in all papers submitted since this day, such as 2020-01-31.")
@click.option("--until", type=DATE, help="The last day.  [default: today]")
@click.option("--categories", help="Such as cs.LG,stat.ML.  [default: INKLING_ARXIV_CATEGORIES, else what readers met]")
def arxiv(settings: Settings, since: datetime | None, until: datetime | None, categories: str | None) -> None:
    """Fetch papers known by id alone, and the categories' new papers; with --since, all papers of years.

    A fill of years goes on where it was stopped when it is run again. arXiv allows one request in 3 s.
    """
    context = Context.ready(settings)
    named = _read_categories(categories) or settings.arxiv_categories or arxiv_days.met_categories(context)
    if since is None:
        if until is not None:
            raise click.UsageError("Give --since too.")
        _ask_arxiv(context, named)
        return
    first, last, today = since.date(), until.date() if until else None, datetime.now(UTC).date()
    if first > (last or today):
        raise click.BadParameter(f"{first} is after the last day, {last or today}.", param_hint="--since")
    if not named:
        raise click.UsageError("No category is known here yet; name some, such as --categories cs.LG,stat.ML.")
    _fill_years(context, Fill(tuple(named), first, last))


def _read_categories(text: str | None) -> tuple[str, ...]:
    try:
        return setting_values.read_categories(text) if text else ()
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", param_hint="--categories") from error


def _ask_arxiv(context: Context, categories: Sequence[str]) -> None:
    """Fetch papers known by id alone and what is new in the categories, and say what came of it."""
    with stop_on_signals() as stop:
        filled = missing_papers.fill_from_archive(context, Arxiv(context.settings, stop=stop))
        click.echo(f"{filled} papers filled in.")
        _print_waiting(missing_papers.set_aside(context))
        _print_health(missing_papers.health(context, time.time()))
        if not categories:
            return
        with count_progress("weeks") as on_progress:
            progress = arxiv_days.fill_categories(
                context,
                ArxivRss(context.settings, stop=stop),
                Arxiv(context.settings, stop=stop),
                categories=categories,
                on_progress=on_progress,
            )
    click.echo(f"{progress.done} of {progress.total} weeks of {', '.join(categories)} are here.")
    _print_waiting(arxiv_days.refused(progress, categories))


def _fill_years(context: Context, fill: Fill) -> None:
    click.echo(
        f"Going through what arXiv has changed since {fill.since} in {', '.join(fill.categories)}, "
        "for the papers submitted in these days. Stop it whenever you like: run again, it goes on."
    )
    with stop_on_signals() as stop, fill_progress("arxiv") as tell:
        state = fill_patiently(
            context,
            ArxivOai(context.settings, stop=stop),
            fill,
            stop,
            lambda reached: tell(reached.done / reached.total, reached.papers, reached.seconds_left),
        )
    click.echo(f"{state.papers} papers are new here, in {state.pages} answers of arXiv.")
    _print_waiting(state.refused)


@ingest.command()
@with_settings
def follow(settings: Settings) -> None:
    """Keep the catalogue up to date until stopped (part of `inkling up`)."""
    with stop_on_signals() as stop:
        sources = catalogue.Sources(
            HuggingFace(settings, stop=stop),
            Arxiv(settings, stop=stop),
            ArxivRss(settings, stop=stop),
            Arxiv(settings, stop=stop),
        )
        catalogue.follow(Context.ready(settings), sources, stop)


def _print_waiting(waiting: Mapping[str, str]) -> None:
    """Print the first few that were refused or unknown, with the reason."""
    for name, reason in list(waiting.items())[:MAX_LISTED]:
        click.echo(f"{name} is asked for again later: {one_line(reason)}")
    if len(waiting) > MAX_LISTED:
        click.echo(f"So are {len(waiting) - MAX_LISTED} more.")


def _print_health(health: Health) -> None:
    if health.status != "ok":
        click.echo(one_line(health.reason or ""), err=True)
