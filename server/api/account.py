"""The reader's account: settings, log, data as a file, leaving."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.pagination import page_of, read_cursor
from server.api.requests import MAX_IMPORT, context, json_file
from server.api.schemas.account import Export, ImportBody, Imported, LoggedEvents, LogQuery, Me, MeBody, Reset
from server.clock import rfc3339
from server.errors import Invalid
from server.services import account, events, export_import
from server.services.parsing import UUID
from server.translations import DEFAULT, NAMES

EVENT = {"in": "path", "name": "event_id", "required": True, "schema": {"type": "string", "format": "uuid"}}
blueprint = Blueprint("me", __name__, description="My settings, my log, my data.")


@blueprint.route("/v1/me")
@blueprint.response(200, Me)
def profile() -> Response:
    """Return my settings, my feed's address, and how much is kept about me."""
    return _profile_body(account.profile(context(), caller()))


@blueprint.route("/v1/me", methods=["PATCH"])
@blueprint.arguments(MeBody)
@blueprint.response(200, Me)
def change(body: dict[str, Any]) -> Response:
    """Change the settings named; `renew_feed` invalidates the old feed address.

    An address for the digest gets a link that confirms it; before that, no digest goes there.
    """
    if body.get("digest"):
        # Mails have no Accept-Language: they are in that of the browser that asked for them.
        body["digest"].setdefault("language", request.accept_languages.best_match(list(NAMES), DEFAULT))
    return _profile_body(account.change_settings(context(), caller(), body))


def _profile_body(profile: dict[str, Any]) -> Response:
    return jsonify({**profile, "feed_url": f"{request.host_url}feeds/{profile['feed_secret']}.atom"})


@blueprint.route("/v1/me", methods=["DELETE"])
@blueprint.response(204)
def leave() -> None:
    """Delete my account and everything kept about me; my tokens stop working."""
    account.delete_reader(context(), caller().reader_id, context().now())


@blueprint.route("/v1/me/events")
@blueprint.arguments(LogQuery, location="query")
@blueprint.response(200, LoggedEvents)
def logged(query: dict[str, Any]) -> Response:
    """List my logged events, newest first; `paper` and `kind` filter them."""
    after = read_cursor(query.get("cursor"), (float, int))
    filters = {"paper": query.get("paper"), "kinds": query["kind"]}
    return jsonify(
        page_of(
            account.logged_events(context(), caller().reader_id, query["limit"] + 1, after, **filters), query["limit"]
        )
    )


@blueprint.route("/v1/me/events/<string:event_id>", methods=["DELETE"], parameters=[EVENT])
@blueprint.response(204)
def delete_event(event_id: str) -> None:
    """Delete an event for good; it stays deleted when a device sends it again."""
    if not UUID.fullmatch(event_id):
        raise Invalid("Must be the UUID of an event.", field="id")
    events.delete(context(), caller().reader_id, event_id.lower(), context().now())


@blueprint.route("/v1/me/reset", methods=["POST"])
@blueprint.response(200, Reset)
def reset() -> Response:
    """Forget everything but my saved papers."""
    return jsonify({"forgotten": account.reset(context(), caller().reader_id, context().now())})


@blueprint.route("/v1/me/export")
@blueprint.response(200, Export)
def export() -> Response:
    """Return everything kept about me as one file."""
    return file()


def file() -> Response:
    """Return everything kept about the caller as a file to keep."""
    now = context().now()
    response = Response(export_import.export(context(), caller().reader_id, now), content_type="application/json")
    day = (rfc3339(now) or "")[:10]
    response.headers["Content-Disposition"] = f'attachment; filename="inkling-{day}.json"'
    return response


@blueprint.route("/v1/me/import", methods=["POST"])
@blueprint.body(ImportBody)
@blueprint.response(200, Imported)
def import_() -> Response:
    """Import an exported file; importing it twice changes nothing."""
    return jsonify(export_import.import_(context(), caller().reader_id, json_file(MAX_IMPORT), context().now()))
