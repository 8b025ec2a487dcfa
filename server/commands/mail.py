"""`inkling mail`: mails digests at their time."""

from __future__ import annotations

import subprocess

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.services import digest_loop
from server.services import mail as mailing
from server.services.context import Context
from server.supervise.inkling_command import inkling_command, inkling_environment
from server.supervise.parent_death import spawn
from server.supervise.shutdown import stop_on_signals


@click.command()
@with_settings
def mail(settings: Settings) -> None:
    """Mail digests, and links that confirm addresses, at their time until stopped (part of `inkling up`)."""

    def start() -> subprocess.Popen[bytes]:
        # Its output would only repeat our own log; errors still come on stderr.
        command = inkling_command("digest", "--only-due")
        return spawn(command, inkling_environment(settings), output=subprocess.DEVNULL)

    context = Context.ready(settings)
    if not mailing.is_configured(context):
        raise click.UsageError(mailing.UNCONFIGURED)
    with stop_on_signals() as stop:
        digest_loop.run(context, start, stop)
