"""Whether a port is free, and who has it if not."""

from __future__ import annotations

import os
import socket

import pytest

from server.supervise.ports import BindFailed, PortTaken, check_port


def listening(**options):
    taken = socket.socket()
    for option, value in options.items():
        taken.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken, taken.getsockname()[1]


def test_a_free_port_is_itself_and_nought_is_any():
    port = check_port("127.0.0.1", 0)
    assert check_port("127.0.0.1", port) == port


@pytest.mark.parametrize("options", [{}, {"SO_REUSEPORT": 1}])
def test_a_taken_port_names_the_process_that_has_it(options):
    taken, port = listening(**options)
    with taken, pytest.raises(PortTaken, match=rf"{port} is taken by process {os.getpid()} \(.*python"):
        check_port("127.0.0.1", port)


def test_every_address_of_the_machine_counts():
    taken, port = listening()
    with taken, pytest.raises(PortTaken):
        check_port("0.0.0.0", port)


def test_an_address_of_another_machine_is_refused_in_plain_words():
    with pytest.raises(BindFailed, match="INKLING_HOST"):
        check_port("192.0.2.7", 8765)
