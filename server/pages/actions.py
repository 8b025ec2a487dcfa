"""What a reader does with papers from any of their pages: save, hide, open, and the ways back."""

from __future__ import annotations

import uuid
from typing import Any

from flask import redirect, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.requests import context
from server.errors import Invalid
from server.pages.blueprint import Pages
from server.pages.forms import back_to, paper_ids
from server.pages.notices import OPPOSITE, with_notice
from server.services import events, library, parsing
from server.services.events import Event

pages = Pages("actions")


@pages.post("/papers")
def act() -> AnyResponse:
    """Log what the form says was done with its papers, and come back."""
    action, papers = request.form.get("action", ""), paper_ids()
    if action == "open":
        return _opened(papers)
    if action not in OPPOSITE:
        raise Invalid(f"Must be one of open, {', '.join(OPPOSITE)}.", field="action")
    changed = library.log_all(context(), caller().reader_id, papers, action, context().now(), **_place())
    return redirect(with_notice(back_to("/"), action, changed) if changed else back_to("/"), 303)


def _opened(papers: list[str]) -> AnyResponse:
    """Log that papers were opened from a page; its script says so when a link is followed."""
    now, place = context().now(), _place()
    batch = [Event(str(uuid.uuid4()), "open", paper, now, **place) for paper in papers]
    events.log(context(), caller().reader_id, batch, now=now)
    return AnyResponse(status=204)


def _place() -> dict[str, Any]:
    """Return where on our pages it was done: the surface, and the list with the paper's position, if there is one."""
    surface = request.form.get("surface", "library")
    if surface not in events.SURFACES:
        raise Invalid("Must be a surface of the API.", field="surface")
    list_id = parsing.read_optional_text(request.form.get("list_id") or None, "list_id", parsing.MAX_LENGTH["list_id"])
    position = request.form.get("position", type=int)
    return {
        "surface": surface,
        "list_id": list_id,
        "position": parsing.read_whole_number(position, "position", parsing.MAX_POSITION),
    }
