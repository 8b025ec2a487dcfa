"""The readers of cards and events give the verdicts of the schemas that document them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import Schema

from server.api.schemas.events import Event as EventSchema
from server.api.schemas.papers import Card
from server.errors import Invalid
from server.services.parsing import read_card, read_event

junk = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.text(max_size=3), max_size=2)
)
times = st.sampled_from(
    ["2026-11-20T08:15:00Z", "2026-11-20T08:15:00+01:00", "2026-11-20", "1990-12-31T23:59:59Z", "soon"]
)
ids = st.sampled_from(["2401.12345", "arXiv:hep-th/9901001v2", "nope", "", "2401.12345\0"])
uuids = st.uuids().map(str) | st.sampled_from(["", "x", "00000000-0000-0000-0000-00000000000G"])
pages = st.sampled_from(["daily/2026-11-20", "trending", "https://a.b/c?q=d", "search?q=x", "daily/a b", "", "x" * 65])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, each mostly of its kind and now and then junk."""
    return st.fixed_dictionaries({}, optional={name: kind | junk for name, kind in fields.items()})


cards = some(
    id=ids,
    title=st.text(max_size=20) | st.sampled_from(["x" * 2001, "\ud800", "a\0b"]),
    abstract=st.text(max_size=20),
    authors=st.lists(st.text(max_size=5) | st.just("\udfff"), max_size=3),
    published_at=times,
    upvotes=st.integers(-1, 3) | st.just(2**31),
    categories=st.lists(st.text(max_size=5), max_size=3) | st.just(["c"] * 101),
    organization=st.text(max_size=5),
)
events = st.fixed_dictionaries(
    {"id": uuids, "kind": st.sampled_from(["open", "save", "impression", "wish"]), "paper": ids, "at": times},
    optional={
        "list_id": st.text(max_size=5) | junk,
        "position": st.integers(-1, 3) | junk,
        "surface": st.sampled_from(["card", "panel", "moon"]) | junk,
        "page": pages | junk,
    },
)


def refusal(read: Callable[[Any], Any], value: Any) -> str | None:
    try:
        read(value)
    except Invalid as error:
        return error.field
    return None


def by_schema(schema: Schema, value: dict[str, Any]) -> set[str]:
    return set(schema.validate(value))


@given(cards)
@example({"id": "2401.12345", "title": "\ud800"})
def test_cards(card: dict[str, Any]) -> None:
    wrong = by_schema(Card(), card)
    field = refusal(read_card, card)
    assert (field is None) == (not wrong)
    assert field is None or field.split(".")[0] in wrong


@given(events)
@example({"id": "x", "kind": "open", "paper": "2401.12345", "at": "2026-11-20T08:15:00Z"})
def test_events(event: dict[str, Any]) -> None:
    wrong = by_schema(EventSchema(), event)
    field = refusal(read_event, event)
    # What JSON Schema cannot say, the description does.
    early = field == "at" and str(event["at"]).startswith("1990")
    lost = event["kind"] == "impression" and field in {"list_id", "position"}
    assert field in wrong or early or lost or (field is None and not wrong)


def test_a_card_is_read_as_canonical_id_and_clean_facts() -> None:
    card = read_card({"id": "arXiv:2401.12345v2", "title": "  A title\n", "abstract": " ", "authors": ["Ann", ""]})
    assert (card["id"], card["input_id"]) == ("2401.12345", "arXiv:2401.12345v2")
    assert (card["title"], card["abstract"], card["authors"], card["upvotes"]) == ("A title", None, ["Ann"], None)


def test_ids_of_events_are_compared_without_regard_to_case() -> None:
    sent = {
        "id": "AAAAAAAA-0000-4000-8000-00000000000A",
        "kind": "open",
        "paper": "2401.1234",
        "at": "2026-11-20T08:15:00Z",
    }
    assert read_event(sent).id == "aaaaaaaa-0000-4000-8000-00000000000a"


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_object_is_refused(value: Any) -> None:
    for read in (read_card, read_event):
        with pytest.raises(Invalid):
            read(value)
