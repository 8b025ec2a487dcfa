"""What a stranger gets behind a real nginx, set up as its manual says and as people do."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import nginx
from tests.server.inkling_process import Up, call, log_open, logged, run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc to see what is left running"),
    pytest.mark.skipif(nginx.PROGRAM is None, reason=nginx.MISSING),
]
AS_ADVISED = (
    "proxy_set_header Host $http_host;",
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
    "proxy_set_header X-Forwarded-Host $http_host;",
    'proxy_set_header X-Forwarded-Port "";',
)
SET_UP = {
    "by default": (),
    "with Host": ("proxy_set_header Host $http_host;",),
    "with HTTP/1.1": ("proxy_http_version 1.1;", "proxy_set_header X-Real-IP $remote_addr;"),
    "as advised": AS_ADVISED,
    "advised, HTTP/1.1": ("proxy_http_version 1.1;", *AS_ADVISED),
}


@pytest.fixture(scope="module", params=["0", "1"])
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A server nobody is paired with yet, that lets the first on this machine in."""
    home = tmp_path_factory.mktemp("ink") / "home"
    with Up(home, INKLING_TRUSTED_PROXIES=request.param) as found:
        yield found


def status(url: str, path: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, headers=headers), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("set_up", SET_UP)
@pytest.mark.parametrize("claim", [{}, {"X-Forwarded-For": "127.0.0.1"}, {"Host": "127.0.0.1:8765"}])
def test_a_stranger_is_not_this_machine(up: Up, tmp_path: Path, set_up: str, claim: dict[str, str]) -> None:
    with nginx.running(tmp_path, up.url, *SET_UP[set_up]) as url:
        assert status(url, "/healthz", **claim) == 200
        assert status(url, "/metrics", **claim) == 403
        told = register(url, claim)
    assert told == (403, "pairing_required")


def register(url: str, headers: dict[str, str]) -> tuple[int, str]:
    body = json.dumps({"name": "a stranger's browser"}).encode()
    asked = urllib.request.Request(url + "/v1/devices", body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]["code"]


def test_this_machine_is_still_let_in_beside_the_proxy(up: Up) -> None:
    assert status(up.url, "/metrics") == 200


def test_who_has_a_code_is_served_through_it(up: Up, tmp_path: Path) -> None:
    code = json.loads(run("pair", "--new", "--json", home=up.home).stdout)["code"]
    with nginx.running(tmp_path, up.url, *AS_ADVISED) as url:
        paired = call(url, "/v1/devices", {"name": "a browser", "code": code})
        assert paired[0] == 201
        token = paired[1]["token"]
        assert log_open(url, token, "2401.00001") in logged(url, token)
        made = call(url, "/v1/pairing-codes", {"reader": "me"}, token)[1]
    # By Host, which the proxy passes on: the link is for the address the reader knows.
    assert made["link"].startswith(f"{url}/pair#")
