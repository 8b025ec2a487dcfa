"""One polite client for every source: paced, patient, bounded, and honest about who is asking."""

from __future__ import annotations

import email.utils
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from server import __version__
from server.config import Settings
from server.errors import SourceUnavailable

logger = logging.getLogger(__name__)

ATTEMPTS = 5
FIRST_WAIT = 2.0  # seconds after the first failure; doubles with each
LONGEST_WAIT = 900.0  # seconds that a source may make us wait before we give up for now
LARGEST_ANSWER = 32 * 2**20  # bytes
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
SLOWEST_ANSWER = 120.0  # seconds for a whole answer, however steadily it trickles in
PASSING = {408, 425, 429, 500, 502, 503, 504}
_RATE_LIMIT = re.compile(r";\s*r=(\d+)\s*;\s*t=(\d+)")


class Stopped(SourceUnavailable):
    """We were told to end while waiting for a source."""

    code = "stopped"


@dataclass(frozen=True)
class Source:
    """One source: its address and the seconds to leave between two requests."""

    name: str
    url: str
    pace: float


class Client:
    """Asks one source. One request at a time, on one connection."""

    def __init__(self, source: Source, settings: Settings, *, stop: threading.Event | None = None) -> None:
        self.source = source
        self._offline = settings.offline
        self._stop = stop or threading.Event()
        self._not_before = 0.0  # monotonic seconds
        self._http = httpx.Client(
            base_url=source.url,
            headers={"User-Agent": user_agent(settings.contact)},
            timeout=TIMEOUT,
            follow_redirects=True,
            limits=httpx.Limits(max_connections=1),
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int]) -> bytes:
        """Return the body of a 200 answer; tries again while the trouble may pass.

        Raises SourceUnavailable with a sentence saying what was asked and what came back, Stopped when told to end.
        """
        if self._offline:
            raise SourceUnavailable(f"{self.source.name} is not asked: INKLING_OFFLINE is on.", code="offline")
        trouble = ""
        for attempt in range(ATTEMPTS):
            self._wait()
            answer = self._try_once(path, params)
            if isinstance(answer, bytes):
                return answer
            trouble, wait = answer
            wait = max(wait, FIRST_WAIT * 2**attempt)
            if wait > LONGEST_WAIT:
                break
            self._hold(wait)
        raise SourceUnavailable(f"{self.source.name} does not answer {path}: {trouble}.")

    def _try_once(self, path: str, params: Mapping[str, str | int]) -> bytes | tuple[str, float]:
        """Return the body, or what went wrong and for how long (s) to wait; raises for lasting trouble."""
        self._hold(self.source.pace)
        try:
            with self._http.stream("GET", path, params=dict(params)) as response:
                self._heed_rate_limit(response.headers)
                if response.status_code in PASSING:
                    return f"status {response.status_code}", retry_after(response.headers)
                if response.status_code != 200:
                    raise SourceUnavailable(f"{self.source.name} answered {path} with status {response.status_code}.")
                return self._read(response)
        except httpx.TransportError as error:
            return f"{type(error).__name__} {error}".strip(), 0.0
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"{self.source.name} cannot be asked for {path}: {error}.") from error

    def _read(self, response: httpx.Response) -> bytes:
        deadline = time.monotonic() + SLOWEST_ANSWER
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > LARGEST_ANSWER or time.monotonic() > deadline:
                raise SourceUnavailable(
                    f"{self.source.name} sends too much or too slowly; given up after {size} bytes."
                )
        return b"".join(parts)

    def _heed_rate_limit(self, headers: httpx.Headers) -> None:
        """Wait for the next window when the source says that nothing is left in this one."""
        found = _RATE_LIMIT.search(headers.get("RateLimit", ""))
        if found and int(found[1]) == 0:
            logger.info("%s allows no more requests for %s s", self.source.name, found[2])
            self._hold(min(float(found[2]), LONGEST_WAIT))

    def _hold(self, seconds: float) -> None:
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _wait(self) -> None:
        if self._stop.wait(max(0.0, self._not_before - time.monotonic())):
            raise Stopped(f"Told to end while asking {self.source.name}.")


def user_agent(contact: str) -> str:
    """Return how we introduce ourselves; `contact` is the operator's address, if they gave one."""
    return f"Inkling/{__version__} (reading recommendations; {contact or 'no contact given'})"


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float:
    """Return the seconds a Retry-After header (a number or a date) asks to wait, 0 when it asks for none."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now())
    except ValueError:
        return 0.0
