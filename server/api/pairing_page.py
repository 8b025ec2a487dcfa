"""The page of a pairing link. The reader's own pages are in `server/pages`."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

pages = Blueprint("welcome", __name__, template_folder="templates")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
STATIC = Path(__file__).parent / "static"
KINDS = {"js": "text/javascript", "css": "text/css"}


@pages.after_request
def _strict(response: Response) -> Response:
    response.headers.update({"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})
    return response


@pages.get("/pair")
def pair() -> str:
    """Explain a pairing link; its code is after the #, which browsers do not send, so no log contains it."""
    return render_template("pair.html")


@pages.get("/pages/<path:name>")
def files(name: str) -> Response:
    """Serve the styles and the script of these pages."""
    return send_from_directory(STATIC, name, mimetype=KINDS.get(name.rsplit(".", 1)[-1]), max_age=3600)
