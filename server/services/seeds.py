"""Seeds: the papers a reader brings along, from a list of references or their Zotero library, each a save."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from server.errors import Invalid, RateLimited, SourceRefused
from server.services import events, library
from server.services.context import Context
from server.services.parsing import read_text
from server.services.references import MAX_TEXT, References, read_items, read_references
from server.sources.zotero import Zotero

RETRY_AFTER = 30.0  # seconds, for who must wait until others' libraries are read
STYLES = ("ids", "bibtex", "ris", "zotero")
USER = re.compile(r"\d{1,12}", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9]{1,64}")


def save_all(context: Context, reader_id: str, body: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Save the papers that a request names; return those saved, those saved before, and what could not be read.

    Raises Invalid, TooLarge, and what asking Zotero raises.
    """
    found = _read(context, body)
    wanted = list(found.papers)
    saved: list[str] = []
    for start in range(0, len(wanted), events.BATCH):
        batch = wanted[start : start + events.BATCH]
        saved += library.log_all(context, reader_id, batch, "save", now, surface="import")
    new = set(saved)
    return {"saved": saved, "known": [paper for paper in wanted if paper not in new], "unreadable": found.told()}


def _read(context: Context, body: Mapping[str, Any]) -> References:
    text, account = body.get("text"), body.get("zotero")
    if (text is None) == (account is None) or (account is not None and body["format"] != "zotero"):
        raise Invalid("Send the list as text, or for the format zotero a user and a key.", field="text")
    if account is not None:
        return _read_zotero(context, account)
    return read_references(read_text(text, "text", MAX_TEXT), body["format"])


def _read_zotero(context: Context, account: Mapping[str, Any]) -> References:
    """Return the papers of a Zotero library, asked once; the key is not kept. Raises RateLimited while others ask."""
    if not USER.fullmatch(account["user"]):
        raise Invalid("Must be the number under “Your user ID” on zotero.org/settings/keys.", field="zotero.user")
    if not KEY.fullmatch(account["key"]):
        raise Invalid("Must be a key made on zotero.org/settings/keys: letters and digits.", field="zotero.key")
    # A large library takes a minute, and threads are few.
    if not context.imports.acquire(blocking=False):
        raise RateLimited(RETRY_AFTER)
    try:
        items, complete = _ask(context, account["user"], account["key"])
    finally:
        context.imports.release()
    found = read_items(items)
    if not complete:
        found.unreadable.append((len(items) + 1, f"Only the {len(items):,} references added last were read."))
    return found


def _ask(context: Context, user: str, key: str) -> tuple[list[dict[str, Any]], bool]:
    with closing(Zotero(context.settings)) as client:
        try:
            return client.items(user, key)
        except SourceRefused as error:
            if error.status == 403:
                raise Invalid("Zotero does not take this key for this library.", field="zotero.key") from error
            if error.status == 404:
                raise Invalid("Zotero knows no user of this number.", field="zotero.user") from error
            raise
