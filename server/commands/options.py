"""What several commands share: their options, their settings, their database."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from server.config import Settings
from server.logs import configure_logging

Command = Callable[..., Any]


def with_settings(command: Command) -> Command:
    """Give a command `--home`, and the checked settings as its first argument; start the log."""

    @click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Where everything is kept.")
    @functools.wraps(command)
    def wrapped(*arguments: Any, home: Path | None, **options: Any) -> Any:
        configure_logging()
        return command(settings_for(home=home), *arguments, **options)

    return wrapped


def settings_for(*, home: Path | None, **overrides: Any) -> Settings:
    """Return the environment's settings with what was given on the command line over them."""
    return Settings.from_environment(home=home.expanduser().absolute() if home else None, **overrides)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM, SIGINT and SIGHUP set, for loops that end between two pieces of work."""
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        # Not set here: the main thread may be inside the event's own lock, waiting for it.
        threading.Thread(target=stop.set, daemon=True).start()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
