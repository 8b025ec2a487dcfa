"""The HTTP client of every source: keeps a pace, retries, limits size and time, and says who is asking."""

from __future__ import annotations

import email.utils
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.request import getproxies

import httpx

from server import __version__
from server.clock import rfc3339
from server.config import Settings
from server.errors import SourceRefused, SourceUnavailable
from server.sources.response_body import ACCEPT_ENCODING, BadBody, ResponseBody
from server.sources.turns import Turn

logger = logging.getLogger(__name__)

ATTEMPTS = 5
FIRST_WAIT = 2.0  # seconds after the first failure; doubles with each further one
MAX_WAIT = 60.0  # seconds to sleep here; a longer pause is raised as SourceUnavailable with its end
MAX_PAUSE = 7 * 86400.0  # seconds; a source that asks for a longer pause is taken to be mistaken
MAX_RESPONSE = 32 * 2**20  # bytes after decompression
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
RESPONSE_TIMEOUT = 120.0  # seconds for a whole response, however steadily it trickles in
POLL_INTERVAL = 0.25  # seconds between two checks of that timeout
MAX_REDIRECTS = 5
TRANSIENT_STATUSES = {408, 425, 429, 500, 502, 503, 504}
_UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.PoolTimeout)
_RATE_LIMIT = re.compile(r";\s*r=(\d{1,9})\s*;\s*t=(\d{1,9})(?!\d)")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:,|$)", re.ASCII)  # the first of a repeated header


class Stopped(SourceUnavailable):
    """The process was told to end while it waited for a source."""

    code = "stopped"


class _Transient(Exception):
    """A failure worth a retry; `unreachable` when it concerns the source rather than the one thing asked for."""

    def __init__(self, failure: str, *, unreachable: bool) -> None:
        super().__init__(failure)
        self.unreachable = unreachable


@dataclass(frozen=True)
class Source:
    """One source: its URL, the seconds between two requests, and the hosts it may redirect to besides its own.

    Sources with the same `turns` take turns, since their pace is one; each name and URL has its own by default.
    """

    name: str
    url: str
    pace: float
    hosts: frozenset[str] = frozenset()
    turns: str = ""


@dataclass(frozen=True)
class Answer:
    """A response of status 200; the names of its headers are lower-case."""

    body: bytes
    headers: dict[str, str]


