"""A host that behaves as its script says, on 127.0.0.1; a clock that only pretends to wait; files to serve."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from c4pipe.fetch.policy import Policy
from c4pipe.fetch.rate import Clock

CRAWL = "CC-MAIN-2024-22"
LIST = f"/crawl-data/{CRAWL}/wet.paths.gz"

# Policies of tests: real timeouts, so small ones; waits are a clock's.
QUICK = Policy(timeout=2.0, stall_window=5.0, progress=1000)


def wet_path(number: int) -> str:
    """The path of a file as Common Crawl names them, without a slash before it."""
    segment = f"17159710572{number // 100:02d}.39"
    return f"crawl-data/{CRAWL}/segments/{segment}/wet/CC-MAIN-20240517233122-20240518023122-{number:05d}.warc.wet.gz"


def packed(seed: int, members: int = 20, size: int = 2000) -> bytes:
    """Some gzip members that do not pack well: about `members * size` bytes."""
    draw = random.Random(seed)
    return b"".join(gzip.compress(draw.randbytes(size), mtime=0) for _ in range(members))


def packed_list(*lines: str) -> bytes:
    return gzip.compress("".join(f"{line}\n" for line in lines).encode())


class Request(BaseHTTPRequestHandler):
    """One request, with the moves that answers are made of."""

    protocol_version = "HTTP/1.1"
    host: Host

    def start(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def body(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self) -> None:
        """Closes, in order."""
        self.close_connection = True

    def reset(self) -> None:
        """Closes with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.close_connection = True
        self.connection.close()

    def asked(self) -> int:
        """The first byte of the Range that was asked for, if any."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0

    def do_GET(self) -> None:
        host = self.host
        with host.counted(self):
            answers = host.script.get(self.path, [])
            with host.lock:
                answer = answers.pop(0) if answers else host.usual
            try:
                answer(self)
            except (ConnectionError, TimeoutError):
                self.hang_up()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the other side, or `reset`, closed the connection
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()


Answer = Callable[[Request], None]


class Host:
    """Serves `files`; for each path its scripted answers come first, in their order."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etags: dict[str, str] = {}  # where it is not the sum of the bytes
        self.script: dict[str, list[Answer]] = {}
        self.seen: list[tuple[str, str, str]] = []  # method, path, Range
        self.lock = threading.Lock()
        self.now = self.most = self.connections = 0  # requests at work; the most at once; connections so far
        host = self

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> tuple[socket.socket, object]:
                host.connections += 1
                return super().get_request()

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), type("Handler", (Request,), {"host": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def counted(self, request: Request) -> Iterator[None]:
        with self.lock:
            self.seen.append((request.command, request.path, request.headers.get("Range", "")))
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self.lock:
                self.now -= 1

    def gets(self, path: str) -> list[str]:
        """The Range of each GET for a path."""
        return [span for method, asked, span in self.seen if method == "GET" and asked == path]

    def serve_crawl(self, files: int, **kw: int) -> list[str]:
        """Serves a crawl of so many files; their paths."""
        paths = [wet_path(number) for number in range(files)]
        self.files[LIST] = packed_list(*paths)
        self.files |= {f"/{path}": packed(number, **kw) for number, path in enumerate(paths)}
        return paths

    def etag(self, path: str) -> str:
        return self.etags.get(path, f'"{hashlib.md5(self.files[path]).hexdigest()}"')

    def usual(self, request: Request) -> None:
        """As S3 and CloudFront answer: ranges, If-Range, an ETag."""
        data = self.files.get(request.path)
        if data is None:
            error(404)(request)
            return
        start, etag = request.asked(), self.etag(request.path)
        if request.headers.get("If-Range", etag) != etag:
            start = 0
        if start >= len(data) > 0:
            request.start(416, 0, Content_Range=f"bytes */{len(data)}")
        elif start:
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            request.start(206, len(data) - start, ETag=etag, Content_Range=span)
            request.body(data[start:])
        else:
            request.start(200, len(data), ETag=etag)
            if request.command == "GET":
                request.body(data)

    def whole(self, request: Request) -> tuple[bytes, str]:
        """(bytes, ETag) of what a request is for."""
        return self.files[request.path], self.etag(request.path)


def error(status: int, **headers: str) -> Answer:
    def answer(request: Request) -> None:
        request.start(status, 5, **headers)
        request.body(b"sorry")

    return answer


def cut(count: int, reset: bool = False) -> Answer:
    """As usual, but for a body that ends after `count` bytes."""

    def answer(request: Request) -> None:
        data, etag = request.host.whole(request)
        start = request.asked()
        if start:
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            request.start(206, len(data) - start, ETag=etag, Content_Range=span)
        else:
            request.start(200, len(data), ETag=etag)
        request.body(data[start : start + count])
        time.sleep(0.01)  # so that a reset does not overtake the bytes
        request.reset() if reset else request.hang_up()

    return answer


def page(status: int = 200) -> Answer:
    """An error page that says it is all right."""

    def answer(request: Request) -> None:
        body = b"<!DOCTYPE html><html><body>Please log in</body></html>"
        request.start(status, len(body), Content_Type="text/html")
        request.body(body)

    return answer


def other(data: bytes, length: int | None = None, **headers: str) -> Answer:
    """Other bytes than the right ones, perhaps under a wrong length."""

    def answer(request: Request) -> None:
        request.start(200, len(data) if length is None else length, **headers)
        request.body(data)
        request.hang_up()

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    return lambda request: request.start(status, 0, Location=location)


class FakeClock(Clock):
    """Time goes on when somebody waits, and at once."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_716_000_000.0 + self.time  # 18 May 2024, 02:40:00

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.time += max(0.0, seconds)
            self.waits.append(round(seconds, 3))
        self.check()
