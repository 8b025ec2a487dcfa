"""The polite client: paced, patient, bounded, and stopped when told to."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from server.errors import SourceRefused, SourceUnavailable
from server.sources import http
from server.sources.http import Client, Source, Stopped, retry_after
from tests.server.sources.listing_server import listing_server, status

OK = status(200, b"fine")


@pytest.fixture
def make(settings, source):
    """Give a maker of clients, which are closed afterwards."""
    made = []

    def make(settings=settings, url=source.url, pace=0.0, **more):
        made.append(Client(Source("the source", url, pace), settings, **more))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make):
    return make()


def test_says_who_asks_and_whom_to_write_to(client, source):
    source.script = [OK]
    assert client.get("/x", {"a": 1}) == b"fine"
    assert source.asked == [("/x", {"a": "1"})]
    (agent,) = source.agents
    assert agent.startswith("Inkling/")
    assert "operator@example.org" in agent


@pytest.mark.parametrize("code", [429, 500, 502, 503])
def test_passing_trouble_is_waited_out(client, source, code):
    source.script = [status(code), status(code), OK]
    assert client.get("/x", {}) == b"fine"
    assert source.times[2] - source.times[0] > 0.05


def test_retry_after_is_heeded(client, source):
    source.script = [status(429, Retry_After="1"), OK]
    assert client.get("/x", {}) == b"fine"
    assert source.times[1] - source.times[0] >= 1


def test_an_exhausted_rate_limit_is_waited_for(client, source):
    source.script = [status(200, b"fine", RateLimit='"api";r=0;t=1'), OK]
    client.get("/x", {})
    client.get("/x", {})
    assert source.times[1] - source.times[0] >= 1


@pytest.mark.parametrize("code", [403, 429, 500, 503])
@pytest.mark.parametrize("written", ["3600", "3600.0", " 3600 ", "3600, 7200", "date"])
def test_a_long_wait_is_not_waited_here_but_told(client, source, code, written):
    until = datetime.now(UTC) + timedelta(seconds=3600)
    source.script = [status(code, Retry_After=format_datetime(until, usegmt=True) if written == "date" else written)]
    with pytest.raises(SourceUnavailable, match=rf"status {code} and asks to be left alone until 20\d\d-") as told:
        client.get("/x", {})
    assert not isinstance(told.value, SourceRefused)
    assert abs(told.value.retry_at - until.timestamp()) < 5
    with pytest.raises(SourceUnavailable, match="left alone") as again:
        client.get("/x", {})
    assert abs(again.value.retry_at - told.value.retry_at) < 1
    assert len(source.asked) == 1


@pytest.mark.parametrize("written", ["9" * 5000, "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_is_left_alone_for_ever(client, source, written):
    source.script = [status(503, Retry_After=written)]
    with pytest.raises(SourceUnavailable) as told:
        client.get("/x", {})
    assert told.value.retry_at - time.time() < http.MAX_PAUSE + 5


def test_a_date_to_come_back_is_read_by_the_clock_of_who_wrote_it():
    there = datetime.now(UTC) - timedelta(days=2)  # or ours is two days ahead
    sent = {"Date": format_datetime(there, usegmt=True)}
    sent["Retry-After"] = format_datetime(there + timedelta(minutes=30), usegmt=True)
    assert retry_after(sent) == 1800


def test_the_sources_clock_is_known_from_its_answers(client, source):
    assert abs(client.now() - time.time()) < 1
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    date = format_datetime(long_ago, usegmt=True).encode()
    source.script = [lambda: b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: 0\r\n\r\n" % date]
    client.get("/x", {})
    assert abs(client.now() - long_ago.timestamp()) < 5


def test_gives_up_after_a_few_attempts(client, source):
    source.script = [status(500)] * 9
    with pytest.raises(SourceRefused, match="the source does not answer /x: status 500"):
        client.get("/x", {})
    assert len(source.asked) == http.ATTEMPTS


def test_while_it_is_in_trouble_it_is_not_asked_five_times_for_each_thing(client, source):
    source.script = [status(500)] * (http.ATTEMPTS + 2) + [OK, status(500), OK]
    for _ in range(3):
        with pytest.raises(SourceRefused):
            client.get("/x", {})
    assert len(source.asked) == http.ATTEMPTS + 2
    assert client.get("/x", {}) == b"fine"
    assert client.get("/x", {}) == b"fine"


def test_being_asked_too_much_is_no_matter_of_what_was_asked(client, source):
    source.script = [status(429)] * 9
    with pytest.raises(SourceUnavailable) as told:
        client.get("/x", {})
    assert not isinstance(told.value, SourceRefused)


@pytest.mark.parametrize("code", [204, 301, 304, 400, 401, 403, 404, 410, 451, 501])
def test_lasting_trouble_is_told_at_once(client, source, code):
    source.script = [status(code)] * 2
    with pytest.raises(SourceRefused, match=str(code)):
        client.get("/x", {})
    assert len(source.asked) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nobody.invalid", "http://[::1]:9"])
def test_a_source_that_is_down_is_a_plain_error(make, url):
    with pytest.raises(SourceUnavailable, match="ConnectError") as told:
        make(url=url).get("/x", {})
    assert not isinstance(told.value, SourceRefused)


def test_a_slow_answer_is_tried_again(client, source, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2))
    source.script = [lambda: time.sleep(0.6) or OK(), OK]
    assert client.get("/x", {}) == b"fine"


def test_an_endless_answer_is_cut_off(client, source, monkeypatch):
    monkeypatch.setattr(http, "MAX_RESPONSE", 1000)
    source.script = [status(200, bytes(5000))]
    with pytest.raises(SourceUnavailable, match="too much"):
        client.get("/x", {})


@pytest.mark.parametrize("part", ["head", "body", "body without end", "nothing"])
def test_an_answer_that_trickles_is_cut_off(client, source, monkeypatch, part):
    monkeypatch.setattr(http, "RESPONSE_TIMEOUT", 0.5)

    def trickle():
        yield b"HTTP/1.1 200 OK\r\n"
        if part == "body":
            yield b"Content-Length: 99999\r\n\r\n"
        if part == "body without end":
            yield b"\r\n"
        for _ in range(100):
            time.sleep(0.05)
            yield b"" if part == "nothing" else b"X: y\r\n"

    source.script = [trickle, OK]
    with pytest.raises(SourceRefused, match="sends too slowly"):
        client.get("/x", {})
    assert client.get("/x", {}) == b"fine"


def test_a_connection_that_is_used_again_is_cut_off_too(client, source, monkeypatch):
    assert (source.script.append(OK), client.get("/x", {}))[1] == b"fine"
    test_an_answer_that_trickles_is_cut_off(client, source, monkeypatch, "head")


def test_requests_are_paced(make, source):
    client = make(pace=0.15)
    source.script = [OK] * 3
    began = time.monotonic()
    for _ in range(3):
        client.get("/x", {})
    assert time.monotonic() - began >= 0.3


def test_offline_asks_nobody(make, settings, source):
    client = make(replace(settings, offline=True))
    with pytest.raises(SourceUnavailable, match="INKLING_OFFLINE") as caught:
        client.get("/x", {})
    assert caught.value.code == "offline"
    assert source.asked == []


@pytest.mark.parametrize("written", ["", '"api"', '"api";r=x;t=y', '"api";r=0;t=' + "9" * 5000, '"api";r=1;t=9999'])
def test_a_rate_limit_that_says_nothing_is_none(client, source, written):
    source.script = [status(200, b"fine", RateLimit=written), OK]
    assert client.get("/x", {}) == client.get("/x", {}) == b"fine"


def test_a_wait_ends_when_we_are_told_to(make, source):
    stop = threading.Event()
    client = make(stop=stop)
    source.script = [status(429, Retry_After="60")]
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        client.get("/x", {})
    assert time.monotonic() - began < 10


def test_an_answer_under_way_ends_when_we_are_told_to(make, source):
    stop, over = threading.Event(), threading.Event()
    client = make(stop=stop)
    source.script = [lambda: over.wait(60) or OK()]
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        client.get("/x", {})
    assert time.monotonic() - began < 25
    over.set()


@pytest.mark.parametrize("contact", ["Jürgen <j@example.org>", "路 at example.org", "a\r\nX-Evil: 1", "\ud800"])
def test_any_contact_can_be_told(make, settings, source, contact):
    source.script = [OK]
    assert make(replace(settings, contact=contact)).get("/x", {}) == b"fine"
    (agent,) = source.agents
    assert agent.startswith("Inkling/")
    assert agent.isascii()


@pytest.mark.parametrize("url", ["http://[::1", "http://a:b:c", "http://", "http://\0", "http://xn--zz--"])
def test_an_address_that_is_none_is_said(make, url):
    with pytest.raises(SourceUnavailable) as told:
        make(url=url).get("/x", {})
    assert "PROXY" not in str(told.value)


def test_retry_after_may_be_a_date_or_nonsense():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < retry_after({"Retry-After": later}) <= 90
    assert retry_after({"Retry-After": "soon"}) == 0
    assert retry_after({}) == 0


@pytest.mark.parametrize(
    "written", ["-5", "0x10", "1e3", "٣٦٠٠", "Mon, 99 Foo 2026 25:61:61 GMT", "Thu, 01 Jan 1970 00:00:00 -0000", "\0"]
)
def test_a_retry_after_that_says_nothing_is_none(written):
    assert retry_after({"Retry-After": written}) == 0


def raw(*lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode("latin-1") + body


PACKED = gzip.compress(b"fine", mtime=0)  # part of tests' names, which have to be the same in every process


@pytest.mark.parametrize(
    ("encoding", "body"), [("identity", b"fine"), ("gzip", PACKED), ("X-GZIP", PACKED), ("gzip", PACKED[:-30] + PACKED)]
)
def test_bodies_come_as_they_are_or_packed_by_gzip(client, source, encoding, body):
    if len(body) > len(PACKED):
        body = gzip.compress(b"fi") + gzip.compress(b"ne")
    source.script = [status(200, body, Content_Encoding=encoding)]
    assert client.get("/x", {}) == b"fine"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "deflate", "gzip,br", "x" * 500])
def test_a_packing_that_was_not_asked_for_is_refused(client, source, encoding):
    source.script = [status(200, gzip.compress(PACKED), Content_Encoding=encoding)]
    with pytest.raises(SourceRefused, match="packs its answer as") as told:
        client.get("/x", {})
    assert len(str(told.value)) < 200


@pytest.mark.parametrize("levels", [1, 2])
def test_a_small_answer_does_not_become_a_large_one(client, source, levels, monkeypatch):
    monkeypatch.setattr(http, "MAX_RESPONSE", 1000)
    made = []
    inner = zlib.decompressobj

    class Watched:
        def __init__(self, *arguments):
            self.one = inner(*arguments)

        def __getattr__(self, name):
            return getattr(self.one, name)

        def decompress(self, piece, most):
            made.append(self.one.decompress(piece, most))
            return made[-1]

    monkeypatch.setattr("server.sources.response_body.zlib.decompressobj", Watched)
    bomb = gzip.compress(bytes(50_000_000))
    source.script = [status(200, bomb if levels == 1 else gzip.compress(bomb), Content_Encoding="gzip")]
    with pytest.raises(SourceRefused, match="sends too much"):
        client.get("/x", {})
    assert sum(map(len, made)) <= 1001


@pytest.mark.parametrize(
    "answer",
    [
        raw("Content-Length: 400", body=b"cut off"),
        raw("Transfer-Encoding: chunked", body=b"5\r\nfirst\r\n9\r\ncut"),
        raw("Transfer-Encoding: chunked", body=b"zzz\r\nno length\r\n"),
        raw("Content-Length: 20", "Content-Encoding: gzip", body=PACKED[:20]),
        raw("Content-Length: 4", "Content-Encoding: gzip", body=b"fine"),
        raw("Content-Length: 0", "Content-Encoding: gzip"),
        raw("X-Huge: " + "x" * 200_000, "Content-Length: 4", body=b"fine"),
        raw(*[f"X-{number}: many" for number in range(20_000)], "Content-Length: 4", body=b"fine"),
        raw("no colon", "Content-Length: 4", body=b"fine"),
        b"HTTP/1.1 abc\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://a:b:c/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_garbled_answer_is_one_sentence_about_the_one_thing(client, source, answer):
    source.script = [lambda: answer] * http.ATTEMPTS + [OK]
    with pytest.raises(SourceRefused) as told:
        client.get("/x", {})
    assert len(str(told.value).splitlines()) == 1
    assert len(str(told.value)) < 400
    assert re.search(r"[^.]\.$", str(told.value))
    source.script = [OK]
    assert client.get("/x", {}) == b"fine"


def redirect(where: str, code: int = 302):
    return status(code, Location=where)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_within_the_source_are_followed_at_its_pace(make, source, code):
    client = make(pace=0.2)
    source.script = [redirect("/elsewhere?b=2", code), redirect(f"{source.url}/last", code), OK]
    assert client.get("/x", {"a": 1}) == b"fine"
    assert [path for path, _ in source.asked] == ["/x", "/elsewhere", "/last"]
    assert source.times[2] - source.times[0] > 0.25


@pytest.mark.parametrize(
    "where",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:{port}/",
        "http://127.0.0.1:1/",
        "//127.0.0.2/",
        "http://127.0.0.1.example.org/",
        "http://user:secret@10.0.0.1/",
        "https://example.org/",
    ],
)
def test_a_redirect_to_anybody_else_is_refused_by_name(client, source, where):
    where = where.format(port=source.server_address[1])
    source.script = [redirect(where)] * 2
    with pytest.raises(SourceRefused, match="which is not its own address") as told:
        client.get("/x", {})
    assert len(source.asked) == 1
    assert "secret" not in str(told.value)


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A source that speaks TLS, by a certificate that this process trusts."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    asked = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key",
        "-out",
        "cert",
        "-days",
        "2",
        "-subj",
        "/CN=x",
    ]
    subprocess.run([*asked, "-addext", "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    with listing_server(context) as server:
        yield server


def test_a_redirect_to_https_of_the_same_host_is_followed_and_none_back(client, source, secure):
    source.script = [redirect(f"{secure.url}/there")] * 2
    secure.script = [OK, redirect(f"{source.url}/back")]
    assert client.get("/x", {}) == b"fine"
    with pytest.raises(SourceRefused, match="not its own address"):
        client.get("/x", {})
    assert [path for path, _ in secure.asked] == ["/there", "/there"]


def test_a_certificate_nobody_vouches_for_is_said(make, secure, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SourceUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        make(url=secure.url).get("/x", {})
    assert secure.asked == []


def test_redirects_in_a_circle_end(client, source):
    source.script = [redirect("/x")] * 50
    with pytest.raises(SourceRefused, match="one redirect after another"):
        client.get("/x", {})
    assert len(source.asked) == http.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("http://one.example", "https://one.example", True),
        ("https://one.example", "https://two.example", True),
        ("http://one.example:8080", "https://one.example:8443", True),
        ("https://one.example", "http://one.example", False),
        ("http://one.example", "http://one.example:8080", False),
        ("https://one.example", "https://one.example:6443", False),
        ("https://mirror.example", "https://one.example", False),
        ("https://one.example", "https://three.example", False),
        ("https://one.example", "https://one.example.evil", False),
    ],
)
def test_the_sources_own_hosts(make, settings, before, after, allowed):
    client = make()
    client.source = Source("the source", before, 0.0, frozenset({"one.example", "two.example"}))
    try:
        client._check_redirect(httpx.URL(before), httpx.URL(after))
    except SourceRefused:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ALL_PROXY": "socks5://127.0.0.1:1"}, "ALL_PROXY.*SOCKS"),
        ({"HTTP_PROXY": "socks4a://user:secret@127.0.0.1:1"}, "HTTP_PROXY"),
        ({"HTTP_PROXY": "http://[::1"}, "HTTP_PROXY"),
        ({"HTTPS_PROXY": "gopher://127.0.0.1"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://127.0.0.1:notaport"}, "HTTP_PROXY"),
        ({"NO_PROXY": "localhost,fd00::/8", "HTTP_PROXY": "http://127.0.0.1:9"}, "NO_PROXY.*no IPv6 ranges"),
        ({"NO_PROXY": "a:b:c"}, "NO_PROXY"),
        ({"SSL_CERT_FILE": "/nowhere/ca.pem"}, "SSL_CERT_FILE.*No such file"),
        ({"SSL_CERT_FILE": __file__}, "SSL_CERT_FILE"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_sentence(make, source, monkeypatch, environ, named):
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT"):
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    client = make()
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match=named) as told:
            client.get("/x", {})
        assert not isinstance(told.value, SourceRefused)
        assert len(str(told.value).splitlines()) == 1
        assert "secret" not in str(told.value)
    assert source.asked == []


def test_two_processes_of_one_home_keep_one_pace(make, settings, source):
    settings.run_dir.mkdir()
    one, other = make(pace=0.2), make(pace=0.2)
    source.script = [OK] * 4
    for client in (one, other, one, other):
        client.get("/x", {})
    assert min(after - before for before, after in zip(source.times, source.times[1:], strict=False)) > 0.1