class Client:
    """A client of one source: one request at a time, on one connection."""

    def __init__(self, source: Source, settings: Settings, *, stop: threading.Event | None = None) -> None:
        self.source = source
        self._offline = settings.offline
        self._agent = user_agent(settings.contact)
        self._stop = stop or threading.Event()
        self._not_before = 0.0  # monotonic seconds
        turns = re.sub("[^a-z0-9.-]+", "-", (source.turns or f"{source.name} {source.url}").lower())[:100]
        self._turn = Turn(settings.run_dir / f"{turns}.turn", source.pace)
        self._attempts = ATTEMPTS
        self._clock_ahead = 0.0  # seconds, of our clock against the source's
        self._http: httpx.Client | None = None
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._http:
            self._http.close()

    def now(self) -> float:
        """Return the time in epoch seconds by the source's clock, or by ours before its first response."""
        return time.time() - self._clock_ahead

    def get(self, path: str, params: Mapping[str, str | int]) -> bytes:
        """Return the body of a response of status 200, as `fetch` does."""
        return self.fetch(path, params).body

    def fetch(self, path: str, params: Mapping[str, str | int], headers: Mapping[str, str] | None = None) -> Answer:
        """Return a response of status 200; retries transient failures. `headers` are sent besides our own.

        Raises SourceRefused when the source does not answer this request, SourceUnavailable when it cannot be asked at
        all, each with a sentence that says why; Stopped when told to end.
        """
        if self._offline:
            raise SourceUnavailable(f"{self.source.name} is not asked: INKLING_OFFLINE is on.", code="offline")
        failure = _Transient("nothing was asked", unreachable=True)
        for attempt in range(self._attempts):
            try:
                answer = self._ask(path, params, headers or {})
            except _Transient as error:
                failure = error
                self._pause(FIRST_WAIT * 2**attempt if attempt < self._attempts - 1 else 0.0)
            else:
                self._attempts = ATTEMPTS
                return answer
        # Until it answers again, each request gets a single attempt.
        self._attempts = 1
        if failure.unreachable:
            raise SourceUnavailable(f"{self.source.name} does not answer: {failure}.")
        raise SourceRefused(f"{self.source.name} does not answer {path}: {failure}.")

    def pause_for(self, seconds: float, why: str) -> SourceUnavailable:
        """Send no request for so many seconds; return the error that says so."""
        self._pause_all(seconds)
        return self._paused(why)

    def _ask(self, path: str, params: Mapping[str, str | int], headers: Mapping[str, str]) -> Answer:
        """Send one request and follow redirects. Raises _Transient, SourceRefused, SourceUnavailable."""
        try:
            client = self._connection()
            noted = {"trace": self._note_socket}
            request = client.build_request("GET", path, params=dict(params), headers=headers, extensions=noted)
            for _ in range(MAX_REDIRECTS + 1):
                with self._send(client, request) as response:
                    if response.next_request is None:
                        return Answer(self._body_of(response, path), dict(response.headers))
                    self._check_redirect(request.url, response.next_request.url)
                    request = response.next_request
        except _UNREACHABLE as error:
            raise _Transient(_describe(error), unreachable=True) from error
        except httpx.UnsupportedProtocol as error:
            raise self._refused(f"points to an address that is no web address ({_describe(error)})") from error
        except httpx.TransportError as error:
            raise _Transient(_describe(error), unreachable=False) from error
        except BadBody as error:
            raise self._refused(str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            raise self._refused(f"cannot be asked for {path}: {_describe(error)}") from error
        raise self._refused(f"answers {path} with one redirect after another")

    @contextmanager
    def _send(self, client: httpx.Client, request: httpx.Request) -> Iterator[httpx.Response]:
        """Send a request once the pace allows it; give the response, of which only the head has been read."""
        self._wait()
        with self._turn.taken(self._sleep):
            # Meanwhile another process may have asked, or was told to pause.
            self._wait()
            self._sleep(self._turn.left_of_pace())
            with self._sent(client, request) as response:
                yield response

    @contextmanager
    def _sent(self, client: httpx.Client, request: httpx.Request) -> Iterator[httpx.Response]:
        """Send a request; raises BadBody when the response takes too long."""
        self._note_asked()
        # httpx's timeouts hold for one read each, and a response may take any number of reads.
        done, late = threading.Event(), threading.Event()
        threading.Thread(target=self._watch, args=(done, late), daemon=True).start()
        try:
            with closing(client.send(request, stream=True)) as response:
                # From here, since the source counts from when a request reached it.
                self._note_asked()
                self._note_limits(response.headers)
                yield response
        except httpx.TransportError:
            if not late.is_set():
                raise
        finally:
            done.set()
        if late.is_set():
            self._check_stop()
            raise BadBody(f"sends too slowly; given up after {RESPONSE_TIMEOUT:.0f} s")

    def _note_socket(self, event: str, facts: Mapping[str, Any]) -> None:
        """Remember the socket of a new connection."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = facts["return_value"].get_extra_info("socket")

    def _watch(self, done: threading.Event, late: threading.Event) -> None:
        """Shut the socket when a response takes too long, or when told to end."""
        deadline = time.monotonic() + RESPONSE_TIMEOUT
        while not done.wait(POLL_INTERVAL):
            if self._stop.is_set() or time.monotonic() > deadline:
                late.set()
                with suppress(OSError):
                    if self._socket:
                        self._socket.shutdown(socket.SHUT_RDWR)
                return

    def _body_of(self, response: httpx.Response, path: str) -> bytes:
        """Return a response's body, or raise what its status means."""
        code = response.status_code
        wait = retry_after(response.headers) if code != 200 else 0.0
        if wait > MAX_WAIT:
            raise self.pause_for(wait, f"answered with status {code}")
        self._pause_all(wait)
        if code in TRANSIENT_STATUSES:
            raise _Transient(f"status {code}", unreachable=code == 429)
        if code != 200:
            refused = self._refused(f"answered {path} with status {code}")
            refused.status = code
            raise refused
        return self._read(response)

    def _read(self, response: httpx.Response) -> bytes:
        body = ResponseBody(response.headers.get("Content-Encoding", ""), MAX_RESPONSE)
        for piece in response.iter_raw():
            body.add(piece)
        return body.content()

    def _connection(self) -> httpx.Client:
        """Return the connection, opened on first use: the environment's proxy or certificates may be unusable."""
        try:
            self._http = self._http or httpx.Client(
                base_url=self.source.url,
                headers={"User-Agent": self._agent, "Accept-Encoding": ACCEPT_ENCODING},
                timeout=TIMEOUT,
                limits=httpx.Limits(max_connections=1),
            )
        except OSError as error:
            raise SourceUnavailable(
                f"{self.source.name} cannot be asked: the file that SSL_CERT_FILE names cannot be used "
                f"({error.strerror or error}); correct it or leave it out."
            ) from error
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            failure = _describe_proxy_failure(error) if _is_url(self.source.url) else "the address it was given is none"
            raise SourceUnavailable(f"{self.source.name} cannot be asked: {failure}.") from error
        return self._http

    def _check_redirect(self, before: httpx.URL, after: httpx.URL) -> None:
        """Raise SourceRefused when a redirect leaves the source's own hosts: the operator chose no others."""
        own = self.source.hosts if before.host in self.source.hosts else {before.host}
        same_port = after.port == before.port or after.scheme != before.scheme
        if after.host not in own or not same_port or after.scheme not in {before.scheme, "https"}:
            where = f"{after.scheme}://{after.netloc.decode('ascii', 'replace')}"
            raise self._refused(f"sends us to {where[:100]!r}, which is not its own address")

    def _note_limits(self, headers: httpx.Headers) -> None:
        """Note the source's clock, and pause when the RateLimit header says that nothing is left in this window.

        See https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
        """
        there = _parse_http_date(headers.get("Date", ""))
        self._clock_ahead = time.time() - there if there else self._clock_ahead
        if backoff := _SECONDS.match(headers.get("Backoff", "")):  # Zotero's; holds for responses of any status
            self._pause_all(float(backoff[1]))
        found = _RATE_LIMIT.search(headers.get("RateLimit", ""))
        if found and int(found[1]) == 0:
            logger.info("%s allows no more requests for %s s", self.source.name, found[2])
            self._pause_all(float(found[2]))

    def _pause(self, seconds: float) -> None:
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _pause_all(self, seconds: float) -> None:
        """Have every process of the home send no request for so many seconds."""
        if seconds > 0:
            self._pause(min(seconds, MAX_PAUSE))
            self._turn.hold(min(seconds, MAX_PAUSE))

    def _paused(self, why: str) -> SourceUnavailable:
        until = time.time() + max(0.0, self._not_before - time.monotonic())
        message = f"{self.source.name} {why} and asks to be left alone until {rfc3339(round(until))}."
        return SourceUnavailable(message, retry_at=until)

    def _wait(self) -> None:
        self._pause(self._turn.left_of_hold())
        left = self._not_before - time.monotonic()
        if left > max(MAX_WAIT, self.source.pace):
            raise self._paused("has answered all it wants to")
        self._sleep(max(0.0, left))

    def _sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)
        self._check_stop()

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped(f"{self.source.name} was being asked when we were told to end.")

    def _note_asked(self) -> None:
        self._pause(self.source.pace)
        self._turn.mark()

    def _refused(self, what: str) -> SourceRefused:
        return SourceRefused(f"{self.source.name} {what}.")


