"""`inkling ingest`: asks the sources for papers."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime

import click

from server.characters import one_line
from server.commands.progress import count_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.services import catalogue, listing_days, missing_papers
from server.services.context import Context
from server.services.source_health import Health
from server.sources.arxiv import Arxiv
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
def arxiv(settings: Settings) -> None:
    """Fetch title and abstract of papers known by id alone."""
    context = Context.ready(settings)
    with stop_on_signals() as stop:
        filled = missing_papers.fill_from_archive(context, Arxiv(settings, stop=stop))
    click.echo(f"{filled} papers filled in.")
    _print_waiting(missing_papers.set_aside(context))
    _print_health(missing_papers.health(context, time.time()))


@ingest.command()
@with_settings
def follow(settings: Settings) -> None:
    """Keep the catalogue up to date until stopped (part of `inkling up`)."""
    with stop_on_signals() as stop:
        catalogue.follow(Context.ready(settings), HuggingFace(settings, stop=stop), Arxiv(settings, stop=stop), stop)


def _print_waiting(waiting: Mapping[str, str]) -> None:
    """Print the first few that were refused or unknown, with the reason."""
    for name, reason in list(waiting.items())[:MAX_LISTED]:
        click.echo(f"{name} is asked for again later: {one_line(reason)}")
    if len(waiting) > MAX_LISTED:
        click.echo(f"So are {len(waiting) - MAX_LISTED} more.")


def _print_health(health: Health) -> None:
    if health.status != "ok":
        click.echo(one_line(health.reason or ""), err=True)
