"""`inkling up`: everything, in the foreground, until Ctrl-C."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import replace

import click

from server.commands.settings import home_option, settings_for
from server.config import Settings, flags
from server.extension_folder import extension_folder
from server.logs import configure_logging
from server.supervise.inkling_command import shell_line
from server.supervise.ports import BindFailed, PortTaken, check_port
from server.supervise.shutdown import Shutdown, shutdown_on_signals
from server.supervise.state import AlreadyRunning, RunState
from server.supervise.supervisor import PreparationFailed, StartTimeout, Supervisor

logger = logging.getLogger(__name__)

EXIT_RUNNING = 3
EXIT_PORT_TAKEN = 4
START_TIMEOUT = 60.0  # seconds to wait for the address of another run that is starting
PORT_TIMEOUT = 5.0  # seconds for the workers of a killed run to release the port


@click.command()
@home_option
@click.option("--host", help="The address to listen on; by default 127.0.0.1, which only this machine reaches.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on; by default 8765, 0 for any.")
@click.option("--demo", is_flag=True, help="Fill an empty home with invented papers and readers, and serve /demo.")
@click.option("--offline", is_flag=True, help="Ask no source for papers.")
def up(home: str | None, host: str | None, port: int | None, demo: bool, offline: bool) -> None:
    """Run everything in the foreground: Valkey, the API, the trainer and the catalogue's sources."""
    configure_logging()
    settings = settings_for(home=home, host=host, port=port, demo=demo or None, offline=offline or demo or None)
    state = RunState(settings.run_dir)
    _lead_process_group()
    with shutdown_on_signals() as shutdown:
        settings = _acquire(settings, state, shutdown)
        _run(settings, state, shutdown)


def _acquire(settings: Settings, state: RunState, shutdown: Shutdown) -> Settings:
    """Lock the home and find the port, or exit with the status that says why not."""
    try:
        state.lock()
    except AlreadyRunning:
        _print_address(state, shutdown)
        sys.exit(EXIT_RUNNING)
    leftovers = state.end_leftovers()
    if leftovers:
        logger.warning("ended what an earlier run left behind: %s", ", ".join(leftovers))
    try:
        port = _free_port(settings, patience=PORT_TIMEOUT if leftovers else 0.0)
    except PortTaken as error:
        click.echo(f"inkling: {error}", err=True)
        sys.exit(EXIT_PORT_TAKEN)
    except BindFailed as error:
        raise click.UsageError(str(error)) from error
    return replace(settings, port=port)


def _free_port(settings: Settings, *, patience: float) -> int:
    deadline = time.monotonic() + patience
    while True:
        try:
            return check_port(settings.host, settings.port)
        except PortTaken:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _run(settings: Settings, state: RunState, shutdown: Shutdown) -> None:
    supervisor = Supervisor(settings, state, shutdown)
    try:
        supervisor.run(["demo" if settings.demo else "prepare"], _welcome)
    except PreparationFailed as error:
        sys.exit(error.status if error.status > 0 else 1)
    except StartTimeout as error:
        raise click.ClickException(f"{error}; the lines above say why.") from error


def _lead_process_group() -> None:
    """Become the leader of a process group, unless a terminal's job control needs the current one."""
    if os.getpgrp() != os.getpid() and not _has_terminal():
        with suppress(OSError):
            os.setpgid(0, 0)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _print_address(state: RunState, shutdown: Shutdown) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while (found := state.read()) is None and time.monotonic() < deadline and not shutdown.requested:
        shutdown.wait(0.1)
    if found:
        click.echo(f"Inkling is already running at {found['url']} (process {found['pid']}).")
    else:
        click.echo("Inkling is already starting for this home.")


def _welcome(settings: Settings, prepared: str) -> None:
    """Print what to do next; `prepared` is the pairing link, if one was made, and a line on whom it is for."""
    lines = ["", f"Inkling is running at {settings.url}", f"  its files are in {settings.home}", ""]
    if settings.demo:
        lines += [f"See it at work, with invented papers and readers:  {settings.url}/demo", ""]
    else:
        lines += _how_to_connect(settings, prepared.splitlines())
        if not settings.offline:
            lines += [
                f"The listing's papers are fetched in the background; {settings.url}/readyz says how far it is.",
                "",
            ]
    try:
        click.echo("\n".join([*lines, "Ctrl-C ends it."]))
    except OSError as error:  # such as output to a file on a full disk
        logger.warning("the welcome cannot be printed (%s); Inkling runs at %s", error.strerror, settings.url)


def _how_to_connect(settings: Settings, link: list[str]) -> list[str]:
    folder = extension_folder()
    home = flags(settings, "home")
    install = shell_line("service", "install", *flags(settings, "home", "host", "port", "offline"))
    by_hand = [
        f"{shell_line('pair', '--new', *home)}  # a link for a new reader",
        f"{shell_line('devices', *home)}  # whose",
    ]
    pairing = link or by_hand
    return [
        "1. Load the extension, from this folder:",
        f"     {folder}",
        "   Chromium, Chrome, Edge, Brave: open chrome://extensions, switch on Developer mode, Load unpacked,",
        "     and choose the folder.",
        "   Firefox: open about:debugging#/runtime/this-firefox, Load Temporary Add-on, and choose manifest.json",
        "     in the folder.",
        "2. Pair it (the link is good for one browser and 30 minutes):",
        *(f"     {line}" for line in pairing),
        "3. Keep it running after you log in again:",
        f"     {install}",
        "",
    ]