def user_agent(contact: str) -> str:
    """Return the User-Agent; `contact` is the operator's address, if they gave one."""
    # A header takes ASCII only; a name may have other characters.
    plain = re.sub(r"[^ -~]", "?", contact)
    return f"Inkling/{__version__} (reading recommendations; {plain or 'no contact given'})"


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float:
    """Return the seconds that a Retry-After header (a number or a date) asks to wait, 0 without one.

    A date is compared with the response's own Date where it has one, because our clock may be wrong.
    """
    text = headers.get("Retry-After", "").strip()
    if found := _SECONDS.match(text):
        return min(float(found[1]), MAX_PAUSE)
    until = _parse_http_date(text)
    return min(max(0.0, until - (_parse_http_date(headers.get("Date", "")) or now())), MAX_PAUSE) if until else 0.0


def _parse_http_date(text: str) -> float | None:
    """Return the epoch seconds of an HTTP date, None when the text is not one."""
    try:
        found = email.utils.parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _is_url(url: str) -> bool:
    try:
        return bool(httpx.URL(url).host)
    except httpx.InvalidURL:
        return False


def _describe(error: Exception) -> str:
    """Return an error's type and text on one line of at most 200 characters."""
    return " ".join(f"{type(error).__name__} {error}".split())[:200].rstrip(".")


def _describe_proxy_failure(error: Exception) -> str:
    """Say which proxy variables cannot be used and why, without their values, which may hold passwords."""
    proxies = getproxies()
    named = " or ".join(f"{name.upper()}_PROXY" for name in sorted(proxies)) or "the proxy"
    if isinstance(error, ImportError):
        return f"{named} names a SOCKS proxy, which Inkling does not speak to; name an HTTP proxy or none"
    return (
        f"{named} in the environment cannot be used ({type(error).__name__}); "
        "a proxy is http://HOST:PORT, and NO_PROXY takes names and addresses, but no IPv6 ranges"
    )
