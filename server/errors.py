"""What can go wrong, in the project's own words; server/api/errors.py alone gives each its HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class InklingError(Exception):
    """A refusal with a code for programs and a sentence for people, which says what to do about it.

    `detail` is for whoever runs the server, on its own command line: no answer to a request has it.
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
    """A value that was read is not allowed; `field` says which."""

    code = "invalid"


class BadPaperId(Invalid):
    """A text in which no paper id was found."""

    code = "bad_paper_id"


class TooLarge(InklingError):
    """More than one request may carry."""

    code = "too_large"


class TooSlow(InklingError):
    """A request that takes too long to come."""

    code = "too_slow"


class WrongMediaType(InklingError):
    """A body that is not JSON."""

    code = "not_json"


class Unauthenticated(InklingError):
    """No token, or one that is unknown or revoked."""

    code = "unauthenticated"


class Forbidden(InklingError):
    """The caller is known, or need not be, but may not do this."""

    code = "forbidden"


class PairingRequired(Forbidden):
    """A new device needs a pairing code here."""

    code = "pairing_required"


class BadCode(Forbidden):
    """A pairing code that is wrong, spent or expired."""

    code = "bad_code"


class NotFound(InklingError):
    """Nothing is kept under that name."""

    code = "not_found"


class PaperNotFound(NotFound):
    """No such paper is known here."""

    code = "paper_not_found"


class Conflict(InklingError):
    """The request does not fit what is there."""

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
    """Something this server needs does not answer just now."""

    code = "unavailable"


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or is locked for too long."""

    code = "database_unavailable"


class DiskFull(DatabaseUnavailable):
    """Nothing can be written where the database is; what is there can still be read."""

    code = "disk_full"


class SchemaNotCurrent(DatabaseUnavailable):
    """The database is there, but not as this version of the code knows it."""

    code = "schema_not_current"


class SourceUnavailable(Unavailable):
    """A source of papers cannot be asked; `retry_at` is the epoch second until which it wants to be left alone."""

    code = "source_unavailable"

    def __init__(self, message: str, *, code: str | None = None, retry_at: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_at = retry_at


class SourceRefused(SourceUnavailable):
    """A source answered, but not with what was asked; it may well answer for everything else.

    `found` holds what came before the trouble.
    """

    code = "source_refused"
    found: Sequence[Any] = ()


class BrokenArtefact(InklingError):
    """A model's folder is missing or is not what its manifest says."""

    code = "broken_model"
