"""Forms: whose they are, and what is in them."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from flask import request
from markupsafe import Markup

from server.api.authentication import caller
from server.api.requests import context
from server.errors import CrossSite, Invalid
from server.services import parsing

FIELD = "form_token"
MOST_IDS = 200
TOLD_ONCE = ("did", "of", "n")  # what a form did, as the address says it that it comes back to


def is_safe() -> bool:
    """Whether the request only looks."""
    return request.method in {"GET", "HEAD", "OPTIONS"}


def form_token() -> Markup:
    """Return the hidden field without which no form of a signed-in page is believed."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token_value())


def form_token_value() -> str:
    """Return what is in that field, for the pages' script."""
    return context().keys.form_token(caller().device_id)


def check_form() -> None:
    """Raise CrossSite unless the form came from a page of this very session."""
    check_origin()
    if not context().keys.is_form_token(request.form.get(FIELD, ""), caller().device_id):
        raise CrossSite("The form's token is missing or wrong; reload the page and try again.", field=FIELD)


def check_origin() -> None:
    """Raise CrossSite where the browser says that another site wrote the request."""
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        ours = told in {"same-origin", "none"}
    else:
        # Plain http on a network has no Sec-Fetch headers. The scheme is left out: a proxy may end TLS before us.
        origin = request.headers.get("Origin")
        ours = origin is None or _host(origin) == request.host
    if not ours:
        raise CrossSite("The request was written by another site.")


def _host(address: str) -> str | None:
    """Return the host and port that an address names, empty without; None for what is no address."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return None


def field(name: str, longest: int) -> str:
    """Return a stripped text of the form, empty where there is none. Raises Invalid."""
    return parsing.read_text(request.form.get(name, "").replace("\r\n", "\n"), name, longest).strip()


def paper_ids(name: str = "id") -> list[str]:
    """Return the papers that the form names, each once. Raises Invalid."""
    given = request.form.getlist(name)
    if len(given) > MOST_IDS:
        raise Invalid(f"At most {MOST_IDS} papers at once.", field=name)
    return list(dict.fromkeys(parsing.read_paper_id(value, name) for value in given))


def here() -> str:
    """Return where a form of this page may come back to: the page without what was told on it once."""
    if not is_safe():
        return "/"
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in TOLD_ONCE]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def back_to(default: str) -> str:
    """Return where the form wants to come back to: an address of our own, without a host."""
    wanted = request.form.get("back", "")
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if plain and _host(wanted) == "" else default
