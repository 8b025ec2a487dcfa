"""Papers: one paper, those similar to it, and search. Ids may contain a slash, written / or %2F."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import PAPER, Blueprint
from server.api.pagination import page_of, read_cursor
from server.api.requests import context
from server.api.schemas.papers import Paper, SearchAnswer, SearchQuery, Similar, SimilarQuery
from server.paper_ids import canonical
from server.services import papers, ranking

blueprint = Blueprint("papers", __name__, description="What is known of papers.")


@blueprint.route("/v1/papers")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, SearchAnswer)
def search(query: dict[str, Any]) -> Response:
    """Find papers by subject, by the words they contain, or by id."""
    size = query["limit"]
    after = read_cursor(query.get("cursor"), (float, str))
    found = ranking.search(context(), caller(), query["q"], limit=size + 1, after=after, now=context().now())
    return jsonify(page_of([((item["score"], item["paper"]["id"]), item) for item in found], size))


@blueprint.route("/v1/papers/<path:paper_id>/similar", parameters=PAPER)
@blueprint.arguments(SimilarQuery, location="query")
@blueprint.response(200, Similar)
def similar(query: dict[str, Any], paper_id: str) -> Response:
    """List the papers most like one."""
    found = ranking.similar(context(), caller(), canonical(paper_id), query["limit"], context().now())
    return jsonify({"items": found, "next": None})


@blueprint.route("/v1/papers/<path:paper_id>", parameters=PAPER)
@blueprint.response(200, Paper)
def one(paper_id: str) -> Response:
    """Return a paper as far as I may see it."""
    return jsonify(papers.find_paper(context(), caller().reader_id, canonical(paper_id)))
