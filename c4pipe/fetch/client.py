"""An HTTP client for files: persistent connections, checked ranges, careful redirects, bounded waits.

        url --open_range--> Response --read--> bytes          one attempt: TransientError, or FetchError for good

It makes single attempts; `download` repeats them until a file is whole. One client serves many threads: each thread
keeps one connection per host, so there are never more concurrent requests than threads.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from c4pipe import __version__
from c4pipe.fetch.encoding import known_encoding
from c4pipe.fetch.policy import (
    FetchError,
    Policy,
    RangeError,
    TransientError,
    Version,
    content_range,
    is_passing,
    one_line,
    retry_after,
    status_line,
)
from c4pipe.fetch.rate import Clock, RateLimiter
from c4pipe.fetch.wire import Key, basic, explain_error, open_connection, proxy_for, redirected, shut, told_host
from c4pipe.text.urls import public

READ = 256 * 1024  # bytes read from a socket at once, also the unit of the rate cap
AGENT = f"c4pipe/{__version__}"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Response:
    """The body of one response. Read it to its end or close it; either way the connection is released."""

    def __init__(self, client: Client, key: Key, response: http.client.HTTPResponse, start: int, version: Version):
        self.start = start  # offset of the first byte in the file
        self.version = version
        self.left = version.size - start  # bytes to come
        self._client, self._key, self._response = client, key, response
        self._seconds, self._bytes = 0.0, 0  # of the window of the stall guard

    def read(self) -> bytes:
        """The next bytes, at most READ; b"" at the true end. Raises TransientError if the body is cut, stuck or too
        slow."""
        if not self.left:
            return b""
        client, policy = self._client, self._client.policy
        began = client.clock.now()
        try:
            data = self._response.read1(min(READ, self.left))
        except (OSError, http.client.HTTPException) as error:
            client.clock.check()
            raise TransientError(f"{explain_error(error)} with {self.left:,} bytes to come") from error
        client.clock.check()
        if not data:
            raise TransientError(f"the connection closed with {self.left:,} bytes to come")
        self.left -= len(data)
        self._bytes += len(data)
        self._seconds += client.clock.now() - began  # waits for the rate cap do not count
        if self._seconds >= policy.stall_window:
            if self._bytes < policy.stall_rate * self._seconds and self.left:
                raise TransientError(f"stuck: {self._bytes:,} bytes in {self._seconds:.0f} s")
            self._seconds, self._bytes = 0.0, 0
        client.limiter.after_bytes(len(data))
        return data

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *exc: object) -> None:
        self._response.close()
        if self.left or self._response.will_close:
            self._client.drop(self._key)


class Client:
    """Requests files from hosts. `limiter` and `policy` define politeness, `clock` and `draw` make tests instant.

    Proxies are read from the environment (HTTPS_PROXY, NO_PROXY), as in the rest of Python.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        clock: Clock | None = None,
        limiter: RateLimiter | None = None,
        say: Callable[[str], None] | None = None,
        draw: Callable[[], float] = random.random,  # the jitter of waits, which does not affect any file
    ) -> None:
        self.policy = policy or Policy()
        self.clock = clock or Clock()
        self.limiter = limiter or RateLimiter(self.clock)
        self.say = say or _silent  # reports what it waits for
        self.draw = draw
        self._own = threading.local()
        self._sockets: dict[http.client.HTTPConnection, socket.socket] = {}
        self._lock = threading.Lock()

    def open_range(self, url: str, start: int = 0, validator: str | None = None, method: str = "GET") -> Response:
        """The file from byte `start` on, or from 0 if the host cannot or, by `validator`, must not continue.

        Raises TransientError if another attempt may succeed, RangeError if it must begin at 0, FetchError otherwise.
        """
        headers = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-"} | ({"If-Range": validator} if validator else {})
        for _ in range(self.policy.redirects + 1):
            key, response = self._ask(method, url, headers)
            self.clock.check()
            if response.status not in _REDIRECTS:
                return self._answer(key, response, start)
            location = response.getheader("Location") or ""
            response.close()
            self.drop(key)
            url = redirected(url, location)
        raise FetchError(f"more than {self.policy.redirects} redirects, the last to {one_line(public(url))}")

    def version(self, url: str) -> Version:
        """The host's version, without its bytes (a HEAD request). Errors as in `open_range`."""
        with self.open_range(url, method="HEAD") as answer:
            answer.left = 0
            return answer.version

    def close(self) -> None:
        """Closes the connections of this thread."""
        for key in list(self._kept()):
            self.drop(key)

    def stop(self) -> None:
        """Stops all threads, even during a read: each raises StoppedError."""
        self.clock.stop()
        with self._lock:
            sockets = list(self._sockets.values())
        for sock in sockets:
            shut(sock)

    def drop(self, key: Key) -> None:
        """Closes this thread's connection to a host."""
        connection = self._kept().pop(key, None)
        if connection is not None:
            with self._lock:
                self._sockets.pop(connection, None)
            connection.close()

    # -- one request ---------------------------------------------------------------------------------------------

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> tuple[Key, http.client.HTTPResponse]:
        """Sends one request and reads the head of the response."""
        parts = urllib.parse.urlsplit(url)
        user, _, netloc = parts.netloc.rpartition("@")
        headers = headers | basic("Authorization", user)
        key = Key(parts.scheme, netloc)
        path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        url = urllib.parse.urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
        self.limiter.before_request()
        while True:
            reused = key in self._kept()
            try:
                return key, self._send(key, method, url, path, headers)
            except (OSError, http.client.HTTPException, ValueError) as error:
                where = "" if key in self._kept() else f"no connection to {told_host(key, proxy_for(key))}: "
                self.drop(key)
                self.clock.check()
                if reused and isinstance(error, (ConnectionError, http.client.BadStatusLine)):
                    continue  # the host may close an idle connection: retry once
                if isinstance(error, (http.client.InvalidURL, ValueError)) and not isinstance(error, OSError):
                    raise FetchError("the URL has characters or a port that are not allowed") from None  # quotes it
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise FetchError(where + explain_error(error)) from error
                raise TransientError(where + explain_error(error)) from error

    def _send(self, key: Key, method: str, url: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        proxy = proxy_for(key)
        connection = self._kept().get(key)
        if connection is None:
            with self._impatient(told_host(key, proxy)):
                connection = open_connection(key, proxy, self.policy.timeout)
            self._kept()[key] = connection
            with self._lock:
                self._sockets[connection] = connection.sock
        if proxy is not None and key.scheme == "http":
            path, headers = url, headers | proxy.headers
        # A socket timeout ends silence; only a timer ends a head that arrives byte by byte.
        watchdog = threading.Timer(self.policy.stall_window, shut, (connection.sock,))
        watchdog.daemon = True
        watchdog.start()
        try:
            with self._impatient(told_host(key, proxy)):
                connection.request(method, path, headers=headers)
                return connection.getresponse()
        finally:
            watchdog.cancel()

    @contextmanager
    def _impatient(self, host: str) -> Iterator[None]:
        """Says which host we wait for, if that takes long."""
        silence, longest = self.policy.silence, self.policy.timeout
        line = f"waiting for {host}: no answer for {silence:g} s; an attempt ends after {longest:g} s"
        timer = threading.Timer(silence, self.say, (line,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _answer(self, key: Key, response: http.client.HTTPResponse, start: int) -> Response:
        """The response, if its head is as required."""
        try:
            return Response(self, key, response, *self._head(response, start))
        except BaseException:
            response.close()
            self.drop(key)
            raise

    def _head(self, response: http.client.HTTPResponse, start: int) -> tuple[int, Version]:
        """(offset of the first byte, version of the file) of a good response."""
        get, status = response.getheader, response.status
        if status == 416:
            raise RangeError(f"HTTP 416: there is no byte {start:,}")
        if status not in (200, 206):
            if not is_passing(status):
                raise FetchError(status_line(status), status)
            told = retry_after(get("Retry-After"), get("Date"), self.clock.wall())
            raise TransientError(status_line(status), told, status)
        length = get("Content-Length") or ""
        if not re.fullmatch(r"\d{1,18}", length, re.ASCII) or get("Transfer-Encoding"):
            raise TransientError("the host does not state the size (no Content-Length)")
        encoding = known_encoding(get("Content-Encoding"))
        size, first = int(length), 0
        if status == 206:
            span = content_range(get("Content-Range"))
            if span is None or span.start != start or span.end + 1 != span.size or span.size - start != size:
                found = f"bytes {span.start}-{span.end}/{span.size}" if span else "none that is valid"
                raise RangeError(f"asked from byte {start:,} on, and got {size:,} bytes (Content-Range: {found})")
            size, first = span.size, start
        if size > self.policy.largest:
            raise FetchError(f"{size:,} bytes are more than the {self.policy.largest:,} that a file may have")
        return first, Version(size, _fit(get("ETag")), _fit(get("Last-Modified")), encoding)

    # -- connections ---------------------------------------------------------------------------------------------

    def _kept(self) -> dict[Key, http.client.HTTPConnection]:
        """This thread's connections."""
        if not hasattr(self._own, "kept"):
            self._own.kept = {}
        return self._own.kept  # type: ignore[no-any-return]


def _fit(value: str | None) -> str:
    """A header that can be sent back unchanged; else nothing."""
    return value if value and value.isascii() and value.isprintable() and len(value) <= 500 else ""


def _silent(line: str) -> None:
    """For callers that want no reports."""
