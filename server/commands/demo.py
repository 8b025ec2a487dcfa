"""`inkling demo`: fills an empty home with invented papers and readers."""

from __future__ import annotations

import time

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.demo.populate import populate_home
from server.services.context import Context
from server.services.training import train_once
from server.store import trained_models
from server.store.database import migrate
from server.supervise.inkling_command import shell_line


@click.command()
@with_settings
def demo(settings: Settings) -> None:
    """Fill an empty home with invented papers and readers, and train on them; `inkling up --demo` then shows it."""
    context = Context.of(settings)
    migrate(context.database.engine)
    populate_home(context, now=time.time())
    with context.database.reading() as session:
        serving = trained_models.serving_version(session)
    if serving is None:
        train_once(context)
    show = shell_line("up", "--demo", "--home", str(settings.home))
    click.echo(f"{settings.home} holds the demo; this shows it:  {show}")
