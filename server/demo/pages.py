"""The demo's pages: a listing with the structure of the real one, on which the extension's own code runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_from_directory

from server.api.client_address import from_this_machine
from server.api.requests import context
from server.clock import rfc3339
from server.demo.paper_generator import ID_PREFIX
from server.demo.populate import demo_token
from server.demo.thumbnails import draw_thumbnail
from server.errors import Forbidden
from server.extension_folder import extension_folder
from server.pages.blueprint import enter
from server.paper_ids import is_canonical
from server.store import papers

STATIC = Path(__file__).parent / "static"
CARDS = 40
KINDS = {
    "js": "text/javascript",
    "json": "application/json",
    "css": "text/css",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
}
SERVED = ("manifest.json", "src/", "_locales/", "icons/")
# Only our own files: the extension's modules run here, under a policy as strict as the extension's.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

pages = Blueprint("demo", __name__, template_folder="templates")


@pages.before_request
def _only_here() -> None:
    """Serve browsers on this machine only, because the page contains a reader's token."""
    if not from_this_machine():
        raise Forbidden("The demo is shown to a browser on the same machine only.")


@pages.after_request
def _strict(response: Response) -> Response:
    response.headers.update(
        {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
    )
    return response


@pages.get("/demo")
def listing() -> str:
    """Show the newest of the invented papers, most upvoted first."""
    # The page contains a token: a person may open it, but no script, of any extension, may fetch it.
    if request.headers.get("Sec-Fetch-Dest", "document") != "document" or "Origin" in request.headers:
        raise Forbidden("The demo is a page to open, not to fetch.")
    cards = [_card(row) for row in _newest(CARDS)]
    today = datetime.now(UTC)
    props = {"dailyPapers": [_entry(card) for card in cards], "periodType": "day", "dateString": f"{today:%Y-%m-%d}"}
    token = demo_token(context().settings.secret_key)
    return render_template("demo.html", cards=cards, props=json.dumps(props), token=token, today=f"{today:%b %-d, %Y}")


@pages.before_app_request
def _paper() -> str | None:
    """Show one invented paper to who has no session, so that the listing's links lead somewhere."""
    # The address is that of the reader's own page, as the listing's links have to look like the real one's.
    if request.endpoint != "pages_papers.show" or enter():
        return None
    _only_here()
    paper_id = (request.view_args or {})["paper_id"]
    found = _rows([paper_id]) if is_canonical(paper_id) else []
    return render_template("paper.html", card=_card(found[0])) if found else None


@pages.get("/demo/art/<paper_id>.svg")
def art(paper_id: str) -> Response:
    """Draw the thumbnail of a paper."""
    return Response(draw_thumbnail(paper_id), mimetype=KINDS["svg"])


@pages.get("/demo/files/<path:name>")
def files(name: str) -> Response:
    """Serve the styles and the script of these pages."""
    return send_from_directory(STATIC, name, mimetype=_kind(name))


@pages.get("/demo/extension/<path:name>")
def extension(name: str) -> Response:
    """Serve the extension's files as the browser would load them."""
    if not name.startswith(SERVED):
        abort(404)
    return send_from_directory(extension_folder(), name, mimetype=_kind(name))


def _kind(name: str) -> str:
    """Return the media type of a file; with a type guessed from the machine's tables a module may not run."""
    return KINDS.get(name.rsplit(".", 1)[-1], "application/octet-stream")


def _newest(count: int) -> list[Mapping[str, Any]]:
    found = _rows([f"{ID_PREFIX}.{number:05d}" for number in range(1, count + 1)])
    return sorted(found, key=lambda row: -(row["upvotes"] or 0))


def _rows(ids: list[str]) -> list[Mapping[str, Any]]:
    with context().database.reading() as session:
        return [dict(row) for row in papers.rows(session, ids).values() if row["title"]]


def _card(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in ("id", "title", "abstract", "organization", "upvotes")}
    comments = (row["upvotes"] or 0) % 7
    return {**facts, "authors": row["authors"] or [], "published": rfc3339(row["published_at"]), "comments": comments}


def _entry(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return a card in the form of the real listing's props."""
    paper = {
        "id": card["id"],
        "title": card["title"],
        "summary": card["abstract"],
        "authors": [{"name": name, "hidden": False} for name in card["authors"]],
        "publishedAt": card["published"],
        "upvotes": card["upvotes"],
        "organization": {"fullname": card["organization"]},
    }
    return {"paper": paper, "title": card["title"], "numComments": card["comments"], "upvoted": False}
