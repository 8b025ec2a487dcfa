"""`inkling schedule`: trains at intervals or after enough new events."""

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
    """Train at intervals, or after enough new events, until stopped."""

    def start() -> subprocess.Popen[bytes]:
        # Its output would only repeat our own log; errors still come on stderr.
        return spawn(inkling_command("train"), inkling_environment(settings), output=subprocess.DEVNULL)

    with stop_on_signals() as stop:
        scheduling.run(Context.ready(settings), start, stop)
