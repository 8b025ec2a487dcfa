"""Events: logging a batch."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response, jsonify

from server.api.authentication import caller
from server.api.blueprint import Blueprint
from server.api.errors import error_body
from server.api.requests import context, json_object, objects
from server.api.schemas.events import MAX_EVENTS, EventsAnswer, EventsBody
from server.api.schemas.papers import MAX_CARDS
from server.api.telemetry import EVENTS
from server.errors import Invalid
from server.services import events
from server.services.events import Event, Result
from server.services.parsing import read_card, read_event

blueprint = Blueprint("events", __name__, description="What the reader did.")


@blueprint.route("/v1/events", methods=["POST"])
@blueprint.body(EventsBody)
@blueprint.response(200, EventsAnswer)
def log_events() -> Response:
    """Log a batch; a bad event or card is rejected alone. The response comes once what was accepted is on disk."""
    body = json_object()
    sent = objects(body, "events", MAX_EVENTS, required=True)
    sent_cards = objects(body, "papers", MAX_CARDS, required=False)
    batch = [_event_or_result(value) for value in sent]
    cards = [_card_or_result(value) for value in sent_cards]
    results = events.log(
        context(),
        caller().reader_id,
        batch,
        [card for card in cards if not isinstance(card, Result)],
        now=context().now(),
    )
    _count(batch, results)
    card_results = [card if isinstance(card, Result) else Result(None, "accepted") for card in cards]
    return jsonify({"results": _results_body(sent, results), "paper_results": _results_body(sent_cards, card_results)})


def _event_or_result(value: Any) -> Event | Result:
    try:
        return read_event(value)
    except Invalid as error:
        return Result(None, "rejected", error)


def _card_or_result(value: Any) -> dict[str, Any] | Result:
    try:
        return read_card(value)
    except Invalid as error:
        return Result(None, "rejected", error)


def _results_body(sent: list[Any], results: list[Result]) -> list[dict[str, Any]]:
    return [_result_body(value, result) for value, result in zip(sent, results, strict=True)]


def _result_body(value: Any, result: Result) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": _sent_id(value.get("id") if isinstance(value, dict) else None),
        "status": result.status,
    }
    if result.clamped:
        body["clamped"] = True
    return body if result.error is None else {**body, "error": error_body(result.error)}


def _sent_id(sent: Any) -> Any:
    """Return an id as it was sent, None when it is too long or neither text nor a number."""
    return sent if isinstance(sent, str | int | float | None) and len(str(sent)) <= 300 else None


def _count(batch: list[Event | Result], results: list[Result]) -> None:
    """Count what became of each event."""
    counts = Counter(
        (event.kind if isinstance(event, Event) else "(unreadable)", result.status)
        for event, result in zip(batch, results, strict=True)
    )
    for labels, count in counts.items():
        EVENTS.labels(*labels).inc(count)
