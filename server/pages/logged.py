"""Logged events in words: what was done, when and where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from server.pages.languages import day
from server.pages.languages import gettext as _

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def kinds() -> dict[str, str]:
    """Return every kind of event in words."""
    return {
        "open": _("Opened"),
        "save": _("Saved"),
        "unsave": _("Removed"),
        "hide": _("Hidden"),
        "unhide": _("Shown again"),
        "dislike": _("Less like this"),
        "undislike": _("Less like this, taken back"),
        "impression": _("Was shown to you"),
    }


def place(event: Mapping[str, Any], list_made_at: str | None) -> Sequence[str]:
    """Return where an event happened, from the near to the far: on what, in which list, on which page."""
    return [part for part in (_surface(event), _position(event, list_made_at), _page(event)) if part]


def _surface(event: Mapping[str, Any]) -> str:
    known = {
        "card": _("on its card in the listing"),
        "panel": _("in the recommendations"),
        "paper_page": _("on the paper’s page"),
        "search": _("in a search"),
        "feed": _("from your feed"),
        "digest": _("from your digest"),
        "library": _("on your own pages"),
        "import": _("by an import"),
        "demo": _("in the demo"),
    }
    return known.get(event.get("surface", ""), "")


def _position(event: Mapping[str, Any], list_made_at: str | None) -> str:
    if event.get("position") is None:
        return ""
    if list_made_at is None:
        return _("at place %(place)s") % {"place": event["position"]}
    return _("at place %(place)s of the list of %(day)s") % {"place": event["position"], "day": day(list_made_at)}


def _page(event: Mapping[str, Any]) -> str:
    name, _slash, date = event.get("page", "").partition("/")
    known = {
        "daily": _("listing of a day"),
        "weekly": _("listing of a week"),
        "monthly": _("listing of a month"),
        "trending": _("trending papers"),
        "search": _("a search’s results"),
        "paper": _("the paper’s page"),
    }
    said = known.get(name, name)
    return f"{said} ({_date(date)})" if date else said


def _date(text: str) -> str:
    """Return a day as the reader's language writes it; what is none (a week, a month) as it is."""
    try:
        return day(text) if _DAY.fullmatch(text) else text
    except ValueError:
        return text
