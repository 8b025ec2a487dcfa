"""Logging to stderr: plain lines on a terminal, one JSON object a line elsewhere."""

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
_VERBOSE = ("httpx", "httpcore", "alembic", "limits")


def configure_logging(level: int = logging.INFO) -> None:
    """Send the records of logging and structlog through one formatter; called once at start."""
    terminal = sys.stderr.isatty()
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
                *_renderers(terminal),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # On a terminal, a line for each request would bury what a person came to read.
    for name in (*_VERBOSE, *(["server.api.telemetry"] if terminal else [])):
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderers(terminal: bool) -> list[structlog.typing.Processor]:
    if terminal:
        return [
            structlog.processors.format_exc_info,
            _printable,
            structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=structlog.dev.plain_traceback),
        ]
    # Without local variables, which hold tokens and what readers read.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]


def _printable(_logger: object, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Remove what a terminal would act on; values that are not strings are shown by `repr`, which escapes them."""
    clean = {key: one_line(value) if isinstance(value, str) else value for key, value in entry.items()}
    return {**clean, **({"exception": for_terminal(entry["exception"])} if "exception" in entry else {})}
