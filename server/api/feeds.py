"""Feeds: recommendations for a feed reader, which has a secret address instead of a token."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.blueprint import Blueprint
from server.api.client_address import client_address
from server.api.requests import context, limit
from server.services import feeds

blueprint = Blueprint("feeds", __name__, open_to_all=True, description="Recommendations as a feed.")


@blueprint.route("/feeds/<string:secret>.atom")
@blueprint.response(200, {"type": "string"}, content_type="application/atom+xml")
@blueprint.alt_response(304, description="The papers are the same as before.")
def feed(secret: str) -> AnyResponse:
    """Return a reader's recommendations of the day as Atom, with reasons."""
    limit(f"feed:{client_address()}", "60/minute")
    found = feeds.feed(context(), secret, request.base_url, context().now())
    response = Response(found.body, content_type="application/atom+xml")
    # Weak: the papers are the same, their order and reasons may not be.
    response.set_etag(found.tag, weak=True)
    response.last_modified = datetime.fromtimestamp(found.changed_at, UTC)
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
