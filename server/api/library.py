"""The library: saved papers."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from server.api.blueprint import PAPER, Blueprint
from server.api.requests import caller, context, json_object, page_of, read_cursor
from server.api.schemas.base import PageQuery
from server.api.schemas.library import Entry, EntryBody, Library
from server.identifiers import canonical
from server.services import library
from server.services.parsing import read_words

blueprint = Blueprint("library", __name__, description="My saved papers.")


@blueprint.route("/v1/library")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, Library)
def list_saved(query: dict[str, Any]) -> Response:
    """List my saved papers, newest first."""
    after = read_cursor(query.get("cursor"), (float, str))
    found = library.page(context(), caller().reader_id, query["limit"] + 1, after)
    return jsonify(page_of(found, query["limit"]))


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
