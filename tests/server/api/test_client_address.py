"""Who is at the other end: what counts as this machine, and whom a limit counts for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.api.client_address import client_address, from_this_machine
from server.app import create_app, trust_proxies
from server.config import Settings
from tests.server.conftest import sqlite_only

HERE = "127.0.0.1:8765"


def telling(trusted: int) -> Flask:
    """Return an application that trusts so many proxies, with two addresses that tell of the peer."""
    app = Flask("telling")
    app.add_url_rule("/local", view_func=lambda: str(from_this_machine()))
    app.add_url_rule("/peer", view_func=client_address)
    trust_proxies(app, trusted)
    return app


@pytest.fixture(params=[0, 1, 2])
def behind(request: pytest.FixtureRequest) -> Flask:
    return telling(request.param)


def local(app: Flask, *, address: str = "127.0.0.1", protocol: str = "HTTP/1.1", **headers: str) -> bool:
    came = {"REMOTE_ADDR": address, "SERVER_PROTOCOL": protocol}
    answer = app.test_client().get("/local", headers={"Host": HERE, **headers}, environ_overrides=came)
    return answer.text == "True"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1", HERE, "localhost:8765", "LocalHost", "[::1]:8765"])
def test_this_machine_is_itself_however_many_proxies_are_trusted(behind: Flask, address: str, host: str) -> None:
    assert local(behind, address=address, Host=host)


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "::", "0.0.0.0", "", "unix:"])
def test_others_are_not(behind: Flask, address: str) -> None:
    assert not local(behind, address=address)


@pytest.mark.parametrize(
    "name",
    [
        *("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP", "X-Cluster-Client-IP"),
        *("CF-Connecting-IP", "Fastly-Client-IP", "X-Original-Host", "X-Original-Forwarded-For"),
        *("X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server"),
    ],
)
def test_with_any_sign_of_a_proxy_nobody_is_this_machine(behind: Flask, name: str) -> None:
    for told in ("127.0.0.1", "127.0.0.1, 127.0.0.1, 127.0.0.1", "for=127.0.0.1", ""):
        assert not local(behind, **{name: told})


def test_a_request_as_nginx_passes_it_on_by_default_is_not_this_machine(behind: Flask) -> None:
    assert not local(behind, protocol="HTTP/1.0", Connection="close")


@pytest.mark.parametrize(
    "host",
    ["inkling.example.org", "127.0.0.1.example.org", "localhost.example.org", "localhost.", "0x7f.1", "2130706433"],
)
def test_a_name_pointed_at_this_machine_is_not_it(behind: Flask, host: str) -> None:
    assert not local(behind, Host=host)


@sqlite_only
@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8765,evil.example", "127.0.0.1, 127.0.0.1", "127.0.0.1:evil.example", "127.0.0.1@evil.example"),
        *(
            "127.0.0.1:8765:80",
            "[::1",
            "[::1]evil.example",
            "::1",
            "127.0.0.1 evil",
            "127.0.0.1/evil",
            "127.0.0.1:123456",
        ),
        *("localhost%00.example", "http://127.0.0.1", "local\thost"),
    ],
)
def test_a_host_that_is_none_is_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "malformed")


@sqlite_only
@pytest.mark.parametrize(
    "host", ["", "inkling.example.org", "a_container:8765", "xn--bcher-kva.example", "[2001:db8::1]"]
)
def test_other_hosts_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def counted(app: Flask, address: str, **headers: str) -> str:
    return app.test_client().get("/peer", headers=headers, environ_overrides={"REMOTE_ADDR": address}).text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_limits_count_a_household_once(behind: Flask, one: str, other: str, same: bool) -> None:
    assert (counted(behind, one) == counted(behind, other)) is same


@pytest.mark.parametrize(("told", "same"), [("192.0.2.7:1234", True), ("192.0.2.7", True), ("192.0.2.70", False)])
def test_a_port_told_by_a_proxy_is_no_part_of_the_address(told: str, same: bool) -> None:
    found = counted(telling(1), "10.0.0.1", **{"X-Forwarded-For": told})
    assert (found == "192.0.2.7") is same


@sqlite_only
def test_guessing_is_slowed_down_for_a_household_and_before_the_body_is_read(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limit=True))
    client = app.test_client()
    statuses = [
        client.post(
            "/v1/devices",
            data=b"not even JSON",
            content_type="application/json",
            environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"},
        ).status_code
        for number in range(40)
    ]
    elsewhere = client.post("/v1/devices", json={}, environ_overrides={"REMOTE_ADDR": "2001:db8:0:1::1"})
    app.extensions["inkling"].close()
    assert set(statuses[:30]) == {400}
    assert set(statuses[31:]) == {429}
    assert elsewhere.status_code == 422
