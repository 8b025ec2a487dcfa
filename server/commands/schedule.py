"""`inkling schedule`: trains when it is time to."""

from __future__ import annotations

import subprocess

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.services import trainer_loop as scheduling
from server.services.context import Context
from server.supervise.inkling_command import inkling_command, inkling_environment
from server.supervise.parent_death import spawn
from server.supervise.shutdown import stop_on_signals


@click.command()
@with_settings
def schedule(settings: Settings) -> None:
    """Train every so often, or after enough new events, for as long as this runs."""

    def start() -> subprocess.Popen[bytes]:
        # What it would print only repeats our own lines; what goes wrong still comes on stderr.
        return spawn(inkling_command("train"), inkling_environment(settings), output=subprocess.DEVNULL)

    with stop_on_signals() as stop:
        scheduling.run(Context.ready(settings), start, stop)
