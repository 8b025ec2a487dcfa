"""Seeds: papers that the reader brings along, pasted or from Zotero, with what came of each line."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, make_response, render_template, request

from server.api.authentication import caller
from server.api.requests import context, limit
from server.errors import Invalid, TooLarge
from server.pages.blueprint import Pages, error_page
from server.pages.forms import field
from server.pages.languages import gettext as _
from server.services import papers, seeds
from server.services.references import MAX_TEXT

pages = Pages("seeds")
SHOWN = 50  # of the saved papers by name
_NAMED = re.compile(r"“(.*)” names no arXiv paper\.", re.DOTALL)


@pages.post("/interests/seeds")
def save_all() -> Response:
    """Save the papers of a pasted list, or of a Zotero library; what came of it is on this one answer."""
    limit(f"seeds:{caller().reader_id}", "60/hour")
    try:
        found = seeds.save_all(context(), caller().reader_id, _asked(), context().now())
    except Invalid as error:
        return error_page(422, _refusals().get(error.field or "", error.message))
    except TooLarge:
        return error_page(413, _("That is more than can be taken in at once; nothing was saved. Send it in parts."))
    known = papers.find_papers(context(), caller().reader_id, found["saved"][:SHOWN])
    page = render_template(
        "pages/seeds.html",
        saved=[(name, known.get(name, {}).get("title")) for name in found["saved"][:SHOWN]],
        saved_count=len(found["saved"]),
        known_count=len(found["known"]),
        unreadable=[(one["line"], _reason(one["reason"])) for one in found["unreadable"]],
    )
    return make_response(page)


def _asked() -> dict[str, Any]:
    if "user" in request.form:
        return {"format": "zotero", "zotero": {"user": field("user", 100), "key": field("key", 100)}}
    style = request.form.get("format", "")
    if style not in seeds.STYLES:
        raise Invalid(f"Must be one of {', '.join(seeds.STYLES)}.", field="format")
    return {"format": style, "text": field("text", MAX_TEXT)}


def _refusals() -> dict[str, str]:
    return {
        "text": _("Nothing in that could be read as the kind of list that you chose; nothing was saved."),
        "zotero.user": _("Zotero knows no user of this number; it stands on zotero.org/settings/keys."),
        "zotero.key": _("Zotero does not take this key for this library; make one on zotero.org/settings/keys."),
    }


def _reason(told: str) -> str:
    """Return why a line was not read, in the reader's language where it is one of the reasons that there are."""
    named = _NAMED.fullmatch(told)
    if named:
        return _("“%(name)s” names no arXiv paper.") % {"name": named[1]}
    known = {
        "No arXiv id or address on this line.": _("No arXiv id or address on this line."),
        "Names no arXiv paper.": _("Names no arXiv paper."),
        "Not a whole BibTeX entry: a bracket, a comma or a quote is missing.": _(
            "Not a whole BibTeX entry: a bracket, a comma or a quote is missing."
        ),
        "Not a whole RIS record: it has no last line `ER  - `.": _(
            "Not a whole RIS record: it has no last line `ER  - `."
        ),
        "Not a RIS record: it begins with a line `TY  - `.": _("Not a RIS record: it begins with a line `TY  - `."),
    }
    return known.get(told, told)
