"""Domain exceptions. server/api/errors.py maps each to its HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class InklingError(Exception):
    """An error with a code for programs and a sentence for people that says what to do about it.

    `field` names the part of the request that is wrong. `detail` is shown on the command line only, never in a
    response.
    """

    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, field: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.code = code or self.code
        self.field = field


class Malformed(InklingError):
    """The request cannot be read at all."""

    code = "malformed"


class Invalid(InklingError):
    """A value is not allowed; `field` names it."""

    code = "invalid"


class BadPaperId(Invalid):
    """A text without a paper id in it."""

    code = "bad_paper_id"


class TooLarge(InklingError):
    """A request is larger than one may be."""

    code = "too_large"


class TooSlow(InklingError):
    """A request took too long to arrive."""

    code = "too_slow"


class WrongMediaType(InklingError):
    """A body that is not JSON."""

    code = "not_json"


class Unauthenticated(InklingError):
    """No token, or one that is unknown or revoked."""

    code = "unauthenticated"


class Forbidden(InklingError):
    """The caller may not do this, known or not."""

    code = "forbidden"


class PairingRequired(Forbidden):
    """A new device needs a pairing code here."""

    code = "pairing_required"


class BadCode(Forbidden):
    """A pairing code that is wrong, spent or expired."""

    code = "bad_code"


class BadLink(Forbidden):
    """A link into the reader's pages that is wrong, used or expired."""

    code = "bad_link"


class CrossSite(Forbidden):
    """A write that does not certainly come from one of our own pages."""

    code = "cross_site"


class NotFound(InklingError):
    """Nothing has this name."""

    code = "not_found"


class PaperNotFound(NotFound):
    """The paper is not known here, or not to this reader."""

    code = "paper_not_found"


class Conflict(InklingError):
    """The request conflicts with the current state."""

    code = "conflict"


class ClientTooOld(InklingError):
    """The extension must be updated first."""

    code = "client_too_old"


class RateLimited(InklingError):
    """Too many requests; `retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Too many requests; try again in {max(1, round(retry_after))} s.")
        self.retry_after = max(1, round(retry_after))


class Unavailable(InklingError):
    """Something that the server needs does not answer."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or was locked for too long."""

    code = "database_unavailable"


class DiskFull(DatabaseUnavailable):
    """The database's disk is full; it can still be read."""

    code = "disk_full"


class SchemaNotCurrent(DatabaseUnavailable):
    """The database's schema is older or newer than this code."""

    code = "schema_not_current"


class SourceUnavailable(Unavailable):
    """A source of papers cannot be asked; `retry_at` is the epoch second before which it wants no request."""

    code = "source_unavailable"

    def __init__(self, message: str, *, code: str | None = None, retry_at: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_at = retry_at


class SourceRefused(SourceUnavailable):
    """A source did not answer one request, and may well answer others.

    `found` holds the papers that came before the failure.
    """

    code = "source_refused"
    found: Sequence[Any] = ()
    status: int | None = None  # of the response, if it is that which refuses


class BrokenArtefact(InklingError):
    """A model's folder is missing, or does not match its manifest."""

    code = "broken_model"
