"""What views read from a request: the context, and a body within its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn, cast

from flask import current_app, request

from server.errors import Invalid, Malformed, RateLimited, TooLarge, WrongMediaType
from server.services.serving_context import ServingContext

MAX_BODY = 4 * 2**20
MAX_IMPORT = 64 * 2**20
IMPORTS = ("/v1/me/import", "/ledger/import")
CHUNK = 2**16  # bytes read at once of a streamed body


def largest_body(path: str) -> int:
    """Return how many bytes the body of a request to this path may have."""
    return MAX_IMPORT if path in IMPORTS else MAX_BODY


def context() -> ServingContext:
    """Return what the application was made with."""
    return cast(ServingContext, current_app.extensions["inkling"])


def limit(key: str, rule: str) -> None:
    """Count one request for `key`. Raises RateLimited past the rule, such as "30/minute"."""
    retry_after = context().hot.limit(key, rule)
    if retry_after is not None:
        raise RateLimited(retry_after)


def json_file(most: int) -> Iterator[bytes]:
    """Return the chunks of the body, a JSON file of at most `most` bytes. Reading past them raises TooLarge."""
    _expect_json()
    size = request.content_length or 0
    request.max_content_length = most + CHUNK  # so that our error comes first, which says what to do
    too_large = TooLarge(f"The file has more than {most // 2**20} MB; split it, or have `inkling import` take it in.")
    if size > most:
        raise too_large

    def chunks() -> Iterator[bytes]:
        seen = 0
        while chunk := request.stream.read(CHUNK):
            seen += len(chunk)
            if seen > most:
                raise too_large
            yield chunk

    return chunks()


def _expect_json() -> None:
    if request.mimetype != "application/json":
        raise WrongMediaType("Send JSON, with Content-Type: application/json.")


def json_object() -> dict[str, Any]:
    """Return the body, a JSON object, its values unchecked. Raises Malformed, Invalid, TooLarge, WrongMediaType."""
    _expect_json()
    raw = request.get_data(cache=False)
    if len(raw) >= (request.max_content_length or MAX_BODY):
        raise TooLarge("The request is too large; send less at once.")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("The body is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.")
    return value


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have. Raises ValueError."""
    raise ValueError(f"{name} is not JSON")


def objects(body: dict[str, Any], name: str, most: int, *, required: bool) -> list[Any]:
    """Return the list of objects under `name`. Raises Invalid, or TooLarge past `most`."""
    value = body.get(name)
    if value is None and not required:
        return []
    if not isinstance(value, list):
        raise Invalid("Must be a list of objects.", field=name)
    if len(value) > most:
        raise TooLarge(f"At most {most} at once; send the rest in another request.", field=name)
    return value
