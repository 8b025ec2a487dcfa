"""Reasons in words, as the extension has them (`extension/src/ui/reasons.js`); `_` translates a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.translations import Translate

Reason = Mapping[str, Any]
States = Mapping[str, Mapping[str, Any]]

WORDS = 3
_SHORT_TITLE = 60
# What the reader follows by name; what is followed stands first among the words of the reason.
_NAMED = ("author", "organization", "category")


def summary(reasons: Sequence[Reason], states: States, _: Translate) -> str:
    """Return the reason in one line: Close to “X”, which you saved: kv-cache, paging. Empty where there is none."""
    for kind in _NAMED:
        if (followed := _largest(reasons, kind)) is not None:
            return _named(followed, _)
    paper = _largest(reasons, "paper")
    if paper is not None and paper.get("title"):
        return _close_to(paper, states, _SHORT_TITLE, _)
    if topics := [one for one in reasons if one["kind"] == "interest" and one["share"] > 0 and one.get("words")]:
        return _of_interest(_words(topics), _)
    if words := _words(one for one in reasons if one["kind"] in {"words", "paper"}):
        return _("Shares your words: %(words)s") % {"words": words}
    rest = [one for one in reasons if one["kind"] in _plain(_) and one["share"] > 0]
    return _plain(_)[max(rest, key=lambda one: one["share"])["kind"]] if rest else ""


def in_common(reasons: Sequence[Reason], _: Translate) -> str:
    """Return what a paper has in common with the one it is like."""
    words = _words(reasons, 6)
    return _("In common: %(words)s") % {"words": words} if words else _("About much the same")


def whole(reasons: Sequence[Reason], states: States, _: Translate) -> list[tuple[str, int]]:
    """Return (line, per cent of the score) of every reason, largest first; what weighs nothing is left out."""
    total = sum(abs(one["share"]) for one in reasons) or 1.0
    ordered = sorted(reasons, key=lambda one: -abs(one["share"]))
    lines = [(_line(one, states, _), round(100 * one["share"] / total)) for one in ordered]
    return [(line, per_cent) for line, per_cent in lines if line and per_cent]


def _line(one: Reason, states: States, _: Translate) -> str:
    if one["kind"] in _NAMED:
        return _named(one, _)
    if one["kind"] == "paper" and one.get("title"):
        return _close_to(one, states, 120, _)
    words = _words([one], 6)
    if one["kind"] in {"words", "paper"}:
        return _("Shares your words: %(words)s") % {"words": words} if words else ""
    if one["kind"] == "interest":
        return _of_interest(words, _) if one["share"] > 0 else _("On something you muted")
    return _plain(_).get(one["kind"], "")


def _plain(_: Translate) -> dict[str, str]:
    return {
        "readers": _("Read by others who read what you read"),
        "popular": _("Popular now"),
        "fresh": _("New"),
        "explore": _("Something different, to learn what you like"),
    }


def _named(one: Reason, _: Translate) -> str:
    name = _words([one], 1)
    if one["kind"] == "author":
        return _("By an author you follow: %(name)s") % {"name": name}
    if one["kind"] == "organization":
        return _("From an organisation you follow: %(name)s") % {"name": name}
    return _("In a category you follow: %(name)s") % {"name": name}


def _close_to(one: Reason, states: States, longest: int, _: Translate) -> str:
    state = states.get(one.get("paper") or "", {})
    said = {"title": _shortened(one["title"], longest), "words": _words([one])}
    if one["share"] < 0 and state.get("disliked"):
        return _("Close to “%(title)s”, of which you want less") % said
    if state.get("saved"):
        line = _("Close to “%(title)s”, which you saved") % said
    elif state.get("opened_at"):
        line = _("Close to “%(title)s”, which you opened") % said
    else:
        line = _("Close to “%(title)s”") % said
    return f"{line}: {said['words']}" if said["words"] else line


def _of_interest(words: str, _: Translate) -> str:
    return _("On a topic you named: %(words)s") % {"words": words} if words else _("On a topic you named")


def _largest(reasons: Iterable[Reason], kind: str) -> Reason | None:
    found = [one for one in reasons if one["kind"] == kind and one["share"] > 0]
    return max(found, key=lambda one: one["share"], default=None)


def _words(reasons: Iterable[Reason], most: int = WORDS) -> str:
    return ", ".join(list(dict.fromkeys(word for one in reasons for word in one.get("words") or ()))[:most])


def _shortened(title: str, longest: int) -> str:
    return title if len(title) <= longest else title[: longest - 1].rstrip() + "…"
