"""Secrets and signatures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.tokens import Keys, new_code, new_token, split_code, token_hash

keys = Keys("a secret")


def test_a_token_is_long_and_its_hash_does_not_contain_it() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token not in token_hash(token)
    assert new_token() != token


def test_a_code_may_be_typed_carelessly() -> None:
    code = new_code()
    assert split_code(code.lower().replace("-", " ")) == split_code(code)
    assert split_code("OIL0-0000-0000") == split_code("0110-0000-0000")
    assert split_code("too short") is None
    assert split_code("UUUU-UUUU-UUUU") is None


def test_a_list_id_is_good_for_its_reader_alone() -> None:
    made = keys.new_list_id("one", "20261120-abc")
    said = keys.read_list_id("one", made)
    assert said is not None
    assert said.model == "20261120-abc"
    assert keys.read_list_id("two", made) is None
    assert Keys("another").read_list_id("one", made) is None
    assert keys.read_list_id("one", "x" + made) is None


@given(st.text(max_size=200))
def test_no_invented_list_id_passes(invented: str) -> None:
    assert keys.read_list_id("one", invented) is None


def test_a_renewed_feed_address_ends_the_old_one() -> None:
    old = keys.feed_secret("one", 0)
    assert keys.is_feed_secret(old, "one", 0)
    assert not keys.is_feed_secret(old, "one", 1)
    assert not keys.is_feed_secret(old, "two", 0)
    assert not keys.is_feed_secret("é", "one", 0)


def test_what_is_kept_of_a_deleted_event_depends_on_the_servers_secret() -> None:
    assert keys.event_hash("one", "an id") != Keys("another").event_hash("one", "an id")
    assert keys.event_hash("one", "an id") != keys.event_hash("two", "an id")
