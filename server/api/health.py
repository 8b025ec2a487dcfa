"""Liveness, readiness and metrics."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from server import __version__
from server.api.blueprint import Blueprint
from server.api.client_address import from_this_machine
from server.api.client_version import API, MIN_CLIENT
from server.api.requests import context
from server.api.schemas.health import Health, Readiness
from server.api.telemetry import exposition, shared_metrics
from server.errors import Forbidden
from server.services import readiness

blueprint = Blueprint("health", __name__, open_to_all=True, description="Whether the server is there and ready.")


@blueprint.route("/healthz")
@blueprint.response(200, Health)
def healthz() -> dict[str, Any]:
    """Say that the server is there, and which clients it understands."""
    return {"status": "ok", "version": __version__, "api": API, "min_client": MIN_CLIENT}


@blueprint.route("/readyz")
@blueprint.response(200, Readiness)
@blueprint.alt_response(503, schema=Readiness, description="The database cannot be used, or the server is stopping.")
def readyz() -> Response:
    """Say whether requests can be served, and what the server does without."""
    checks = readiness.run_checks(context(), context().now())
    status = readiness.overall(checks)
    response = jsonify({"status": status, "checks": checks})
    response.status_code = 503 if status == "failed" else 200
    return response


@blueprint.route("/metrics")
@blueprint.response(200, {"type": "string"}, content_type="text/plain")
def metrics() -> Response:
    """Give the counts to Prometheus: to this machine, or with the metrics token."""
    token = context().settings.metrics_token
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    known = token is not None and hmac.compare_digest(sent.encode(), token.encode())
    if not known and not from_this_machine():
        raise Forbidden("Ask from the server's own machine, or send INKLING_METRICS_TOKEN as a bearer token.")
    sources = readiness.source_health(context(), context().now())
    body = exposition(readiness.totals(context()), sources, shared_metrics())
    return Response(body, content_type=CONTENT_TYPE_LATEST)
