"""Papers: one paper, those similar to it, and search. Ids may contain a slash, written / or %2F."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import PAPER, Blueprint
from server.api.places import read_place, write_place
from server.api.requests import context
from server.api.schemas.papers import Paper, SearchAnswer, SearchQuery, Similar, SimilarQuery
from server.api.schemas.ranking import Explanation
from server.paper_ids import canonical
from server.services import papers, ranking
from server.services import search as search_service
from server.services.query import read_query

blueprint = Blueprint("papers", __name__, description="What is known of papers.")


@blueprint.route("/v1/papers")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, SearchAnswer)
def search(query: dict[str, Any]) -> Response:
    """Find papers by what they are about, by the words they contain, by author, category and time, or by id."""
    asked = read_query(query["q"], **{name: query[name] for name in ("author", "category", "since", "until")})
    after = read_place(query.get("cursor"))
    items, place = search_service.search(
        context(), caller(), asked, sort=query["sort"], limit=query["limit"], after=after, now=context().now()
    )
    return jsonify({"items": items, "next": write_place(place)})


@blueprint.route("/v1/papers/<path:paper_id>/similar", parameters=PAPER)
@blueprint.arguments(SimilarQuery, location="query")
@blueprint.response(200, Similar)
def similar(query: dict[str, Any], paper_id: str) -> Response:
    """List the papers most like one."""
    found = ranking.similar(context(), caller(), canonical(paper_id), query["limit"], context().now())
    return jsonify({"items": found, "next": None})


@blueprint.route("/v1/papers/<path:paper_id>/reasons", parameters=PAPER)
@blueprint.response(200, Explanation)
def reasons(paper_id: str) -> Response:
    """Say why a paper has its score for me: for answers asked for without reasons."""
    return jsonify(ranking.explain(context(), caller(), canonical(paper_id), context().now()))


@blueprint.route("/v1/papers/<path:paper_id>", parameters=PAPER)
@blueprint.response(200, Paper)
def one(paper_id: str) -> Response:
    """Return a paper as far as I may see it."""
    return jsonify(papers.find_paper(context(), caller().reader_id, canonical(paper_id)))
