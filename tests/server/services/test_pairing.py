"""Pairing codes run out in every way they should."""

from __future__ import annotations

import pytest

from server.errors import BadCode, Forbidden, NotFound, PairingRequired, Unauthenticated
from server.services import pairing
from server.services.pairing import CODE_ATTEMPTS, CODE_SECONDS, Paired, Whose
from server.store import devices, readers
from server.store.database import Database
from server.store.tables import devices as device_table
from server.store.tables import pairing_codes
from server.tokens import Keys

NOW = 1_795_300_000.0
keys = Keys("a secret")


def register(
    database: Database, code: str | None = None, *, mode: str = "first", local: bool = True, now: float = NOW
) -> Paired:
    return pairing.register(database, keys, "a browser", code, registration=mode, local=local, now=now)


def wrong(code: str) -> str:
    """Return a code found by the same letters but with another secret."""
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_a_code_works_once(database: Database) -> None:
    first = register(database)
    code = pairing.new_code(database, keys, first.reader_id, NOW).code
    assert register(database, code).reader_id == first.reader_id
    with pytest.raises(BadCode):
        register(database, code)


def test_a_code_ends_after_half_an_hour(database: Database) -> None:
    code = pairing.new_code(database, keys, register(database).reader_id, NOW).code
    with pytest.raises(BadCode):
        register(database, code, now=NOW + CODE_SECONDS)


def test_a_code_ends_after_ten_attempts(database: Database) -> None:
    code = pairing.new_code(database, keys, register(database).reader_id, NOW).code
    for _ in range(CODE_ATTEMPTS):
        with pytest.raises(BadCode):
            register(database, wrong(code))
    with pytest.raises(BadCode):
        register(database, code)


def test_nine_attempts_leave_one(database: Database) -> None:
    first = register(database)
    code = pairing.new_code(database, keys, first.reader_id, NOW).code
    for _ in range(CODE_ATTEMPTS - 1):
        with pytest.raises(BadCode):
            register(database, wrong(code))
    assert register(database, code).reader_id == first.reader_id


def test_neither_codes_nor_tokens_are_kept_as_they_are(database: Database) -> None:
    made = register(database)
    code = pairing.new_code(database, keys, made.reader_id, NOW).code
    with database.reading() as session:
        kept = str(session.execute(pairing_codes.select()).all()) + str(session.execute(device_table.select()).all())
    assert made.token not in kept
    assert code.replace("-", "") not in kept
    assert code[5:].replace("-", "") not in kept


def test_only_the_first_reader_gets_in_without_a_code_and_only_from_this_machine(database: Database) -> None:
    with pytest.raises(PairingRequired):
        register(database, local=False)
    register(database)
    with pytest.raises(PairingRequired):
        register(database)


def test_a_closed_server_wants_a_code_from_the_first(database: Database) -> None:
    with pytest.raises(PairingRequired):
        register(database, mode="closed")
    code = pairing.new_code(database, keys, None, NOW).code
    made = register(database, code, mode="closed")
    assert pairing.authenticate(database, made.token, NOW).operator


def test_an_open_server_lets_everybody_in_and_makes_nobody_its_operator(database: Database) -> None:
    made = [register(database, mode="open", local=False) for _ in range(2)]
    assert made[0].reader_id != made[1].reader_id
    assert not any(pairing.authenticate(database, one.token, NOW).operator for one in made)


def test_only_the_operator_invites_new_readers(database: Database) -> None:
    operator = pairing.authenticate(database, register(database).token, NOW)
    invited = register(database, pairing.code_by_reader(database, keys, operator, "new", NOW).code)
    assert invited.reader_id != operator.reader_id
    guest = pairing.authenticate(database, invited.token, NOW)
    with pytest.raises(Forbidden):
        pairing.code_by_reader(database, keys, guest, "new", NOW)


def test_a_code_for_nobody_is_refused(database: Database) -> None:
    with pytest.raises(NotFound, match="inkling devices"):
        pairing.new_code(database, keys, "nobody", NOW)


def test_a_revoked_token_is_worth_nothing(database: Database) -> None:
    made = register(database)
    with database.writing() as session:
        another = readers.create(session, NOW)
    with pytest.raises(NotFound):
        pairing.revoke(database, another, made.device_id)
    pairing.revoke(database, made.reader_id, made.device_id)
    with pytest.raises(Unauthenticated):
        pairing.authenticate(database, made.token, NOW)


def test_when_a_device_was_seen_is_known_to_five_minutes(database: Database) -> None:
    made = register(database)
    for moment in (NOW + 100, NOW + 400):
        pairing.authenticate(database, made.token, moment)
    with database.reading() as session:
        assert [row["last_seen_at"] for row in devices.of_reader(session, made.reader_id)] == [NOW + 400]


