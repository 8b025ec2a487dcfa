"""`inkling prepare`: what `inkling up` does before it starts anything."""

from __future__ import annotations

import time

import click

from server.commands.options import with_settings
from server.config import Settings
from server.demo.filling import fill_home
from server.hot import Hot
from server.services import pairing
from server.services.training import train_once
from server.store import models, readers
from server.store.database import Database, migrate
from server.tokens import Keys


@click.command(hidden=True)
@with_settings
def prepare(settings: Settings) -> None:
    """Bring the database up to date, fill a demo, and print a pairing link where it is plain whose it is."""
    database = Database.at(settings)
    migrate(database.engine)
    if settings.demo:
        prepare_demo(settings, database)
    else:
        click.echo(_pairing_link(settings, database))


def prepare_demo(settings: Settings, database: Database) -> None:
    """Fill an empty home and train its first model. Raises DemoRefused when the home is somebody's."""
    fill_home(database, Keys(settings.secret_key), settings.secret_key, now=time.time())
    with database.reading() as session:
        serving = models.serving_version(session)
    if serving is None:
        train_once(settings, database, Hot(settings))


def _pairing_link(settings: Settings, database: Database) -> str:
    """Return a link for a new reader on a new server, or for the next browser of the only reader there is."""
    with database.reading() as session:
        known = [row["id"] for row in readers.every(session)]
    if len(known) > 1:
        return ""
    code = pairing.new_code(database, Keys(settings.secret_key), known[0] if known else None, time.time())
    return pairing.link(settings.url, code.code)
