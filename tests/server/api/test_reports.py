"""Reports of drift are counted, and cannot make the count grow without end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import LOOPBACK, Device

REPORT = {"kind": "drift", "site": "huggingface", "page_kind": "daily", "seen": 3, "expected": 40, "version": "0.1.0"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_report_is_counted(me: Device) -> None:
    assert me.post("/v1/client-reports", REPORT).status_code == 202
    assert me.post("/v1/client-reports", {**REPORT, "site": "a-site-of-tomorrow"}).status_code == 202
    text = me.client.get("/metrics", base_url=LOOPBACK).text
    assert 'inkling_client_reports_total{kind="drift",page_kind="daily",site="huggingface"}' in text
    assert 'site="other"' in text
    assert "tomorrow" not in text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "x"}, "kind"),
        ({"site": "https://x"}, "site"),
        ({"seen": -1}, "seen"),
        ({"expected": "4"}, "expected"),
        ({"version": 3}, "version"),
    ],
)
def test_what_is_wrong_with_a_report_is_named(me: Device, change: dict[str, Any], field: str) -> None:
    answer = me.post("/v1/client-reports", {**REPORT, **change})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
