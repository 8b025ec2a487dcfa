"""The page /docs: the OpenAPI document as HTML, rendered without scripts or anything from other sites."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template
from flask_smorest import Api

from server.api.pairing_page import POLICY

Spec = dict[str, Any]

_MAX_DEPTH = 3


def install(app: Flask, api: Api) -> None:
    """Add the page; call after every blueprint is registered."""
    blueprint = Blueprint("docs", __name__)
    calls = _calls(api.spec.to_dict())

    @blueprint.get("/docs")
    def docs() -> Response:
        page = render_template("docs.html", calls=calls, title=api.spec.title, version=api.spec.version)
        response = make_response(page)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    app.register_blueprint(blueprint)


def _calls(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every call of the document as a flat list for the template."""
    schemas = spec.get("components", {}).get("schemas", {})
    return [
        _call(path, method, operation, methods.get("parameters", []), schemas)
        for path, methods in spec.get("paths", {}).items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def _call(path: str, method: str, operation: Spec, shared: list[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    answers = [
        {"status": status, "fields": _fields(_schema_of(answer), schemas)}
        for status, answer in operation.get("responses", {}).items()
        if status != "default"
    ]
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "tag": next(iter(operation.get("tags", [])), ""),
        "open": "security" not in operation,
        "parameters": [*shared, *operation.get("parameters", [])],
        "body": _fields(_schema_of(operation.get("requestBody", {})), schemas),
        "answers": answers,
    }


def _schema_of(part: dict[str, Any]) -> dict[str, Any]:
    return next((kind.get("schema", {}) for kind in part.get("content", {}).values()), {})


def _fields(schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """Return the fields of a schema and those nested in them, each with its depth."""
    found = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    rows: list[dict[str, Any]] = []
    for name, described in found.get("properties", {}).items():
        required = name in found.get("required", [])
        row = {"name": name, "depth": depth, "type": _type(described), "required": required, "text": _text(described)}
        inner = described.get("items", described)
        rows += [row, *(_fields(inner, schemas, depth + 1) if "$ref" in inner and depth < _MAX_DEPTH else ())]
    return rows


def _type(described: dict[str, Any]) -> str:
    if "$ref" in described:
        return str(described["$ref"]).rpartition("/")[2]
    if described.get("type") == "array":
        return f"list of {_type(described.get('items', {}))}"
    kind = described.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _text(described: dict[str, Any]) -> str:
    choices = [str(choice) for choice in described.get("enum", []) if choice is not None]
    return described.get("description", "") or ", ".join(choices)
