"""flask-smorest with the contract's errors and our own JSON parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from flask import Response
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException

from server.api import errors
from server.api.authentication import require_reader
from server.api.requests import json_object
from server.api.schemas.base import ErrorAnswer
from server.errors import Invalid


class Parser(FlaskParser):
    """Reads bodies with `json_object` and raises the project's errors."""

    def load_json(self, req: Any, schema: Schema) -> Any:
        """Return the body's object."""
        return json_object()

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        """Name the first field that is wrong, and what is wrong with it."""
        field, message = _first(error.messages)
        raise Invalid(message, field=field or None) from error


def _first(messages: Any) -> tuple[str, str]:
    """Return (dotted field, sentence) of the first of marshmallow's nested messages, without the location."""
    path: list[str] = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        path.append(str(name))
    sentence = messages[0] if isinstance(messages, list) else messages
    return ".".join(part for part in path[1:] if part != "_schema"), str(sentence)


# The parameter of routes with a paper in the path.
PAPER = [
    {
        "in": "path",
        "name": "paper_id",
        "required": True,
        "description": "Also with the prefix arXiv:; the slash of an old id may be written / or %2F.",
        "schema": {"type": "string", "pattern": r"^([0-9]{4}\.[0-9]{4,5}|[a-z-]+/[0-9]{7})(v[0-9]+)?$"},
        "example": "2401.12345",
    }
]


class Blueprint(SmorestBlueprint):
    """A resource; its views need a device's token unless it is `open_to_all`."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, *, open_to_all: bool = False, **more: Any) -> None:
        super().__init__(name, import_name, **more)
        self.open_to_all = open_to_all
        if not open_to_all:
            self.before_request(require_reader)
            self._prepare_doc_cbks.append(self._document_token)

    def _document_token(self, doc: dict[str, Any], doc_info: dict[str, Any], **context: Any) -> dict[str, Any]:
        """Say of a view that it needs the device's token."""
        return {**doc, "security": [{"token": []}]}

    def body(self, schema: type[Schema]) -> Callable[[Any], Any]:
        """Document the body of a view that parses it itself."""
        content = {"application/json": {"schema": schema}}
        return self.doc(requestBody={"required": True, "content": content})


class Api(SmorestApi):
    """The OpenAPI document and the error shape."""

    ERROR_SCHEMA = ErrorAnswer

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer in the contract's shape, with the headers that flask-smorest drops (such as Allow of a 405)."""
        return errors.http_error(error)
