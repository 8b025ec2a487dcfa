"""The library: saved papers."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.api.authentication import caller
from server.api.blueprint import PAPER, Blueprint
from server.api.pagination import page_of, read_cursor
from server.api.requests import context, json_object
from server.api.schemas.library import Entry, EntryBody, ExportQuery, Library, LibraryQuery
from server.clock import rfc3339
from server.paper_ids import canonical
from server.services import library
from server.services.citations import FORMATS
from server.services.library import LibraryFilter
from server.services.parsing import read_words

blueprint = Blueprint("library", __name__, description="My saved papers.")


@blueprint.route("/v1/library")
@blueprint.arguments(LibraryQuery, location="query")
@blueprint.response(200, Library)
def list_saved(query: dict[str, Any]) -> Response:
    """List my saved papers: those that match, in the order asked for; the newest save first by default."""
    wanted = library.search(query.get("q"), tag=query.get("tag"), read=query.get("read"), sort=query["sort"])
    after = read_cursor(query.get("cursor"), (str if wanted.sort == "title" else float, str))
    found = library.page(context(), caller().reader_id, query["limit"] + 1, after, wanted)
    return jsonify(page_of(found, query["limit"]))


_FILES = {kind.media_type.partition(";")[0]: {"schema": {"type": "string"}} for kind in FORMATS.values()}


@blueprint.route("/v1/library/export")
@blueprint.arguments(ExportQuery, location="query")
@blueprint.doc(responses={"200": {"description": "A file.", "content": {**_FILES, "application/json": {}}}})
def export(query: dict[str, Any]) -> Response:
    """Return my saved papers, all or those named, as BibTeX, RIS, CSV, or JSON as `GET /v1/library` has them."""
    return file(query["format"], query["id"])


def file(kind: str, ids: list[str] | None) -> Response:
    """Return the caller's saved papers, all or these, as a file to keep."""
    wanted = FORMATS[kind]
    entries = library.every(context(), caller().reader_id, LibraryFilter(ids=ids))
    response = Response(wanted.write(entries), content_type=wanted.media_type)
    day = (rfc3339(context().now()) or "")[:10]
    response.headers["Content-Disposition"] = f'attachment; filename="inkling-library-{day}.{wanted.ending}"'
    return response


@blueprint.route("/v1/library/<path:paper_id>", parameters=PAPER, methods=["PUT"])
@blueprint.doc(requestBody={"required": False, "content": {"application/json": {"schema": EntryBody}}})
@blueprint.response(200, Entry)
def save(paper_id: str) -> Response:
    """Save a paper, and set the tags, note or read mark in the body, which is optional."""
    words = read_words(json_object()) if request.content_length or request.mimetype else {}
    return jsonify(library.save(context(), caller().reader_id, canonical(paper_id), words, context().now()))


@blueprint.route("/v1/library/<path:paper_id>", parameters=PAPER, methods=["DELETE"])
@blueprint.response(204)
def unsave(paper_id: str) -> None:
    """Take a paper out of my library, if it is there."""
    library.unsave(context(), caller().reader_id, canonical(paper_id), context().now())
