"""Search over the whole catalogue, by words and by meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request
from markupsafe import Markup, escape

from server.api.authentication import caller
from server.api.places import read_place, write_place
from server.api.requests import context
from server.pages.blueprint import Pages
from server.services import parsing, ranking, search
from server.services.query import read_query

pages = Pages("search")
SIZE = 20


@pages.get("/search")
def show() -> Response:
    """Show the papers that match what was typed."""
    typed = parsing.read_text(request.args.get("q", ""), "q", 2000).strip()
    sort = request.args.get("sort", "match")
    sort = sort if sort in search.SORTS else "match"
    items, further = _find(typed, sort) if typed else ([], None)
    states = ranking.states(context(), caller())
    page = render_template(
        "pages/search.html", typed=typed, sort=sort, items=items, next=further, states=states, marked=marked
    )
    return make_response(page)


def _find(typed: str, sort: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of results, and the address of the next one."""
    asked, after = read_query(typed), read_place(request.args.get("cursor"))
    items, place = search.search(context(), caller(), asked, sort=sort, limit=SIZE, after=after, now=context().now())
    cursor = write_place(place)
    further = f"/search?{urlencode({'q': typed, 'sort': sort, 'cursor': cursor})}" if cursor else None
    return items, further


def marked(text: str, hits: Iterable[Mapping[str, Any]], field: str) -> Markup:
    """Return a field's text with the words by which it was found marked."""
    words = sorted({word for hit in hits if hit["field"] == field for word in hit["words"]}, key=len, reverse=True)
    if not words:
        return escape(text)
    pieces = re.split(f"({'|'.join(re.escape(word) for word in words)})", text)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if n % 2 else piece for n, piece in enumerate(pieces)
    )
