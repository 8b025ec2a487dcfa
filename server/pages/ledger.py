"""What is known of the reader: every event, and what can be done with all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server.api import account as account_api
from server.api.authentication import caller
from server.api.pagination import read_cursor, write_cursor
from server.api.requests import CHUNK, context
from server.clock import rfc3339
from server.errors import BadPaperId, Conflict, Invalid, Malformed, TooLarge
from server.pages import cookies, logged
from server.pages.blueprint import Pages, error_page
from server.pages.forms import back_to, field
from server.pages.languages import gettext as _
from server.pages.languages import in_every_language
from server.pages.notices import with_notice
from server.paper_ids import canonical
from server.services import account, events, export_import, papers, parsing

pages = Pages("ledger")
SIZE = 50  # events on a page
MAX_WORDS = 12
_OUTCOME = re.compile(r"\d{1,9}(?:-\d{1,9}){3}", re.ASCII)
_OUTCOMES = ("accepted", "duplicate", "rejected", "papers")


@pages.get("/ledger")
def show() -> Response:
    """Show the log, newest first: all of it, or of one kind or paper."""
    kind, wanted = _kind(), parsing.read_text(request.args.get("paper", ""), "paper", 300).strip()
    after = read_cursor(request.args.get("cursor"), (float, int))
    narrowed = {"kinds": [kind] if kind else (), **_of_papers(wanted)}
    found = account.logged_events(context(), caller().reader_id, SIZE + 1, after, **narrowed)
    shown = [event for _place, event in found[:SIZE]]
    chosen = {name: value for name, value in (("kind", kind), ("paper", wanted)) if value}
    more = {**chosen, "cursor": write_cursor(found[SIZE - 1][0])} if len(found) > SIZE else None
    page = render_template(
        "pages/ledger.html",
        events=shown,
        papers=papers.find_papers(context(), caller().reader_id, {event["paper"] for event in shown}),
        profile=account.profile(context(), caller()),
        chosen=chosen,
        older=f"/ledger?{urlencode(more)}" if more else None,
        newest=after is None,
        kinds=logged.kinds(),
        where=_where,
        imported=_outcome(),
        largest=f"{account_api.MAX_IMPORT // 2**20} MB",
    )
    return make_response(page)


def _kind() -> str | None:
    kind = request.args.get("kind")
    return kind if kind in events.KINDS else None


def _of_papers(wanted: str) -> Mapping[str, Any]:
    """Return the filter for a paper by its id or address, or for papers by words of their title."""
    try:
        return {"paper": canonical(wanted)}
    except BadPaperId:
        return {"words": tuple(dict.fromkeys(wanted.split()))[:MAX_WORDS]}


def _where(event: Mapping[str, Any]) -> Sequence[str]:
    cited = context().keys.read_list_id(caller().reader_id, event["list_id"]) if event.get("list_id") else None
    return logged.place(event, rfc3339(cited.made_at) if cited else None)


def _outcome() -> dict[str, int] | None:
    """Return what came of an import, as the address says it that the form came back to."""
    told = request.args.get("imported", "")
    return dict(zip(_OUTCOMES, map(int, told.split("-")), strict=True)) if _OUTCOME.fullmatch(told) else None


@pages.post("/ledger/delete")
def delete() -> AnyResponse:
    """Delete one event for good."""
    event_id = field("id", 100)
    if not parsing.UUID.fullmatch(event_id):
        raise Invalid("Must be the UUID of an event.", field="id")
    events.delete(context(), caller().reader_id, event_id.lower(), context().now())
    return redirect(with_notice(back_to("/ledger"), "event-deleted", [], 1), 303)


@pages.get("/ledger/export")
def export() -> Response:
    """Give everything kept about the reader as one file."""
    return account_api.file()


@pages.post("/ledger/import")
def import_() -> AnyResponse:
    """Import an exported file."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return error_page(422, _("Choose a file first; nothing was imported."))
    chunks = iter(lambda: file.stream.read(CHUNK), b"")
    try:
        outcome = export_import.import_(context(), caller().reader_id, chunks, context().now())
    except (Malformed, Invalid):
        return error_page(422, _("That is not a file of Inkling’s export, or not a whole one; nothing was imported."))
    except TooLarge:
        return error_page(413, _("The file holds more than can be imported at once; nothing was imported."))
    except Conflict:
        return error_page(409, _("Another import of yours is running; wait for it to end."))
    return redirect(f"/ledger?imported={'-'.join(str(outcome[name]) for name in _OUTCOMES)}#told", 303)


@pages.post("/ledger/start-over")
def start_over() -> AnyResponse:
    """Forget everything but the saved papers."""
    if "sure" not in request.form:
        return error_page(422, _("Tick the box that says you are sure; nothing was deleted."))
    forgotten = account.reset(context(), caller().reader_id, context().now())
    return redirect(with_notice("/ledger", "start-over", [], forgotten), 303)


@pages.post("/ledger/leave")
def leave() -> AnyResponse:
    """Delete the reader with everything that is kept about them."""
    words = {word.casefold() for word in in_every_language("leave")}
    if field("word", 100).casefold() not in words:
        return error_page(422, _("The word was not typed as asked; nothing was deleted."))
    account.delete_reader(context(), caller().reader_id, context().now())
    # From here on the page is nobody's.
    del g.caller
    response = make_response(render_template("pages/left.html"))
    cookies.drop_session(response)
    return response
