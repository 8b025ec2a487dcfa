"""Paper ids, by the table that the extension's tests read too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.errors import BadPaperId
from server.paper_ids import canonical, is_canonical, web_address

CASES = json.loads((Path(__file__).parents[1] / "contract" / "ids.json").read_text())
new_ids = st.from_regex(r"[0-9]{4}\.[0-9]{4,5}", fullmatch=True)
old_ids = st.from_regex(r"[a-z][a-z-]{0,10}/[0-9]{7}", fullmatch=True)
any_id = new_ids | old_ids


@pytest.mark.parametrize("case", CASES, ids=[repr(case["written"]) for case in CASES])
def test_the_shared_table(case: dict[str, str | None]) -> None:
    if case["id"] is None:
        with pytest.raises(BadPaperId):
            canonical(case["written"] or "")
    else:
        assert canonical(case["written"] or "") == case["id"]


@given(any_id)
def test_a_canonical_id_stays_as_it_is(paper_id: str) -> None:
    assert canonical(paper_id) == paper_id
    assert is_canonical(paper_id)


@given(
    any_id,
    st.integers(0, 999),
    st.sampled_from(["abs", "pdf", "html"]),
    st.sampled_from(["arxiv.org", "www.alphaxiv.org"]),
)
def test_every_way_to_write_an_id_means_the_same(paper_id: str, version: int, folder: str, host: str) -> None:
    if host == "www.alphaxiv.org" and folder == "html":
        folder = "abs"
    ways = [f"{paper_id}v{version}", f"arXiv:{paper_id}", f"https://{host}/{folder}/{paper_id}v{version}"]
    assert {canonical(way) for way in [*ways, web_address(paper_id)]} == {paper_id}


def test_an_archive_has_a_name_of_bearable_length() -> None:
    assert canonical("a" * 31 + "/1234567")
    with pytest.raises(BadPaperId):
        canonical("a" * 32 + "/1234567")


@given(st.text())
@example("2401.12345\0")
@example("٢٤٠١.١٢٣٤٥")
def test_whatever_is_written_gives_a_canonical_id_or_a_refusal(written: str) -> None:
    try:
        found = canonical(written)
    except BadPaperId:
        return
    assert is_canonical(found)
