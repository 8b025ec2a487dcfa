"""State that processes share and may lose: the counts behind rate limits.

The only file that imports redis. Nothing here raises when Redis is away: each process then counts alone, which is all
that a server of one process needs. Nothing that matters is kept here (see `server/store`).
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.config import Settings

logger = logging.getLogger(__name__)
T = TypeVar("T")

TIMEOUT = 0.25  # seconds; an answer that takes longer is worth less than going on without it
SWEEP = 60.0  # seconds between two sweeps of the counts that expired
PAUSE = 2.0  # seconds without another try after a failure, so that an outage does not slow every request


class _Counts(MemoryStorage):
    """Counts of this process. MemoryStorage starts a thread for nearly every count, which goes through all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.timer.cancel()
        self.timer = _NoTimer(0, lambda: None)
        self._sweep_at = time.time() + SWEEP

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and now and then drop what expired and nobody asked for since."""
        now = time.time()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP
            for old in list(self.expirations):
                self.get(old)
        return super().incr(key, expiry, amount)


class _NoTimer(threading.Timer):
    """What MemoryStorage takes for its thread at work."""

    def is_alive(self) -> bool:
        """Say that no thread needs to be started."""
        return True


class Hot:
    """Rate limits, counted in Redis or, without it, in this process. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.configured = settings.redis_url is not None
        self.failures = 0
        self._retry_at = 0.0
        self._rules: dict[str, RateLimitItem] = {}
        self._limits_on = settings.rate_limit
        # The prefix keeps apart two homes that share one Redis; hosts that share a secret share the prefix.
        self._prefix = "inkling:" + hashlib.sha256(settings.secret_key.encode()).hexdigest()[:12]
        self._limit_secret = hashlib.sha256(b"limit:" + settings.secret_key.encode()).digest()
        self._local_limiter = SlidingWindowCounterRateLimiter(_Counts())
        if settings.redis_url is not None:
            pool = redis.ConnectionPool.from_url(
                settings.redis_url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 1),  # a restarted Redis has dropped our pooled connections
            )
            self._redis = redis.Redis(connection_pool=pool)
            storage = RedisStorage("redis://", connection_pool=pool, key_prefix=self._prefix + ":limit")
            self._limiter = SlidingWindowCounterRateLimiter(storage)

    @property
    def available(self) -> bool:
        """Whether Redis answers now; while it is away, it is asked at most once in `PAUSE` seconds."""
        return self._ask(lambda: bool(self._redis.ping()), lambda: False)

    def close(self) -> None:
        """Close the pooled connections."""
        if self.configured:
            self._redis.connection_pool.disconnect()

    def limit(self, key: str, rule: str) -> float | None:
        """Count one use of `key` against a rule such as `60/minute`.

        Returns None when the use is allowed, else the seconds (at least 1) to wait before trying again.
        """
        if not self._limits_on:
            return None
        # Keys name readers and addresses; what Redis keeps, perhaps in a file, must not.
        key = hashlib.blake2b(key.encode(), key=self._limit_secret, digest_size=16).hexdigest()
        item = self._rules.setdefault(rule, parse(rule)) if rule not in self._rules else self._rules[rule]
        return self._ask(
            lambda: _hit(self._limiter, item, key),
            lambda: _hit(self._local_limiter, item, key),
        )

    def _ask(self, shared: Callable[[], T], alone: Callable[[], T]) -> T:
        """Return `shared()`, which asks Redis, or `alone()` when there is no Redis or it fails."""
        if not self.configured or time.monotonic() < self._retry_at:
            return alone()
        try:
            answer = shared()
        except (redis.RedisError, OSError) as error:
            self._note_failure(error)
            return alone()
        self._note_success()
        return answer

    def _note_failure(self, error: Exception) -> None:
        if self._retry_at == 0.0:
            logger.warning("Redis does not answer (%s); going on without it", type(error).__name__)
        self.failures += 1
        self._retry_at = time.monotonic() + PAUSE

    def _note_success(self) -> None:
        if self._retry_at:
            logger.info("Redis answers again")
            self._retry_at = 0.0


def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float | None:
    """Count one use; return None when it is allowed, else the seconds to wait."""
    if limiter.hit(item, key):
        return None
    return max(1.0, limiter.get_window_stats(item, key).reset_time - time.time())
