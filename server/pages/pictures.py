"""Pictures as bars: widths that a template draws, with the words and numbers that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile

from babel import dates

from server.pages.languages import chosen
from server.pages.languages import gettext as _
from server.services.composition import Activity, Part

UNKNOWN = 9  # the colour of what is not known


@dataclass(frozen=True)
class Piece:
    """A piece of a bar: where it begins and how long it is, in per cent of the picture, and which colour it has."""

    start: float
    width: float
    colour: int


@dataclass(frozen=True)
class Bar:
    """A bar with its label, what it counts to, and its pieces; `numbers` are those of each piece, zeros too."""

    label: str
    total: str
    pieces: tuple[Piece, ...]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Chart:
    """Bars over the same colours, each of which has a name."""

    names: tuple[str, ...]
    colours: tuple[int, ...]
    bars: tuple[Bar, ...]


def parts(found: Sequence[Part]) -> list[Bar]:
    """Return the parts of a list as bars, the longest over the whole width."""
    longest = max((part.share for part in found), default=1.0)
    return [
        Bar(_part(part), f"{100 * part.share:.0f} %", (Piece(0.0, round(100 * part.share / longest, 2), 0),))
        for part in found
    ]


def _part(part: Part) -> str:
    said = {
        "paper": _("Close to what you saved or opened"),
        "words": _("Words that you read about"),
        "readers": _("Read by others who read what you read"),
        "popular": _("Popular now"),
        "fresh": _("New"),
        "explore": _("Something different, to learn what you like"),
        "interest": _("Topic: %(name)s"),
        "author": _("Author: %(name)s"),
        "organization": _("Organisation: %(name)s"),
        "category": _("Category: %(name)s"),
    }.get(part.kind, part.kind)
    if part.kind == "interest" and not part.name:
        return _("A topic that you named")
    return said % {"name": part.name}


def activity(found: Activity) -> Chart | None:
    """Return the months from the first in which anything was read, the last one first; None where there is none."""
    busiest = max(sum(month.counts) for month in found.months)
    if not busiest:
        return None
    names = {"": _("Other categories"), None: _("Category not known")}
    # The last colour is that of what is not known, however many there are before it.
    colours = [UNKNOWN if category is None else number for number, category in enumerate(found.categories)]
    begun = dropwhile(lambda month: not any(month.counts), found.months)
    bars = [_month(month.name, month.counts, colours, busiest) for month in reversed(list(begun))]
    return Chart(tuple(names.get(one) or str(one) for one in found.categories), tuple(colours), tuple(bars))


def _month(name: str, counts: Sequence[int], colours: Sequence[int], busiest: int) -> Bar:
    pieces, start = [], 0.0
    for count, colour in zip(counts, colours, strict=True):
        width = round(100 * count / busiest, 2)
        if count:
            pieces.append(Piece(round(start, 2), width, colour))
        start += width
    month = dates.format_skeleton("yMMM", datetime.fromisoformat(f"{name}-01"), locale=chosen())
    return Bar(month, str(sum(counts)), tuple(pieces), tuple(counts))
