"""Text that was stored counts at once, whichever use case stored it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

from server.config import Settings
from server.services import events, papers
from server.services.context import Context
from server.services.serving_context import ServingContext
from server.store import readers
from tests.server.conftest import sqlite_only

NOW = 1_795_300_000.0
CARD = {"id": "2401.00001", "title": "A title", "abstract": "Some words about retrieval."}


@pytest.fixture
def serving(settings: Settings) -> Iterator[ServingContext]:
    found = ServingContext.of(Settings.from_environment(settings.to_environment(), confirm_page_text=False))
    found.model_cache.refresh()
    yield found
    found.close()


@pytest.fixture
def reader(serving: ServingContext) -> str:
    with serving.database.writing() as session:
        return readers.create(session, NOW)


@sqlite_only
def test_cards_sent_with_events_are_served_at_once(serving: ServingContext, reader: str) -> None:
    events.log(serving, reader, [], [CARD], now=NOW)
    assert CARD["id"] in serving.model_cache.current().catalogue


@sqlite_only
def test_nothing_is_served_of_a_transaction_that_failed(serving: ServingContext, reader: str) -> None:
    with suppress(ZeroDivisionError), papers.changing_texts(serving) as (session, changed):
        changed.update(papers.merge_cards(session, reader, [CARD], confirm=False, now=NOW))
        raise ZeroDivisionError
    assert CARD["id"] not in serving.model_cache.current().catalogue


@sqlite_only
def test_a_process_that_serves_nothing_only_stores(serving: ServingContext, reader: str) -> None:
    plain = Context.of(serving.settings)
    events.log(plain, reader, [], [CARD], now=NOW)
    plain.close()
    assert CARD["id"] not in serving.model_cache.current().catalogue
    serving.model_cache.refresh()
    assert CARD["id"] in serving.model_cache.current().catalogue