def owners_code(database: Database) -> str:
    """Return the code that is printed when a server starts for the first time."""
    made = pairing.next_code(database, keys, NOW)
    assert made
    return made.code


def test_a_new_servers_link_makes_its_operator(database: Database) -> None:
    code = owners_code(database)
    assert pairing.whose(database, keys, code, NOW) == Whose(None, operator=True)
    made = register(database, code, mode="closed")
    assert pairing.authenticate(database, made.token, NOW).operator


def test_a_new_servers_link_is_its_operators_who_came_another_way_since(database: Database) -> None:
    code = owners_code(database)
    first = register(database)
    guest = register(database, pairing.new_code(database, keys, None, NOW).code)
    assert pairing.whose(database, keys, code, NOW) == Whose(first.reader_id, operator=True, devices=("a browser",))
    second = register(database, code)
    assert second.reader_id == first.reader_id != guest.reader_id
    assert pairing.authenticate(database, second.token, NOW).operator


def test_a_stranger_who_came_first_to_an_open_server_gets_nobodys_link(database: Database) -> None:
    code = owners_code(database)
    stranger = register(database, mode="open", local=False)
    assert pairing.whose(database, keys, code, NOW) == Whose(None, operator=True)
    owner = register(database, code)
    assert owner.reader_id != stranger.reader_id
    assert pairing.authenticate(database, owner.token, NOW).operator


@pytest.mark.parametrize("mode", ["first", "open"])
def test_the_next_link_of_a_server_with_one_reader_is_that_readers(database: Database, mode: str) -> None:
    first = register(database, mode=mode)
    code = owners_code(database)
    assert pairing.whose(database, keys, code, NOW).reader_id == first.reader_id
    assert register(database, code).reader_id == first.reader_id


def test_with_several_readers_it_has_to_be_said_whose_link_is_wanted(database: Database) -> None:
    for _ in range(2):
        register(database, mode="open")
    assert pairing.next_code(database, keys, NOW) is None


def test_an_invitation_is_a_new_readers_however_many_there_are(database: Database) -> None:
    register(database)
    code = pairing.new_code(database, keys, None, NOW).code
    assert pairing.whose(database, keys, code, NOW) == Whose(None, operator=False)
    assert not pairing.authenticate(database, register(database, code).token, NOW).operator


def test_looking_at_a_code_uses_nothing_up_and_guessing_at_one_does(database: Database) -> None:
    first = register(database)
    code = pairing.new_code(database, keys, first.reader_id, NOW).code
    for _ in range(2 * CODE_ATTEMPTS):
        pairing.whose(database, keys, code, NOW)
    for _ in range(CODE_ATTEMPTS):
        with pytest.raises(BadCode):
            pairing.whose(database, keys, wrong(code), NOW)
    with pytest.raises(BadCode):
        register(database, code)


def test_codes_that_a_device_made_end_with_it(database: Database) -> None:
    first = register(database)
    second = register(database, pairing.new_code(database, keys, first.reader_id, NOW).code)
    by_first, by_second = (
        [
            pairing.code_by_reader(database, keys, caller, reader, NOW).code
            for caller in [pairing.authenticate(database, device.token, NOW)]
            for reader in ("me", "new")
        ]
        for device in (first, second)
    )
    from_the_shell = pairing.new_code(database, keys, first.reader_id, NOW).code
    pairing.revoke(database, first.reader_id, second.device_id)
    for code in by_second:
        with pytest.raises(BadCode):
            register(database, code)
    for code in (*by_first, from_the_shell):
        assert register(database, code).token


def test_the_feed_has_another_address_once_a_device_is_revoked(database: Database) -> None:
    first = register(database)
    second = register(database, pairing.new_code(database, keys, first.reader_id, NOW).code)
    before = pairing.authenticate(database, first.token, NOW).feed_number
    pairing.revoke(database, first.reader_id, second.device_id)
    assert pairing.authenticate(database, first.token, NOW).feed_number != before
    with pytest.raises(NotFound):
        pairing.revoke(database, first.reader_id, second.device_id)
    assert pairing.authenticate(database, first.token, NOW).feed_number == before + 1


def test_who_leaves_takes_their_invitations_along(database: Database) -> None:
    first = register(database)
    caller = pairing.authenticate(database, first.token, NOW)
    code = pairing.code_by_reader(database, keys, caller, "new", NOW).code
    with database.writing() as session:
        readers.remove(session, first.reader_id)
    with pytest.raises(BadCode):
        register(database, code)
