"""The real application, with references beside it on the same server: what Flask alone costs, and validation alone."""

from __future__ import annotations

import os
from time import perf_counter_ns

from flask import Response, g, jsonify, request

from server import garbage
from server.api.gateway import Gateway
from server.api.requests import json_object
from server.app import create_app
from server.config import Settings
from server.services.parsing import read_event
from tests.bench.timing import watch

THREADS_VARIABLE = "BENCH_THREADS"  # of a worker; one unless it says otherwise, so that what is timed is not in turns


def rsgi() -> Gateway:
    """Return the application as granian serves it, with the benchmark's own calls added."""
    settings = Settings.from_environment()
    app = create_app(settings)
    watch()

    @app.before_request
    def _begin() -> None:
        g.began = perf_counter_ns()
        watch.recommender = 0  # type: ignore[attr-defined]

    @app.after_request
    def _tell(response: Response) -> Response:
        response.headers["X-Spent"] = f"{perf_counter_ns() - g.began} {watch.recommender}"  # type: ignore[attr-defined]
        return response

    @app.post("/bench/json")
    def bare() -> Response:
        """Read a JSON body and answer one: the floor under every call."""
        return jsonify({"papers": len(request.get_json()["papers"])})

    @app.post("/bench/validated")
    def validated() -> Response:
        """Check the events of a batch as /v1/events does, and keep nothing."""
        events = [read_event(value) for value in json_object()["events"]]
        return jsonify({"results": [{"id": event.id, "status": "accepted"} for event in events]})

    garbage.spare_what_stays()
    return Gateway(app, threads=int(os.environ.get(THREADS_VARIABLE, "1")), body_seconds=settings.body_seconds)
