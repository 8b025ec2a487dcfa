"""Ranking: the cards of a page, and what to read next."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.errors import error_body
from server.api.requests import context, json_object, objects
from server.api.schemas.papers import MAX_CARDS
from server.api.schemas.ranking import RankAnswer, RankBody, Recommendations, RecommendationsQuery
from server.errors import BadPaperId, Invalid
from server.services import ranking
from server.services.parsing import PAGE, read_card, read_whole_number
from server.services.ranking import BadCard

blueprint = Blueprint("ranking", __name__, description="What to read next.")
MAX_RECOMMENDED, RECOMMENDED = 50, 10


@blueprint.route("/v1/rank", methods=["POST"])
@blueprint.body(RankBody)
@blueprint.response(200, RankAnswer)
def rank() -> Response:
    """Rank the cards of a page for me, and recommend papers that are not on it."""
    body = json_object()
    sent = objects(body, "papers", MAX_CARDS, required=True)
    limit = read_whole_number(body.get("limit", RECOMMENDED), "limit", MAX_RECOMMENDED)
    page = body.get("page")
    if page is not None and not (isinstance(page, str) and PAGE.fullmatch(page)):
        raise Invalid("Must be a kind of page and perhaps a date, such as daily/2026-11-20.", field="page")
    reasons = body.get("reasons", "all")
    if reasons not in ranking.REASONS:
        raise Invalid(f"Must be one of {', '.join(ranking.REASONS)}.", field="reasons")
    cards = [_card(value, index) for index, value in enumerate(sent)]
    limit = RECOMMENDED if limit is None else limit
    answer = ranking.rank_page(context(), caller(), cards, limit, context().now(), reasons=reasons)
    for card in answer["cards"]:
        if "error" in card:
            card["error"] = error_body(card["error"])
    return jsonify(answer)


def _card(value: Any, index: int) -> dict[str, Any] | BadCard:
    """Return a card; a bad id is that card's error, any other bad value fails the request."""
    try:
        return read_card(value)
    except BadPaperId as error:
        sent = value.get("id")
        return BadCard(sent if isinstance(sent, str | int | float) else None, error)
    except Invalid as error:
        raise Invalid(error.message, field=f"papers.{index}.{error.field}".rstrip(".")) from error


@blueprint.route("/v1/recommendations")
@blueprint.arguments(RecommendationsQuery, location="query")
@blueprint.response(200, Recommendations)
def recommendations(query: dict[str, Any]) -> Response:
    """Recommend papers I have not opened, saved or hidden. Nothing is stored until an event cites the list."""
    answer = ranking.recommendations(
        context(),
        caller(),
        limit=query["limit"],
        days=query.get("days"),
        exclude=query["without"],
        now=context().now(),
        reasons=query["reasons"],
    )
    return jsonify({**answer, "next": None})
