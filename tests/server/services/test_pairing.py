"""Pairing codes run out in every way they should."""

from __future__ import annotations

import pytest

from server.errors import BadCode, Forbidden, NotFound, PairingRequired, Unauthenticated
from server.services import pairing
from server.services.context import Context
from server.services.pairing import CODE_ATTEMPTS, CODE_SECONDS, NewDevice, Recipient
from server.store import devices, readers
from server.store.database import Database
from server.store.tables import devices as device_table
from server.store.tables import pairing_codes

NOW = 1_795_300_000.0


def register(
    context: Context, code: str | None = None, *, mode: str = "first", local: bool = True, now: float = NOW
) -> NewDevice:
    return pairing.register(context, "a browser", code, registration=mode, local=local, now=now)


def wrong(code: str) -> str:
    """Return a code found by the same letters but with another secret."""
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_a_code_works_once(context: Context) -> None:
    first = register(context)
    code = pairing.new_code(context, first.reader_id, NOW).code
    assert register(context, code).reader_id == first.reader_id
    with pytest.raises(BadCode):
        register(context, code)


def test_a_code_ends_after_half_an_hour(context: Context) -> None:
    code = pairing.new_code(context, register(context).reader_id, NOW).code
    with pytest.raises(BadCode):
        register(context, code, now=NOW + CODE_SECONDS)


def test_a_code_ends_after_ten_attempts(context: Context) -> None:
    code = pairing.new_code(context, register(context).reader_id, NOW).code
    for _ in range(CODE_ATTEMPTS):
        with pytest.raises(BadCode):
            register(context, wrong(code))
    with pytest.raises(BadCode):
        register(context, code)


def test_nine_attempts_leave_one(context: Context) -> None:
    first = register(context)
    code = pairing.new_code(context, first.reader_id, NOW).code
    for _ in range(CODE_ATTEMPTS - 1):
        with pytest.raises(BadCode):
            register(context, wrong(code))
    assert register(context, code).reader_id == first.reader_id


def test_neither_codes_nor_tokens_are_kept_as_they_are(context: Context, database: Database) -> None:
    made = register(context)
    code = pairing.new_code(context, made.reader_id, NOW).code
    with database.reading() as session:
        kept = str(session.execute(pairing_codes.select()).all()) + str(session.execute(device_table.select()).all())
    assert made.token not in kept
    assert code.replace("-", "") not in kept
    assert code[5:].replace("-", "") not in kept


def test_only_the_first_reader_gets_in_without_a_code_and_only_from_this_machine(context: Context) -> None:
    with pytest.raises(PairingRequired):
        register(context, local=False)
    register(context)
    with pytest.raises(PairingRequired):
        register(context)


def test_a_closed_server_wants_a_code_from_the_first(context: Context) -> None:
    with pytest.raises(PairingRequired):
        register(context, mode="closed")
    code = pairing.new_code(context, None, NOW).code
    made = register(context, code, mode="closed")
    assert pairing.authenticate(context, made.token, NOW).operator


def test_an_open_server_lets_everybody_in_and_makes_nobody_its_operator(context: Context) -> None:
    made = [register(context, mode="open", local=False) for _ in range(2)]
    assert made[0].reader_id != made[1].reader_id
    assert not any(pairing.authenticate(context, one.token, NOW).operator for one in made)


def test_only_the_operator_invites_new_readers(context: Context) -> None:
    operator = pairing.authenticate(context, register(context).token, NOW)
    invited = register(context, pairing.code_by_reader(context, operator, "new", NOW).code)
    assert invited.reader_id != operator.reader_id
    guest = pairing.authenticate(context, invited.token, NOW)
    with pytest.raises(Forbidden):
        pairing.code_by_reader(context, guest, "new", NOW)


def test_a_code_for_nobody_is_refused(context: Context) -> None:
    with pytest.raises(NotFound, match="inkling devices"):
        pairing.new_code(context, "nobody", NOW)


def test_a_revoked_token_is_worth_nothing(context: Context, database: Database) -> None:
    made = register(context)
    with database.writing() as session:
        another = readers.create(session, NOW)
    with pytest.raises(NotFound):
        pairing.revoke(context, another, made.device_id)
    pairing.revoke(context, made.reader_id, made.device_id)
    with pytest.raises(Unauthenticated):
        pairing.authenticate(context, made.token, NOW)


def test_when_a_device_was_seen_is_known_to_five_minutes(context: Context, database: Database) -> None:
    made = register(context)
    for moment in (NOW + 100, NOW + 400):
        pairing.authenticate(context, made.token, moment)
    with database.reading() as session:
        assert [row["last_seen_at"] for row in devices.of_reader(session, made.reader_id, NOW)] == [NOW + 400]


