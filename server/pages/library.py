"""The library: saved papers with the reader's own tags, note and read mark."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from server.api.authentication import caller
from server.api.library import file
from server.api.pagination import read_cursor, write_cursor
from server.api.requests import context
from server.errors import Invalid
from server.pages.blueprint import Pages
from server.pages.forms import back_to, field, paper_ids
from server.pages.notices import with_notice
from server.services import library, parsing
from server.services.citations import FORMATS
from server.services.library import SORTS, LibraryFilter

pages = Pages("library")
SIZE = 50  # entries on a page
READ = {"read": True, "unread": False}


@pages.get("/library")
def show() -> Response:
    """Show saved papers, those that the filter wants."""
    wanted, reader_id = _wanted(), caller().reader_id
    after = read_cursor(request.args.get("cursor"), (str if wanted.sort == "title" else float, str))
    found = library.page(context(), reader_id, SIZE + 1, after, wanted)
    more = write_cursor(found[SIZE - 1][0]) if len(found) > SIZE else None
    chosen = {name: request.args[name] for name in ("q", "tag", "read", "sort") if request.args.get(name)}
    page = render_template(
        "pages/library.html",
        entries=[entry for _, entry in found[:SIZE]],
        wanted=wanted,
        chosen=chosen,
        address=lambda **other: _address({**chosen, **other}),
        next=_address({**chosen, "cursor": more}) if more else None,
        count=library.count(context(), reader_id, wanted),
        saved=library.count(context(), reader_id, LibraryFilter()),
        tags=library.tags(context(), reader_id),
        formats=list(FORMATS),
    )
    return make_response(page)


def _wanted() -> LibraryFilter:
    """Return the filter that the address names; what it has of nonsense is left out."""
    asked = request.args
    sort = asked.get("sort", "saved")
    return library.search(
        parsing.read_text(asked.get("q", ""), "q", 500),
        tag=parsing.read_text(asked.get("tag", ""), "tag", parsing.MAX_TAG_LENGTH) or None,
        read=READ.get(asked.get("read", "")),
        sort=sort if sort in SORTS else "saved",
    )


def _address(chosen: dict[str, str | None]) -> str:
    named = {name: value for name, value in chosen.items() if value}
    return f"/library?{urlencode(named)}" if named else "/library"


@pages.post("/library/entry")
def keep_words() -> AnyResponse:
    """Keep the tags and the note that were written for one paper, which saves it."""
    papers = paper_ids()
    if len(papers) != 1:
        raise Invalid("Must name one paper.", field="id")
    words = {"tags": _tags(), "note": field("note", parsing.MAX_NOTE_LENGTH) or None}
    library.save(context(), caller().reader_id, papers[0], words, context().now())
    return redirect(with_notice(back_to("/library"), "words", papers), 303)


@pages.post("/library/selection")
def change_selection() -> AnyResponse:
    """Do with the selected papers what the pressed button says."""
    action, papers, back = request.form.get("action", ""), paper_ids(), back_to("/library")
    if action.startswith("export-") and action.removeprefix("export-") in FORMATS:
        kind = action.removeprefix("export-")
        return redirect(f"/library/export?{urlencode([('format', kind), *(('id', one) for one in papers)])}", 303)
    if not papers:
        return redirect(with_notice(back, "nothing", []), 303)
    count = _change(action, papers)
    return redirect(with_notice(back, action, papers, count), 303)


def _change(action: str, papers: list[str]) -> int:
    """Change these papers; return how many that concerned. Raises Invalid for an action that is none."""
    reader_id = caller().reader_id
    if action in READ:
        return library.set_read(context(), reader_id, papers, READ[action])
    if action == "tag":
        return library.add_tags(context(), reader_id, papers, _tags() or [])
    if action == "untag":
        return library.remove_tags(context(), reader_id, papers, _tags() or [])
    if action == "unsave":
        return len(library.log_all(context(), reader_id, papers, "unsave", context().now()))
    raise Invalid("Is no such action.", field="action")


def _tags() -> list[str] | None:
    """Return the tags of the form, written with commas between them."""
    written = field("tags", parsing.MAX_TAGS * (parsing.MAX_TAG_LENGTH + 2))
    found = parsing.read_texts(written.split(","), "tags", parsing.MAX_TAGS, parsing.MAX_TAG_LENGTH)
    return list(dict.fromkeys(found)) if found else None


@pages.get("/library/export")
def export() -> Response:
    """Give the library, or the papers named, as a file."""
    kind = request.args.get("format", "")
    if kind not in FORMATS:
        raise Invalid(f"Must be one of {', '.join(FORMATS)}.", field="format")
    named = request.args.getlist("id")
    return file(kind, [parsing.read_paper_id(one, "id") for one in named[:500]] if named else None)
