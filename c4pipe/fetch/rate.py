"""Time and turns: the clock that a stop interrupts, the hold after a "slow down", the cap on the rate."""

from __future__ import annotations

import threading
import time

from c4pipe.fetch.policy import StoppedError


class Clock:
    """Time, and waiting that ends early with StoppedError. Tests use one that only pretends to wait."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def now(self) -> float:
        """Seconds on a monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Waits. Raises StoppedError as soon as the run is stopped."""
        self._stop.wait(max(0.0, seconds))
        self.check()

    def stop(self) -> None:
        """Ends every wait, now and later."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether the run is being stopped."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raises StoppedError if the run is being stopped."""
        if self._stop.is_set():
            raise StoppedError


class RateLimiter:
    """Shared by all connections: a time before which no request starts, and bytes a second."""

    def __init__(self, clock: Clock, bytes_per_second: float | None = None) -> None:
        self._clock = clock
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._held_until = 0.0
        self._paid_until = 0.0

    def hold(self, seconds: float) -> None:
        """Follows the host's request to wait: no request begins for so long."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.now() + seconds)

    def before_request(self) -> None:
        """Waits until a request may begin."""
        while True:
            self._clock.check()
            with self._lock:
                left = self._held_until - self._clock.now()
            if left <= 0:
                return
            self._clock.sleep(left)

    def after_bytes(self, count: int) -> None:
        """Waits until so many bytes more stay within the cap, summed over all connections."""
        if not self._rate:
            return
        with self._lock:
            now = self._clock.now()
            self._paid_until = max(now, self._paid_until) + count / self._rate
            wait = self._paid_until - now
        self._clock.sleep(wait)
