"""Feeds: recommendations for a feed reader, which has a secret address instead of a token."""

from __future__ import annotations

from flask import Response, request

from server.api.blueprint import Blueprint
from server.api.client_address import client_address
from server.api.requests import context, limit
from server.services import feeds

blueprint = Blueprint("feeds", __name__, open_to_all=True, description="Recommendations as a feed.")


@blueprint.route("/feeds/<string:secret>.atom")
@blueprint.response(200, {"type": "string"}, content_type="application/atom+xml")
def feed(secret: str) -> Response:
    """Return a reader's recommendations of the day as Atom."""
    limit(f"feed:{client_address()}", "60/minute")
    return Response(feeds.feed(context(), secret, request.url, context().now()), content_type="application/atom+xml")
