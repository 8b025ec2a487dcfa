"""Interests: what the reader follows and mutes, what they put away, and what their list is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.requests import context
from server.errors import Invalid
from server.pages import pictures
from server.pages.blueprint import Pages, error_page
from server.pages.forms import field
from server.pages.languages import gettext as _
from server.pages.notices import with_notice
from server.services import composition, papers, ranking, topics

pages = Pages("interests")
RECOMMENDED = 20  # papers of today's list, as `/` has them
PUT_AWAY = 30  # papers shown of those that were hidden or disliked
# What a button says -> the list a topic goes to.
LISTS = {"follow": "followed", "mute": "muted", "forget": None}
PREFIXES = ("author", "category", "org")


@pages.get("/interests")
def show() -> Response:
    """Show what the reader follows, and what comes of it."""
    now = context().now()
    counted = topics.count_recent_papers(context(), caller(), now)
    states = ranking.states(context(), caller())
    found = ranking.recommendations(context(), caller(), limit=RECOMMENDED, days=None, exclude=(), now=now)
    page = render_template(
        "pages/interests.html",
        followed=[_topic(*pair) for pair in (*counted["interests"], *counted["followed"])],
        muted=[_topic(*pair) for pair in counted["muted"]],
        kinds=_kinds(),
        days=topics.RECENT_DAYS,
        parts=pictures.parts(composition.parts_of(found["items"])),
        activity=pictures.activity(composition.activity(context(), caller().reader_id, now)),
        **_put_away(states),
    )
    return make_response(page)


def _kinds() -> dict[str, str]:
    return {
        "": _("Words"),
        "author": _("Author"),
        "category": _("Category"),
        "org": _("Organisation"),
    }


def _topic(written: str, count: int) -> dict[str, Any]:
    kind, _colon, name = written.partition(":")
    named = kind in PREFIXES
    return {"written": written, "kind": kind if named else "", "name": name if named else written, "count": count}


def _put_away(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the papers that the reader hid or wants less like, the last ones first, and how many there are."""
    put_away = sorted((name for name in states if _flags(states[name])), key=lambda name: -_since(states[name]))
    known = papers.find_papers(context(), caller().reader_id, put_away[:PUT_AWAY])
    shown = [
        {"id": name, "title": known.get(name, {}).get("title"), "flags": _flags(states[name])}
        for name in put_away[:PUT_AWAY]
    ]
    return {"put_away": shown, "put_away_count": len(put_away)}


def _flags(state: Mapping[str, Any]) -> list[str]:
    return [flag for flag in ("hidden", "disliked") if state[flag]]


def _since(state: Mapping[str, Any]) -> float:
    return float(max(state["hide_at"] or 0.0, state["dislike_at"] or 0.0))


@pages.post("/interests/topic")
def change() -> AnyResponse:
    """Follow, mute or forget a topic, as the pressed button says."""
    action, kind, written = request.form.get("action", ""), request.form.get("kind", ""), field("topic", 300)
    if action not in LISTS:
        raise Invalid(f"Must be one of {', '.join(LISTS)}.", field="action")
    topic = f"{kind}:{written}" if kind in PREFIXES and written else written
    try:
        topics.put(context(), caller().reader_id, topic, LISTS[action])
    except Invalid:
        return error_page(
            422,
            _(
                "That cannot be followed or muted: a topic has 1 to 200 characters, a category is a code such as "
                "cs.LG, and each list holds at most 100."
            ),
        )
    return redirect(with_notice("/interests", action, [], 1), 303)
