"""Polls the kernel for the sockets on which a process and its children listen (Linux)."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

LISTEN = "0A"  # include/net/tcp_states.h TCP_LISTEN
ACCEPTS = 0x10000  # include/uapi/linux/net.h __SO_ACCEPTCON
PAUSE = 0.02  # seconds between two looks


class Listening(NamedTuple):
    """What was seen: `127.0.0.1:8000` of TCP, and the paths of unix sockets."""

    ports: set[str]
    paths: set[str]


@contextmanager
def watching(pid: int | None = None) -> Iterator[Listening]:
    """What this process, or another, and all below it listen on in the meantime."""
    seen, over = Listening(set(), set()), threading.Event()

    def look() -> None:
        while not over.wait(PAUSE):
            _look(pid or os.getpid(), seen)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def seen_of(command: list[str], **options: Any) -> Listening:
    """Runs a command to its end; what it listened on."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    with process, watching(process.pid) as seen:
        said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return seen


def wait_for(there: Callable[[], bool]) -> None:
    """Waits until something is so, for ten seconds."""
    end = time.monotonic() + 10
    while not there() and time.monotonic() < end:
        time.sleep(PAUSE)
    assert there()


def _look(pid: int, seen: Listening) -> None:
    held = {inode for process in _tree(pid) for inode in _sockets(process)}
    for table in ("tcp", "tcp6"):
        for line in _lines(Path(f"/proc/{pid}/net/{table}")):
            _, local, _, state, *rest = line.split()
            if state == LISTEN and rest[5] in held:
                seen.ports.add(_address(local))
    for line in _lines(Path(f"/proc/{pid}/net/unix")):
        _, _, _, flags, _, _, inode, *path = line.split(maxsplit=7)
        if int(flags, 16) & ACCEPTS and inode in held:
            seen.paths.add(path[0])


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text().splitlines()[1:]
    except OSError:  # the process is gone
        return []


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _sockets(pid: int) -> Iterator[str]:
    try:
        descriptors = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return
    for descriptor in descriptors:
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{descriptor}"))
        except OSError:
            continue
        if found:
            yield found[1]


def _address(local: str) -> str:
    """`0100007F:1F90`, words of four bytes in the order of this machine, as `127.0.0.1:8080`."""
    packed, _, port = local.partition(":")
    words = [bytes.fromhex(packed[i : i + 8])[::-1] for i in range(0, len(packed), 8)]
    return f"{ipaddress.ip_address(b''.join(words))}:{int(port, 16)}"
