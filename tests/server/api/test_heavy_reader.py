"""A reader of 100,000 events: nothing that is asked of the database grows with their log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event as engine_events

from server.api.pagination import write_cursor
from server.services.context import Context
from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.heavy import EACH, fill

EVENTS = 100_000
PAPERS = EVENTS // EACH
SAVED = PAPERS // 10


class Asked:
    """What was asked of the database: the longest statement, and the most rows written at once."""

    def __init__(self) -> None:
        self.longest, self.parameters, self.rows = 0, 0, 0

    def __call__(self, _connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        self.longest = max(self.longest, len(statement))
        if many:
            self.rows = max(self.rows, len(given))
        else:
            self.parameters = max(self.parameters, len(given))


@pytest.fixture
def asked(context: Context, me: Device) -> Iterator[Asked]:
    fill(context.database, me.reader_id, EVENTS)
    found = Asked()
    engine_events.listen(context.database.engine, "before_cursor_execute", found)
    yield found
    engine_events.remove(context.database.engine, "before_cursor_execute", found)


@pytest.mark.slow
def test_a_reader_of_100_000_events_is_served_like_any_other(me: Device, asked: Asked) -> None:
    exported = me.get("/v1/me/export")
    assert exported.status_code == 200
    file = json.loads(exported.data)
    assert (len(file["events"]), len(file["papers"]), len(file["library"])) == (EVENTS, PAPERS, SAVED)
    assert me.get("/v1/me").json["counts"] == {"events": EVENTS, "opened": PAPERS - SAVED, "saved": SAVED, "hidden": 0}

    ids = [one["id"] for one in file["events"]]
    deep = write_cursor((1_700_000_000.0 + 300, 301))  # the log begins at number 1
    page = me.get(f"/v1/me/events?limit=200&cursor={deep}").json
    assert [one["id"] for one in page["items"]] == ids[-300:-100]

    assert me.rank(limit=10)["recommended"] == []  # all there is was read
    me.log(event("open", "2401.10001", at="2026-11-21T00:00:00Z"))
    assert me.rank({"id": "2401.10001"})["cards"][0]["state"]["opened_at"] == "2026-11-21T00:00:00Z"
    assert me.call("DELETE", f"/v1/me/events/{ids[7]}").status_code == 204

    assert me.post("/v1/me/reset", {}).json == {"forgotten": EVENTS - SAVED}
    assert me.get("/v1/me").json["counts"] == {"events": SAVED, "opened": 0, "saved": SAVED, "hidden": 0}
    assert me.get("/v1/library").json["items"][0]["note"] == "a note"
    assert me.call("DELETE", "/v1/me").status_code == 204
    assert me.get("/v1/me").status_code == 401
    assert (asked.longest < 3000, asked.parameters < 300, asked.rows <= 500) == (True, True, True), vars(asked)


def _steps(context: Context, ask: Callable[[], object]) -> int:
    """Return how many steps SQLite took for a request, to the hundred."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    def attach(connection: Any, *_: object) -> None:
        connection.set_progress_handler(count, 100)

    engine_events.listen(context.database.engine, "checkout", attach)
    try:
        ask()
    finally:
        engine_events.remove(context.database.engine, "checkout", attach)
    return taken * 100


@pytest.mark.slow
@sqlite_only
def test_ranking_after_one_more_open_reads_no_more_for_a_long_history(
    me: Device, other: Device, context: Context
) -> None:
    fill(context.database, me.reader_id, 50_000)  # 10,000 papers
    fill(context.database, other.reader_id, 500)  # 100 papers
    steps = {}
    for device in (other, me):
        device.rank(card(1))
        device.log(event("open", "2401.10001", at="2026-11-21T00:00:00Z"))
        steps[device] = _steps(context, lambda device=device: device.rank(card(1)))
    assert steps[me] < 2 * steps[other]


@sqlite_only
def test_a_page_deep_in_the_log_costs_what_the_first_costs(me: Device, context: Context) -> None:
    fill(context.database, me.reader_id, 50_000)
    deep = write_cursor((1_700_000_000.0 + 300, 301))
    first = _steps(context, partial(me.get, "/v1/me/events?limit=100"))
    assert _steps(context, partial(me.get, f"/v1/me/events?limit=100&cursor={deep}")) < 2 * first
