"""Request ids, one log line per request, and metrics; without titles, tokens, paths with secrets, or addresses."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import structlog
from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from server.api.shared_metrics import REGISTRY, SharedMetrics, SummedMetrics
from server.services.source_health import STATES, Health

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Counter("inkling_requests", "Answers given.", ["route", "method", "status"], registry=REGISTRY)
SECONDS = Histogram("inkling_request_seconds", "Time to answer.", ["route"], buckets=_BUCKETS, registry=REGISTRY)
EVENTS = Counter("inkling_events", "Events by what became of them.", ["kind", "status"], registry=REGISTRY)
REPORTS = Counter(
    "inkling_client_reports", "Pages the extension could not read.", ["kind", "site", "page_kind"], registry=REGISTRY
)
SHARED_METRICS = "inkling_counts"


class Totals(Collector):
    """Counts of what the database holds, taken on each request for /metrics."""

    def __init__(self, totals: dict[str, int]) -> None:
        self._totals = totals

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield a gauge for each total."""
        for name, value in self._totals.items():
            yield GaugeMetricFamily(f"inkling_{name}", f"How many {name.replace('_', ' ')} there are.", value=value)


class SourceGauges(Collector):
    """The health of each source, judged on each request for /metrics."""

    def __init__(self, sources: Mapping[str, Health]) -> None:
        self._sources = sources

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the age of the last good answer, the papers of the last days, and the state."""
        age = GaugeMetricFamily(
            "inkling_source_answer_age_seconds", "Age of the last good answer of a source.", labels=["source"]
        )
        papers = GaugeMetricFamily(
            "inkling_source_papers",
            "Papers that a source gave for yesterday and today (day), and for today and the six days before (week).",
            labels=["source", "span"],
        )
        state = GaugeMetricFamily(
            "inkling_source_state", "1 for the state that a source is in.", labels=["source", "state"]
        )
        for name, health in self._sources.items():
            if health.age is not None:
                age.add_metric([name], health.age)
            papers.add_metric([name, "day"], health.day)
            papers.add_metric([name, "week"], health.week)
            for one in STATES:
                state.add_metric([name, one], one == health.state)
        yield from (age, papers, state)


def exposition(totals: dict[str, int], sources: Mapping[str, Health], shared_metrics: SharedMetrics | None) -> bytes:
    """Return all metrics in Prometheus' text format, summed over the processes that share theirs."""
    registry = CollectorRegistry()
    registry.register(Totals(totals))
    registry.register(SourceGauges(sources))
    registry.register(SummedMetrics(shared_metrics.read_others() if shared_metrics else ()))
    return generate_latest(registry)


def install(app: Flask) -> None:
    """Give every request an id; time, count and log it."""
    app.before_request(_begin)
    app.after_request(_end)


def share_metrics(app: Flask, folder: Path) -> None:
    """Write this process's metrics to `folder`, and add those of the other processes there to /metrics."""
    app.extensions[SHARED_METRICS] = SharedMetrics(folder)


def shared_metrics() -> SharedMetrics | None:
    """Return the shared metrics of this process, None when they are not shared."""
    return cast("SharedMetrics | None", current_app.extensions.get(SHARED_METRICS))


def _begin() -> None:
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "(none)"
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status_code == 204:
        del response.headers["Content-Type"]  # there is no content
    method = request.method if request.method in _METHODS else "(other)"
    REQUESTS.labels(route, method, response.status_code).inc()
    SECONDS.labels(route).observe(seconds)
    if metrics := shared_metrics():
        metrics.note_change()
    level = log.error if response.status_code >= 500 else log.debug if route in _QUIET else log.info
    reader = g.caller.reader_id if "caller" in g else None
    level(
        "request",
        request_id=g.get("request_id"),
        route=route,
        method=method,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        reader=reader,
    )
    return response


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUIET = {"/healthz", "/readyz", "/metrics"}
