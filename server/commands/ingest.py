"""`inkling ingest`: asks the sources for papers."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

import click

from server.characters import one_line
from server.commands.progress import count_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.services import catalogue, listing_days, missing_papers
from server.services.context import Context
from server.sources.arxiv import Arxiv
from server.sources.huggingface import HuggingFace
from server.supervise.shutdown import stop_on_signals

MAX_LISTED = 20


@click.group()
def ingest() -> None:
    """Ask the sources for papers."""


@ingest.command()
@with_settings
@click.option(
    "--days", type=click.IntRange(1, 3650), default=listing_days.DAYS, show_default=True, help="How far back."
)
def hf(settings: Settings, days: int) -> None:
    """Fetch the papers listing's days, newest first; continues where an earlier run stopped."""
    with stop_on_signals() as stop, count_progress("days") as on_progress:
        source = HuggingFace(settings, stop=stop)
        progress = listing_days.fill_from_listing(Context.ready(settings), source, days=days, on_progress=on_progress)
    click.echo(f"{progress.done} of {progress.total} days of the listing are here.")
    _print_waiting(listing_days.refused_days(progress))
    _print_state(listing_days.state(progress, time.time()))
    if progress.done == 0:
        sys.exit(1)


@ingest.command()
@with_settings
def arxiv(settings: Settings) -> None:
    """Fetch title and abstract of papers known by id alone."""
    context = Context.ready(settings)
    with stop_on_signals() as stop:
        filled = missing_papers.fill_from_archive(context, Arxiv(settings, stop=stop))
    click.echo(f"{filled} papers filled in.")
    _print_waiting(missing_papers.set_aside(context))
    _print_state(missing_papers.state(context))


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


def _print_state(state: tuple[str, str | None]) -> None:
    status, why = state
    if status != "ok":
        click.echo(one_line(why or ""), err=True)
