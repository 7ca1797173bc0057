"""Where Beam's local runner listens: on Unix sockets in a folder that no other user can open.

Beam 2.77 opens a port on every interface for each of its services, does not authenticate callers, and unpickles what
they send. It creates its servers in one module, with `grpc.server`, and passes their addresses to workers in one
method; while a pipeline runs, we replace both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import grpc
from apache_beam.runners.portability.fn_api_runner import worker_handlers

from c4pipe.errors import ConfigError
from c4pipe.scratch import scratch

LONGEST_FOLDER = 90  # bytes of a folder of sockets: a path with its NUL fits into 104 on macOS, 108 on Linux
SHORT = "/tmp"  # for sockets, if the path of the temporary folder is longer


@contextmanager
def sockets_in(folder: Path) -> Iterator[None]:
    """While a pipeline runs, Beam's servers listen in this folder, or in a similar one if its path is too long.

    ConfigError if this version of Beam creates its servers differently.
    """
    handler = worker_handlers.GrpcWorkerHandler
    if vars(worker_handlers).get("grpc") is not grpc or "port_from_worker" not in vars(handler):
        raise _unknown_beam()
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        with scratch("sockets", SHORT) as short, sockets_in(short):
            yield
        return
    sockets, before = _Sockets(folder), handler.port_from_worker
    worker_handlers.grpc = sockets
    handler.port_from_worker = lambda _, number: sockets.address(number)
    try:
        yield
    finally:
        worker_handlers.grpc = grpc
        handler.port_from_worker = before


class _Sockets:
    """Stands in for the module grpc: a server that requests a port gets a socket numbered like the port."""

    def __init__(self, folder: Path):
        self._folder, self._made = folder, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(grpc, name)

    def server(self, *args: Any, **kwargs: Any) -> grpc.Server:
        """`grpc.server`, which listens in our folder whatever address it is given."""
        server = grpc.server(*args, **kwargs)
        listen = server.add_insecure_port

        def add_insecure_port(_address: str) -> int:
            self._made += 1
            listen(self.address(self._made))
            return self._made

        server.add_insecure_port = add_insecure_port
        return server

    def address(self, number: int) -> str:
        """The address of a socket that was created."""
        if number > self._made:
            raise _unknown_beam()
        return f"unix:{quote(str(self._folder / str(number)))}"


def _unknown_beam() -> ConfigError:
    return ConfigError(
        f"apache-beam {version('apache-beam')} opens ports for its workers in a way that c4pipe does not know, so "
        "other users could send them work. Install the version in requirements.lock."
    )
