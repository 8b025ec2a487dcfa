"""To read: what is recommended today and why, what others read, and the feed's address."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from server.api.authentication import caller
from server.api.requests import context
from server.pages.blueprint import Pages
from server.services import account, catalogue, ranking

pages = Pages("to_read")
RECOMMENDED = 20
TRENDING = 8


@pages.get("/")
def to_read() -> Response:
    """Show today's recommendations."""
    now = context().now()
    profile = account.profile(context(), caller())
    page = render_template(
        "pages/to_read.html",
        found=ranking.recommendations(context(), caller(), limit=RECOMMENDED, days=None, exclude=(), now=now),
        states=ranking.states(context(), caller()),
        trending=context().recently_read.most_read(context(), caller().reader_id, TRENDING, now),
        troubled=_troubled(now),
        feed_url=f"{request.host_url}feeds/{profile['feed_secret']}.atom",
    )
    return make_response(page)


def _troubled(now: float) -> list[tuple[str, str]]:
    """Return (source, what is the matter) of sources that bring nothing new."""
    names = {"hf": "Hugging Face", "arxiv": "arXiv"}
    states = catalogue.states(context(), now)
    return [(names.get(name, name), reason or "") for name, (status, reason) in states.items() if status != "ok"]
