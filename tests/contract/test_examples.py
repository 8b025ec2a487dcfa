"""The examples that the extension's tests read are what the API documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask

from server.app import create_app
from server.config import Settings

EXAMPLES = {
    f"{path.stem}: {example['call']} {example.get('note', '')}".strip(): example
    for path in sorted((Path(__file__).parent / "api").glob("*.json"))
    for example in json.loads(path.read_text())
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    app = create_app(Settings.from_environment({}, home=tmp_path_factory.mktemp("home")))
    yield app
    app.extensions["inkling"].close()


@pytest.fixture(scope="module")
def spec(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/openapi.json").json
    return found


def operation_of(app: Flask, spec: dict[str, Any], call: str) -> dict[str, Any] | None:
    """Return what the document says of a call such as `GET /v1/papers/2401.00001`, or None for a wrong method."""
    method, _, path = call.partition(" ")
    adapter = app.url_map.bind("localhost")
    if method not in adapter.allowed_methods(path.partition("?")[0]):
        return None
    rule, _ = adapter.match(path.partition("?")[0], method, return_rule=True)
    documented = rule.rule.replace("<path:", "{").replace("<string:", "{").replace(">", "}")
    found: dict[str, Any] = spec["paths"][documented][method.lower()]
    return found


def check(spec: dict[str, Any], part: dict[str, Any], value: Any) -> None:
    if "$ref" in part:
        part = spec["components"]["responses"][part["$ref"].rpartition("/")[2]]
    schema = part["content"]["application/json"]["schema"]
    jsonschema_rs.Draft202012Validator({**schema, "components": spec["components"]}).validate(value)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_an_example_is_as_documented(app: Flask, spec: dict[str, Any], example: dict[str, Any]) -> None:
    operation = operation_of(app, spec, example["call"])
    if operation is None:
        assert example["status"] == 405
        return
    # The example of rejected events shows what the document does not let through.
    if "request" in example and example["status"] < 400 and "rejected" not in json.dumps(example["response"]):
        check(spec, operation["requestBody"], example["request"])
    answers = operation["responses"]
    answer = answers.get(str(example["status"]), answers["default"])
    if example["response"] is None:
        assert example["status"] == 204
    else:
        check(spec, answer, example["response"])


def test_every_call_of_the_reader_has_an_example(app: Flask, spec: dict[str, Any]) -> None:
    shown = {
        example["call"].split("?")[0].partition(" ")[2].split("/")[2]
        for example in EXAMPLES.values()
        if "/v1/" in example["call"]
    }
    assert shown == {path.split("/")[2] for path in spec["paths"] if path.startswith("/v1/")}
