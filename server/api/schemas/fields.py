"""Marshmallow fields that follow the rules of `server/services/parsing.py`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate

from server.errors import Invalid
from server.services import parsing


class Text(fields.String):
    """A string that a database can store: without NUL or half a surrogate pair."""

    def __init__(
        self, *, longest: int, shortest: int = 0, pattern: str | None = None, one_of: Sequence[str] = (), **more: Any
    ) -> None:
        checks: list[Any] = [validate.OneOf(one_of)] if one_of else [validate.Length(min=shortest, max=longest)]
        if pattern:
            more["metadata"] = {"pattern": f"^(?:{pattern})$", **more.get("metadata", {})}
        super().__init__(validate=checks, **more)
        self.longest = longest
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            read = parsing.read_text(value, attr or "", self.longest)
        except Invalid as error:
            raise ValidationError(error.message) from error
        if self.pattern and not self.pattern.fullmatch(read):
            raise ValidationError("Not of the right form; see /docs.")
        return read


class Flag(fields.Boolean):
    """True or false, and no number or word for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> bool:
        try:
            return parsing.read_flag(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error


class ListWeight(fields.Float):
    """A factor of one of the weights by which a list is made."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(0, parsing.MAX_LIST_WEIGHT), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> float:
        try:
            return parsing.read_list_weight(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error


class Moment(Text):
    """An RFC 3339 time with its zone."""

    def __init__(self, **more: Any) -> None:
        metadata = {"format": "date-time", "examples": ["2026-11-20T08:15:00Z"], **more.pop("metadata", {})}
        super().__init__(longest=64, metadata=metadata, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            parsing.read_time(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error
        return str(value)


class PaperId(Text):
    """A paper id in any form; deserialized to the canonical id."""

    def __init__(self, **more: Any) -> None:
        metadata = {"description": "A bare id, an arXiv: form or an address.", "examples": ["2401.12345"]}
        super().__init__(longest=parsing.MAX_LENGTH["id"], metadata={**metadata, **more.pop("metadata", {})}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            return parsing.read_paper_id(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error


class Count(fields.Integer):
    """A whole number in a query, written in plain digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if isinstance(value, str) and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise ValidationError("Must be a whole number.")
        number = super()._deserialize(value, attr, data, **more)
        assert number is not None
        return int(number)


class PaperIds(fields.List):
    """Paper ids in a query, repeated (`exclude=A&exclude=B`) or separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[Any]:
        pieces = [piece for text in value for piece in text.split(",") if piece]
        return super()._deserialize(pieces, attr, data, **more)


class Whole(fields.Integer):
    """A whole number from 0 to `most`; JSON's 3.0 counts as one, true does not."""

    def __init__(self, most: int, **more: Any) -> None:
        super().__init__(validate=validate.Range(0, most), **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        try:
            return parsing.read_whole_number(value, attr or "", self.most) or 0
        except Invalid as error:
            raise ValidationError(error.message) from error
