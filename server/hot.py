"""What is shared between processes and may be lost: rate limits, trending counts, cached answers, wake-ups.

The only file that imports redis. Nothing here raises when Redis is away: each call then answers from this process
alone, which is all that a server of one process needs. Nothing that matters is kept here (see `server/store`).
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeVar, cast

import redis
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from server.config import Settings

logger = logging.getLogger(__name__)
T = TypeVar("T")

TIMEOUT = 0.25  # seconds: an answer that takes longer is worth less than going on without
PAUSE = 2.0  # seconds without trying again after a failure, so that an outage does not slow every request
HOUR = 3600
TRENDING_HOURS = 72
TRENDING_HALF_LIFE = 24.0  # hours
LOCAL_ENTRIES = 2048
LOCAL_BYTES = 32 * 2**20


class Hot:
    """Shared fast state with a complete in-process stand-in. Safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self.configured = settings.redis_url is not None
        self.failures = 0
        self._clock = clock
        self._retry_at = 0.0
        self._local = _Local(clock)
        self._rules: dict[str, RateLimitItem] = {}
        self._limits_on = settings.rate_limit
        # Two homes may share one Redis: the prefix keeps them apart, and is equal for hosts that share a secret.
        self._prefix = "inkling:" + hashlib.sha256(settings.secret_key.encode()).hexdigest()[:12]
        self._limit_secret = hashlib.sha256(b"limit:" + settings.secret_key.encode()).digest()
        self._local_limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        if settings.redis_url is not None:
            pool = redis.ConnectionPool.from_url(
                settings.redis_url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 1),  # a Redis that was restarted has dropped our pooled connections
            )
            self._redis = redis.Redis(connection_pool=pool)
            storage = RedisStorage("redis://", connection_pool=pool, key_prefix=self._prefix + ":limit")
            self._limiter = SlidingWindowCounterRateLimiter(storage)

    @property
    def available(self) -> bool:
        """Whether Redis answers now; asks it, at most once in `PAUSE` seconds while it is away."""
        return self._ask(lambda: bool(self._redis.ping()), lambda: False)

    def close(self) -> None:
        """Give back the connections."""
        if self.configured:
            self._redis.connection_pool.disconnect()

    def limit(self, key: str, rule: str) -> float | None:
        """Count one use of `key` against a rule such as `60/minute`.

        Returns None when it is allowed, else the seconds (at least 1) after which it is worth trying again.
        """
        if not self._limits_on:
            return None
        # Keys name readers and addresses; what is kept of them, perhaps in a file of Redis, must not.
        key = hashlib.blake2b(key.encode(), key=self._limit_secret, digest_size=16).hexdigest()
        item = self._rules.setdefault(rule, parse(rule)) if rule not in self._rules else self._rules[rule]
        return self._ask(
            lambda: _hit(self._limiter, item, key),
            lambda: _hit(self._local_limiter, item, key),
        )

    def bump_trending(self, papers: Iterable[str], weight: float = 1.0) -> None:
        """Count a reader's interest in each of `papers` in the current hour."""
        hour, wanted = int(self._clock() // HOUR), list(papers)

        def bump() -> None:
            key = f"{self._prefix}:trending:{hour}"
            with self._redis.pipeline(transaction=False) as pipe:
                for paper in wanted:
                    pipe.zincrby(key, weight, paper)
                pipe.expire(key, TRENDING_HOURS * HOUR)
                pipe.execute()

        self._ask(bump, lambda: self._local.bump(hour, wanted, weight))

    def trending(self, k: int) -> list[tuple[str, float]]:
        """Return at most `k` (paper, heat), hottest first; an hour's counts halve in `TRENDING_HALF_LIFE` hours."""
        hour = int(self._clock() // HOUR)
        fade = {hour - age: 0.5 ** (age / TRENDING_HALF_LIFE) for age in range(TRENDING_HOURS)}

        def ask() -> list[tuple[str, float]]:
            keys = {f"{self._prefix}:trending:{then}": weight for then, weight in fade.items()}
            found = cast("list[tuple[bytes, float]]", self._redis.zunion(keys, withscores=True))
            return _hottest({paper.decode(): score for paper, score in found}, k)

        return self._ask(ask, lambda: _hottest(self._local.heat(fade), k))

    def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, or less."""
        name = f"{self._prefix}:cache:{key}"
        self._ask(
            lambda: self._redis.set(name, value, px=max(1, int(ttl * 1000))),
            lambda: self._local.put(key, value, ttl),
        )

    def cached(self, key: str) -> bytes | None:
        """Return what `put` kept, if it is still there."""
        name = f"{self._prefix}:cache:{key}"
        return self._ask(lambda: cast("bytes | None", self._redis.get(name)), lambda: self._local.get(key))

    def announce(self, topic: str) -> None:
        """Tell every process that something about `topic` is new (for example `model`)."""
        self._ask(
            lambda: self._redis.incr(f"{self._prefix}:news:{topic}"),
            lambda: self._local.announce(topic),
        )

    def news(self, topic: str) -> int:
        """Return a number that changes when `announce` was called for `topic`; a hint, never the fact itself."""
        return self._ask(
            lambda: int(self._redis.get(f"{self._prefix}:news:{topic}") or 0),
            lambda: self._local.news(topic),
        )

    def _ask(self, shared: Callable[[], T], alone: Callable[[], T]) -> T:
        """Return `shared()` from Redis, or `alone()` when there is none or it fails."""
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


class _Local:
    """The same state for this process only, bounded in entries and bytes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._hours: dict[int, dict[str, float]] = {}
        self._cache: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._news: Counter[str] = Counter()

    def bump(self, hour: int, papers: list[str], weight: float) -> None:
        with self._lock:
            counts = self._hours.setdefault(hour, {})
            for paper in papers:
                counts[paper] = counts.get(paper, 0.0) + weight
            for old in [then for then in self._hours if then <= hour - TRENDING_HOURS]:
                del self._hours[old]

    def heat(self, fade: dict[int, float]) -> dict[str, float]:
        heat: dict[str, float] = {}
        with self._lock:
            for hour in self._hours.keys() & fade.keys():
                for paper, count in self._hours[hour].items():
                    heat[paper] = heat.get(paper, 0.0) + fade[hour] * count
        return heat

    def put(self, key: str, value: bytes, ttl: float) -> None:
        with self._lock:
            self._drop(key)
            self._cache[key] = (self._clock() + ttl, value)
            self._bytes += len(value)
            while len(self._cache) > LOCAL_ENTRIES or self._bytes > LOCAL_BYTES:
                self._drop(next(iter(self._cache)))

    def get(self, key: str) -> bytes | None:
        with self._lock:
            until, value = self._cache.get(key, (0.0, b""))
            if until <= self._clock():
                self._drop(key)
                return None
            self._cache.move_to_end(key)
            return value

    def _drop(self, key: str) -> None:
        _, value = self._cache.pop(key, (0.0, b""))
        self._bytes -= len(value)

    def announce(self, topic: str) -> None:
        with self._lock:
            self._news[topic] += 1

    def news(self, topic: str) -> int:
        return self._news[topic]


def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, key: str) -> float | None:
    """Count one use; return None when it is allowed, else the seconds to wait."""
    if limiter.hit(item, key):
        return None
    return max(1.0, limiter.get_window_stats(item, key).reset_time - time.time())


def _hottest(heat: dict[str, float], k: int) -> list[tuple[str, float]]:
    return sorted(heat.items(), key=lambda pair: (-pair[1], pair[0]))[:k]
