"""Reports of the extension about itself."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.requests import limit
from server.api.schemas.base import Base
from server.api.schemas.reports import ReportBody
from server.api.telemetry import REPORTS

blueprint = Blueprint("reports", __name__, description="What the extension could not read.")
# Names become labels of a metric, which must stay few: any other name counts as "other".
_SITES = {"huggingface", "hf", "arxiv", "alphaxiv", "demo"}
_PAGES = {"daily", "weekly", "monthly", "trending", "search", "paper", "list", "abs"}


@blueprint.before_request
def _slow_down() -> None:
    """Limit reports before their bodies are read."""
    limit(f"report:{caller().reader_id}", "60/hour")


@blueprint.route("/v1/client-reports", methods=["POST"])
@blueprint.arguments(ReportBody)
@blueprint.response(202, Base)
def report(body: dict[str, Any]) -> Response:
    """Count a page on which the extension saw fewer papers than it should; nothing of the reader is kept."""
    site = body["site"] if body["site"] in _SITES else "other"
    page_kind = body["page_kind"] if body["page_kind"] in _PAGES else "other"
    REPORTS.labels(body["kind"], site, page_kind).inc()
    response = jsonify({})
    response.status_code = 202
    return response
