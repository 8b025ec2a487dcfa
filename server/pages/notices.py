"""What has just happened, told once on the page that a form comes back to, with its undo where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import request

from server.errors import BadPaperId
from server.pages.forms import TOLD_ONCE
from server.pages.languages import ngettext
from server.paper_ids import canonical

DID, OF, HOW_MANY = TOLD_ONCE
MOST_UNDONE = 50  # papers in one address
# What a form did -> what takes it back.
OPPOSITE = {
    "save": "unsave",
    "unsave": "save",
    "hide": "unhide",
    "unhide": "hide",
    "dislike": "undislike",
    "undislike": "dislike",
}


@dataclass(frozen=True)
class Notice:
    """A sentence; `undo` is the action that takes it back for `papers`, if any does."""

    sentence: str
    undo: str | None
    papers: tuple[str, ...]


def notice() -> Notice | None:
    """Return what the address of this page says has just happened; nothing that is not in our own list."""
    did = request.args.get(DID, "")
    papers = tuple(_canonical(request.args.getlist(OF)[:MOST_UNDONE]))
    count = request.args.get(HOW_MANY, len(papers) or 1, type=int)
    said = _sentences(max(count, 0)).get(did)
    if said is None:
        return None
    # Not shown where it would take back but a part of what was done.
    undo = OPPOSITE.get(did) if papers and len(papers) == count else None
    return Notice(said % {"count": count}, undo, papers)


def _sentences(n: int) -> dict[str, str]:
    return {
        "save": ngettext("Saved.", "%(count)s papers saved.", n),
        "unsave": ngettext("Removed from your library.", "%(count)s papers removed from your library.", n),
        "hide": ngettext("Hidden: it will not be recommended again.", "%(count)s papers hidden.", n),
        "unhide": ngettext("No longer hidden.", "%(count)s papers are no longer hidden.", n),
        "dislike": ngettext(
            "What is like it is recommended less from now on.", "What is like these is recommended less from now on.", n
        ),
        "undislike": ngettext("Nothing is held against it any more.", "Nothing is held against these any more.", n),
        "read": ngettext("Marked as read.", "%(count)s papers marked as read.", n),
        "unread": ngettext("Marked as unread.", "%(count)s papers marked as unread.", n),
        "tag": ngettext("Tags added.", "Tags added to %(count)s papers.", n),
        "untag": ngettext("Tags removed.", "Tags removed from %(count)s papers.", n),
        "words": ngettext("Tags and note kept.", "Tags and notes kept.", n),
        "event-deleted": ngettext("Deleted for good.", "%(count)s events deleted for good.", n),
        "start-over": ngettext(
            "Started over: %(count)s event was forgotten.", "Started over: %(count)s events were forgotten.", n
        ),
        "settings": ngettext("Settings kept.", "Settings kept.", n),
        "revoke": ngettext("Revoked: it is signed out.", "Revoked: it is signed out.", n),
        "renew-feed": ngettext("The feed has a new address.", "The feed has a new address.", n),
        "follow": ngettext("Followed from now on.", "Followed from now on.", n),
        "mute": ngettext("Muted from now on.", "Muted from now on.", n),
        "forget": ngettext("Removed from your interests.", "Removed from your interests.", n),
        "nothing": ngettext("Nothing was selected.", "Nothing was selected.", n),
    }


def _canonical(names: list[str]) -> list[str]:
    found = []
    for name in names:
        try:
            found.append(canonical(name))
        except BadPaperId:
            continue
    return found


def with_notice(address: str, did: str, papers: list[str], count: int | None = None) -> str:
    """Return an address of ours with what has just happened in it, in the place of what happened before."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in TOLD_ONCE]
    named = [(OF, paper) for paper in papers] if len(papers) <= MOST_UNDONE else []
    told = [(DID, did), *named, (HOW_MANY, str(len(papers) if count is None else count))]
    return urlunsplit(("", "", parts.path, urlencode([*kept, *told]), parts.fragment))
