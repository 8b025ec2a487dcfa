"""What was done with each paper, and what a log of it may therefore say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

OPPOSITE = {"save": "unsave", "unsave": "save", "hide": "unhide", "unhide": "hide"}
OPENS = {"click", "control", "middle"}


class Histories:
    """What may be logged of each paper: more than one history where a browser died in the middle of a press."""

    def __init__(self) -> None:
        self.of: dict[str, set[tuple[str, ...]]] = {}
        self.unsure: set[str] = set()

    def did(self, paper: str, kind: str, *, sure: bool) -> None:
        before = self.of.get(paper, {()})
        self._keep(paper, {(*one, kind) for one in before}, before, sure)

    def took_back(self, paper: str, *, sure: bool) -> None:
        before = self.of[paper]
        after = {one[:-1] for one in before} | {(*one, OPPOSITE[one[-1]]) for one in before}
        self._keep(paper, after, before, sure)

    def _keep(self, paper: str, after: set, before: set, sure: bool) -> None:
        self.of[paper] = after if sure else after | before
        if not sure:
            self.unsure.add(paper)

    def shown(self, paper: str, sign: str | None) -> None:
        """Leave only what a page now says; what cannot be has no history left, and so no log that is right."""
        self.of[paper] = {one for one in self.of[paper] if sign_of(one) == sign}

    def sign(self, paper: str) -> str | None:
        """What its mark shows, where that is sure."""
        return sign_of(next(iter(self.of.get(paper, {()}))))


def sign_of(history: tuple[str, ...]) -> str | None:
    """Return the sign of a paper of which this was logged; None for one that shows at most how well it fits."""
    state = {"saved": False, "hidden": False, "seen": False}
    for kind in history:
        if kind == "open":
            state["seen"] = True
        else:
            state["hidden" if "hid" in kind else "saved"] = not kind.startswith("un")
    return next((sign for sign in ("hidden", "saved", "seen") if state[sign]), None)


def said(event: dict[str, Any]) -> list[Any]:
    """Return what an event says, whoever tells it."""
    at = datetime.fromisoformat(event["at"])
    return [at, *(event.get(name) for name in ("kind", "paper", "surface", "page", "list_id", "position"))]


def logged(events: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return what is logged of each paper, in its order, without what was only shown."""
    found: dict[str, tuple[str, ...]] = {}
    for one in sorted(events, key=lambda event: datetime.fromisoformat(event["at"])):
        if one["kind"] != "impression":
            found[one["paper"]] = (*found.get(one["paper"], ()), one["kind"])
    return found
