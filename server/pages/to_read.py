"""To read: what is recommended today and why, what others read, and the feed's address."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from server.api.authentication import caller
from server.api.requests import context
from server.clock import rfc3339
from server.pages.blueprint import Pages
from server.pages.languages import day
from server.pages.languages import gettext as _
from server.services import account, catalogue, ranking

pages = Pages("to_read")
RECOMMENDED = 20
TRENDING = 8
SOURCES = {"hf": "Hugging Face", "arxiv": "arXiv"}


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
        late_sources=_late_sources(now),
        feed_url=f"{request.host_url}feeds/{profile['feed_secret']}.atom",
    )
    return make_response(page)


def _late_sources(now: float) -> list[str]:
    """Return a sentence on each source that brings nothing new."""
    late = catalogue.late_sources(context(), now)
    return [_late_sentence(SOURCES.get(name, name), one.state, one.since) for name, one in late.items()]


def _late_sentence(source: str, state: str, since: float | None) -> str:
    if since is None:
        return _("%(source)s gives no new papers just now.") % {"source": source}
    said = {"source": source, "day": day(rfc3339(since))}
    if state in ("failing", "stopped"):
        return _("%(source)s has not answered since %(day)s, so papers may be missing.") % said
    return _("%(source)s has given nothing new since %(day)s.") % said
