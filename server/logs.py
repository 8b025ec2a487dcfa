"""What a process says of itself: lines for people on a terminal, one JSON object a line elsewhere, always on stderr."""

from __future__ import annotations

import logging
import sys

import structlog

from server.characters import for_terminal, one_line

_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_CHATTY = ("httpx", "httpcore", "alembic", "limits")


def configure_logging(level: int = logging.INFO) -> None:
    """Send the standard library's log records and structlog's through one formatter; call once at start."""
    people = sys.stderr.isatty()
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(people),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # A line a request would bury what a person at a terminal came to read.
    for chatty in (*_CHATTY, *(["server.api.telemetry"] if people else [])):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _rendering(people: bool) -> list[structlog.typing.Processor]:
    if people:
        return [
            structlog.processors.format_exc_info,
            _printable,
            structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=structlog.dev.plain_traceback),
        ]
    # Without the local variables, among which are tokens and what readers read.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]


def _printable(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Leave out of a line what a terminal would obey; anything but a string is shown by `repr`, which escapes it."""
    clean = {key: one_line(value) if isinstance(value, str) else value for key, value in entry.items()}
    return {**clean, **({"exception": for_terminal(entry["exception"])} if "exception" in entry else {})}