def owners_code(context: Context) -> str:
    """Return the code that is printed when a server starts for the first time."""
    made = pairing.next_code(context, NOW)
    assert made
    return made.code


def test_a_new_servers_link_makes_its_operator(context: Context) -> None:
    code = owners_code(context)
    assert pairing.find_recipient(context, code, NOW) == Recipient(None, operator=True)
    made = register(context, code, mode="closed")
    assert pairing.authenticate(context, made.token, NOW).operator


def test_a_new_servers_link_is_its_operators_who_came_another_way_since(context: Context) -> None:
    code = owners_code(context)
    first = register(context)
    guest = register(context, pairing.new_code(context, None, NOW).code)
    assert pairing.find_recipient(context, code, NOW) == Recipient(
        first.reader_id, operator=True, devices=("a browser",)
    )
    second = register(context, code)
    assert second.reader_id == first.reader_id != guest.reader_id
    assert pairing.authenticate(context, second.token, NOW).operator


def test_a_stranger_who_came_first_to_an_open_server_gets_nobodys_link(context: Context) -> None:
    code = owners_code(context)
    stranger = register(context, mode="open", local=False)
    assert pairing.find_recipient(context, code, NOW) == Recipient(None, operator=True)
    owner = register(context, code)
    assert owner.reader_id != stranger.reader_id
    assert pairing.authenticate(context, owner.token, NOW).operator


@pytest.mark.parametrize("mode", ["first", "open"])
def test_the_next_link_of_a_server_with_one_reader_is_that_readers(context: Context, mode: str) -> None:
    first = register(context, mode=mode)
    code = owners_code(context)
    assert pairing.find_recipient(context, code, NOW).reader_id == first.reader_id
    assert register(context, code).reader_id == first.reader_id


def test_with_several_readers_it_has_to_be_said_whose_link_is_wanted(context: Context) -> None:
    for _ in range(2):
        register(context, mode="open")
    assert pairing.next_code(context, NOW) is None


def test_an_invitation_is_a_new_readers_however_many_there_are(context: Context) -> None:
    register(context)
    code = pairing.new_code(context, None, NOW).code
    assert pairing.find_recipient(context, code, NOW) == Recipient(None, operator=False)
    assert not pairing.authenticate(context, register(context, code).token, NOW).operator


def test_looking_at_a_code_uses_nothing_up_and_guessing_at_one_does(context: Context) -> None:
    first = register(context)
    code = pairing.new_code(context, first.reader_id, NOW).code
    for _ in range(2 * CODE_ATTEMPTS):
        pairing.find_recipient(context, code, NOW)
    for _ in range(CODE_ATTEMPTS):
        with pytest.raises(BadCode):
            pairing.find_recipient(context, wrong(code), NOW)
    with pytest.raises(BadCode):
        register(context, code)


def test_codes_that_a_device_made_end_with_it(context: Context) -> None:
    first = register(context)
    second = register(context, pairing.new_code(context, first.reader_id, NOW).code)
    by_first, by_second = (
        [
            pairing.code_by_reader(context, caller, reader, NOW).code
            for caller in [pairing.authenticate(context, device.token, NOW)]
            for reader in ("me", "new")
        ]
        for device in (first, second)
    )
    from_the_shell = pairing.new_code(context, first.reader_id, NOW).code
    pairing.revoke(context, first.reader_id, second.device_id)
    for code in by_second:
        with pytest.raises(BadCode):
            register(context, code)
    for code in (*by_first, from_the_shell):
        assert register(context, code).token


def test_the_feed_has_another_address_once_a_device_is_revoked(context: Context) -> None:
    first = register(context)
    second = register(context, pairing.new_code(context, first.reader_id, NOW).code)
    before = pairing.authenticate(context, first.token, NOW).feed_number
    pairing.revoke(context, first.reader_id, second.device_id)
    assert pairing.authenticate(context, first.token, NOW).feed_number != before
    with pytest.raises(NotFound):
        pairing.revoke(context, first.reader_id, second.device_id)
    assert pairing.authenticate(context, first.token, NOW).feed_number == before + 1


def test_who_leaves_takes_their_invitations_along(context: Context, database: Database) -> None:
    first = register(context)
    caller = pairing.authenticate(context, first.token, NOW)
    code = pairing.code_by_reader(context, caller, "new", NOW).code
    with database.writing() as session:
        readers.remove(session, first.reader_id)
    with pytest.raises(BadCode):
        register(context, code)
