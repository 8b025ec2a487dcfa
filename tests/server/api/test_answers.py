"""Answers as JSON, whatever is echoed in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, jsonify

from server.api import answers
from tests.server.conftest import Device


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"b": [1, 2.5, None, True], "a": {"x": "é \u2028 \U0001d54f </script>"}, "z": -0.0},
        {"huge": 2**70, "half": "\ud800", "1": [[]]},
        {"many": [{"share": 0.1 + 0.2, "words": ["kv-cache"]}] * 1000},
    ],
)
def test_an_answer_says_what_it_was_given_in_its_order(value: dict[str, Any]) -> None:
    app = Flask("answers")
    answers.install(app)
    with app.test_request_context():
        answer = jsonify(value)
    assert answer.mimetype == "application/json"
    read = json.loads(answer.get_data())
    assert read == value
    assert list(read) == list(value)


@pytest.mark.parametrize("beside", ["a", 2**70, "\ud800"])
def test_what_is_no_number_is_null_whatever_stands_beside_it(beside: Any) -> None:
    app = Flask("answers")
    answers.install(app)
    with app.test_request_context():
        written = jsonify([float("nan"), {"card": (float("-inf"), 1.5)}, beside]).get_data()
    assert json.loads(written) == [None, {"card": [None, 1.5]}, beside]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sent", [2**70, -(2**64), 1.5, None, "no id, é \u2028"])
def test_an_id_that_is_none_comes_back_as_it_was_sent(me: Device, sent: Any) -> None:
    body = json.dumps({"papers": [{"id": sent, "title": "A title"}]})
    headers = {"Authorization": f"Bearer {me.token}"}
    answer = me.client.post("/v1/rank", data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    assert answer.json["cards"][0]["input_id"] == sent
