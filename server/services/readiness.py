"""The state of everything the server depends on."""

from __future__ import annotations

import shutil
from typing import Any

from server.clock import rfc3339
from server.errors import DatabaseUnavailable, SchemaNotCurrent
from server.services import catalogue, mail
from server.services.context import Context
from server.services.serving_context import ServingContext
from server.services.source_health import Health
from server.store import events, papers, readers, trained_models
from server.store.database import schema_problem

LITTLE_ROOM = 50 * 2**20  # bytes
Checks = dict[str, dict[str, Any]]
_OK = {"status": "ok"}


def run_checks(context: ServingContext, now: float) -> Checks:
    """Return name -> {status: ok | degraded | failed, reason?}."""
    found: Checks = {"database": _OK, "schema": _OK}
    if context.settings.stopping_file.exists():
        found["process"] = _failed("The server is stopping.")
    try:
        problem = schema_problem(context.database.engine)
        if problem:
            found["schema"] = _failed(problem)
            return found
        found["model"] = _model(context)
        found["sources"] = _sources(context, now)
        if mail.is_configured(context):
            found["mail"] = _mail(context, now)
    except SchemaNotCurrent as error:
        found["schema"] = _failed(error.message)
    except DatabaseUnavailable as error:
        found["database"] = _failed(error.message)
        found.pop("schema")
    found["redis"] = _redis(context)
    if room := _disk_warning(context):
        found["disk"] = _degraded(room)
    return found


def overall(found: Checks) -> str:
    """Return the worst status of the checks."""
    states = {check["status"] for check in found.values()}
    return next((state for state in ("failed", "degraded") if state in states), "ok")


def totals(context: Context) -> dict[str, int]:
    """Return the row counts that the metrics show."""
    with context.database.reading() as session:
        return {
            "readers": readers.count(session),
            "papers": papers.count(session),
            "logged_events": events.count(session),
        }


def source_health(context: Context, now: float) -> dict[str, Health]:
    """Return source -> its health, which the metrics show."""
    return catalogue.health(context, now)


def _model(context: ServingContext) -> dict[str, str]:
    served = context.model_cache.current()
    if context.model_cache.broken:
        return _degraded(
            f"Model {context.model_cache.broken} cannot be read; serving {served.version or 'words alone'}."
        )
    if not served.version:
        return _degraded("No model yet: ranking by words, freshness and popularity.")
    with context.database.reading() as session:
        newest = trained_models.newest(session)
    if newest and newest["status"] == "withheld":
        return _degraded(f"Model {newest['version']} was held back; serving {served.version}. {newest['note']}")
    return _OK


def _disk_warning(context: Context) -> str | None:
    """Return a warning for a full or nearly full disk, else None."""
    try:
        free = shutil.disk_usage(context.settings.home).free
    except OSError as error:
        return f"The home cannot be looked at ({error.strerror})."
    if free >= LITTLE_ROOM:
        return None
    return f"The disk that the home is on has {free // 2**20} MB left; without room nothing is written."


def _redis(context: Context) -> dict[str, str]:
    if not context.hot.configured:
        return _degraded("No Redis: each process counts rate limits alone.")
    return _OK if context.hot.available else _degraded("Redis does not answer: each process counts alone.")


def _sources(context: Context, now: float) -> dict[str, Any]:
    found = catalogue.health(context, now)
    states = {name: {"state": one.state, "since": rfc3339(one.since)} for name, one in found.items()}
    late = [f"{name}: {one.reason}" for name, one in found.items() if one.status != "ok"]
    if late:
        return {**_degraded("; ".join(late)), "states": states}
    # A refused day or paper is reported, but the source as a whole is fine.
    notes = [f"{name}: {one.reason}" for name, one in found.items() if one.reason]
    return {**_OK, **({"reason": "; ".join(notes)} if notes else {}), "states": states}


def _mail(context: Context, now: float) -> dict[str, str]:
    wrong = mail.state(context, now)
    return _degraded(wrong) if wrong else _OK


def _failed(reason: str) -> dict[str, str]:
    return {"status": "failed", "reason": reason}


def _degraded(reason: str) -> dict[str, str]:
    return {"status": "degraded", "reason": reason}
