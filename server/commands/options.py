"""What several commands share: their options, their settings, their database."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from server.config import Settings
from server.logs import configure_logging
from server.supervise.ending import on_signals

Command = Callable[..., Any]
home_option = click.option("--home", type=click.Path(file_okay=False), help="Where everything is kept.")


def with_settings(command: Command) -> Command:
    """Give a command `--home`, and the checked settings as its first argument; start the log."""

    @home_option
    @functools.wraps(command)
    def wrapped(*arguments: Any, home: str | None, **options: Any) -> Any:
        configure_logging()
        return command(settings_for(home=home), *arguments, **options)

    return wrapped


def settings_for(*, home: str | None, **overrides: Any) -> Settings:
    """Return the environment's settings with what was given on the command line over them."""
    return Settings.from_environment(home=home, **overrides)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM, SIGINT and SIGHUP set, for loops that end between two pieces of work."""
    stop = threading.Event()
    over = threading.Event()
    with on_signals() as ending:
        # A thread of its own sets it: a signal's handler may interrupt the very wait whose lock it would need.
        def pass_on() -> None:
            while not ending.asked and not over.is_set():
                ending.wait(0.5)
            stop.set()

        passing = threading.Thread(target=pass_on, daemon=True)
        passing.start()
        try:
            yield stop
        finally:
            over.set()
            passing.join()
