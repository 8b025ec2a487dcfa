"""To read: what is recommended today, and why."""

from __future__ import annotations

from flask import Response, make_response, render_template

from server.api.requests import caller, context
from server.pages.blueprint import Pages
from server.services import ranking

pages = Pages("to_read")
RECOMMENDED = 20


@pages.get("/")
def to_read() -> Response:
    """Show today's recommendations."""
    found = ranking.recommendations(context(), caller(), limit=RECOMMENDED, days=None, exclude=(), now=context().now())
    states = ranking.states(context(), caller())
    return make_response(render_template("pages/to_read.html", found=found, states=states))
