"""`inkling schedule`: trains when it is time to."""

from __future__ import annotations

import subprocess

import click

from server.commands.options import stop_on_signals, with_settings
from server.config import Settings
from server.services import trainer_loop as scheduling
from server.store.database import Database
from server.supervise.own import own_command, own_environment
from server.supervise.tether import spawn


@click.command()
@with_settings
def schedule(settings: Settings) -> None:
    """Train every so often, or after enough new events, for as long as this runs."""

    def start() -> subprocess.Popen[bytes]:
        # What it would print only repeats our own lines; what goes wrong still comes on stderr.
        return spawn(own_command("train"), own_environment(settings), output=subprocess.DEVNULL)

    with stop_on_signals() as stop:
        scheduling.run(settings, Database.ready(settings), start, stop)
