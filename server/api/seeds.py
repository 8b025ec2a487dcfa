"""Seeds: saving the papers of a list of references at once."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.requests import context, limit
from server.api.schemas.seeds import Seeds, SeedsBody
from server.services import seeds

blueprint = Blueprint("seeds", __name__, description="Papers that I bring along.")


@blueprint.route("/v1/me/seeds", methods=["POST"])
@blueprint.arguments(SeedsBody)
@blueprint.response(200, Seeds)
def save_all(body: dict[str, Any]) -> Response:
    """Save every paper of a list of references; a second time all are known."""
    limit(f"seeds:{caller().reader_id}", "60/hour")
    return jsonify(seeds.save_all(context(), caller().reader_id, body, context().now()))
