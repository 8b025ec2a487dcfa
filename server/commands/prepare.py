"""`inkling prepare`: what `inkling up` runs before it starts anything."""

from __future__ import annotations

import time

import click

from server.commands.readers import recipient
from server.commands.settings import with_settings
from server.config import Settings
from server.services import pairing
from server.services.context import Context
from server.store.database import migrate


@click.command(hidden=True)
@with_settings
def prepare(settings: Settings) -> None:
    """Migrate the database; unless there are several readers, print a pairing link and whom it is for."""
    context = Context.of(settings)
    migrate(context.database.engine)
    made = pairing.next_code(context, time.time())
    if made:
        click.echo(f"{pairing.link(settings.url, made.code)}\n{recipient(context, made)}")
