"""Which Valkey is run, and where its socket goes."""

from __future__ import annotations

import os
import stat

import pytest

from server.supervise import valkey


def test_one_on_path_comes_before_the_wheels(tmp_path, monkeypatch):
    for name in ("valkey-server", "redis-server"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert valkey.find_server() == str(tmp_path / "redis-server")
    (tmp_path / "redis-server").unlink()
    assert valkey.find_server() == str(tmp_path / "valkey-server")
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert os.access(valkey.find_server(), os.X_OK)


def test_without_the_wheel_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(valkey, "get_binary_path", None)
    assert valkey.find_server() is None

    def broken():
        raise OSError("unsupported")

    monkeypatch.setattr(valkey, "get_binary_path", broken)
    assert valkey.find_server() is None


def test_the_socket_is_in_the_home_when_that_is_short(tmp_path):
    assert valkey.socket_path(tmp_path / "r") == tmp_path / "r" / "valkey.sock"


def test_a_long_home_gets_a_short_private_folder(tmp_path):
    run = tmp_path / ("long" * 30)
    found = valkey.socket_path(run)
    assert len(os.fsencode(found)) <= valkey.MAX_SOCKET_PATH
    assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert valkey.socket_path(run) == found
    found.parent.rmdir()


def test_a_folder_somebody_else_prepared_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(valkey.tempfile, "gettempdir", lambda: str(tmp_path))
    run = tmp_path / ("long" * 30)
    trap = valkey.socket_path(run).parent
    trap.chmod(0o777)
    assert valkey.socket_path(run).parent != trap


@pytest.mark.parametrize("sock", ["absent", "file"])
def test_nothing_answers_where_no_server_is(tmp_path, sock):
    (tmp_path / "file").touch()
    assert not valkey.is_answering(tmp_path / sock)
