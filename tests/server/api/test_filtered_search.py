"""Search that filters looks further for what means the same: most of it may be filtered out."""

from __future__ import annotations

from server.services.context import Context
from server.services.search import MAX_MEANT
from tests.server.api.test_papers import public, publish
from tests.server.conftest import Device, sqlite_only


@sqlite_only
def test_what_a_filter_leaves_is_found_by_its_meaning_too(me: Device, context: Context) -> None:
    others = [public(number, title="zebra", abstract="") for number in range(MAX_MEANT + 20)]
    last = public(9_000, title="zebra", abstract="of quite other things " * 20, categories=["math.GT"])
    publish(context, *others, last)
    [found] = me.get("/v1/papers?q=zebra&category=math.GT").json["items"]
    assert [hit["field"] for hit in found["hits"]] == ["title", "categories", "meaning"]
