"""Emulators of S3 and GCS on this machine, each behind a proxy that fails where a test asks for it."""

from __future__ import annotations

import http.client
import socket
import socketserver
import struct
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

BUCKET = "corpora"


class Fault(NamedTuple):
    """What happens to some requests: a status instead of an answer, or to the answer in the middle of its body.

    `how`: "503" or another status; "reset": the connection is reset; "cut": it is closed; "short": the answer says that
    this half is all.
    """

    how: str
    method: str
    part: str  # of the path, unquoted
    times: int = 1_000_000


class Emulator:
    """One that runs: where it is reached, which requests came, and what happens to them."""

    def __init__(self, kind: str, behind: int):
        self.asked: list[str] = []  # "METHOD path", unquoted
        self.faults: list[Fault] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"own": self}))
        self.server.daemon_threads = True
        self.kind, self.behind = kind, behind
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.folder = f"{kind}://{BUCKET}"
        self._lock = threading.Lock()

    @property
    def flags(self) -> list[str]:
        """Beam's options to reach it; GCS is reached by a variable."""
        return ["--s3_endpoint_url", self.url] if self.kind == "s3" else []

    def befalls(self, asked: str) -> str:
        """What is to happen to a request, "" for nothing; counted."""
        with self._lock:
            self.asked.append(asked)
            for i, fault in enumerate(self.faults):
                if fault.times and asked.startswith(fault.method) and fault.part in asked:
                    self.faults[i] = fault._replace(times=fault.times - 1)
                    return fault.how
        return ""


class _Handler(BaseHTTPRequestHandler):
    own: Emulator
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        how = self.own.befalls(f"{self.command} {urllib.parse.unquote(self.path)}")
        if how.isdigit():
            self._send(int(how), [], b"")
            return
        behind = http.client.HTTPConnection("127.0.0.1", self.own.behind)
        behind.request(self.command, self.path, body, dict(self.headers.items()))
        answer = behind.getresponse()
        data = answer.read()
        behind.close()
        if how == "short":
            data = data[: len(data) // 2]
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OURS]
        self._send(answer.status, headers, data, answer.getheader("Content-Length"), how)

    def _send(
        self, status: int, headers: list[tuple[str, str]], data: bytes, said: str | None = None, how: str = ""
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        length = said if self.command == "HEAD" and said is not None else str(len(data))
        if status != 204:
            self.send_header("Content-Length", length)
        self.end_headers()
        if how in ("reset", "cut"):
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            if how == "reset":  # a socket that does not linger is closed by a RST
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


_OURS = ("content-length", "transfer-encoding", "connection", "server", "date")


@contextmanager
def emulator(kind: str) -> Iterator[Emulator]:
    """One of "s3" or "gs", with an empty bucket."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True  # servers here wait 40 ms for each answer else
    with _S3() if kind == "s3" else _gcs() as port:
        found = Emulator(kind, port)
        thread = threading.Thread(target=found.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            found.server.shutdown()
            found.server.server_close()


class _S3:
    def __enter__(self) -> int:
        import boto3
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from moto.server import ThreadedMotoServer

        MotoRequestHandler.log = lambda *_: None  # it would write each request to stderr
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        port: int = self._server.get_host_and_port()[1]
        boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}").create_bucket(Bucket=BUCKET)
        return port

    def __exit__(self, *_: object) -> None:
        self._server.stop()


@contextmanager
def _gcs() -> Iterator[int]:
    from gcp_storage_emulator.server import create_server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    server.start()
    try:
        yield port
    finally:
        server.stop()
