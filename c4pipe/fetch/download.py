"""Downloads one file, whole and checked, with as many attempts as needed.

Client.open_range --bytes--> .NAME.part --check--> NAME
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from c4pipe.fetch.client import Client
from c4pipe.fetch.files import PartialFile, check_gzip
from c4pipe.fetch.policy import DamagedError, FetchError, RangeError, TransientError
from c4pipe.text.urls import public

Check = Callable[[Path], None]  # TransientError or DamagedError for a file that is not whole
T = TypeVar("T")


def download(
    client: Client,
    url: str,
    target: Path,
    check: Check | None = check_gzip,
    on_bytes: Callable[[int], None] | None = None,
    before_rename: Callable[[int], None] | None = None,
) -> int:
    """Fetches `url` to `target`, resuming a part that an earlier run left; returns the size in bytes.

    `target` appears whole, checked and flushed to the disk, or not at all; an existing file is replaced. `on_bytes` is
    called with all bytes that arrive, `before_rename` with the final size. Raises FetchError if it cannot be fetched,
    DiskError if it cannot be written, StoppedError if the client is stopped: the part stays for the next run. Two
    concurrent downloads to one target need `files.Lock`.
    """
    part = PartialFile(target, url)
    damaged, most = 0, part.bytes()

    def attempt() -> int:
        nonlocal damaged
        known = part.version()
        if known is None or part.bytes() < known.size:
            _transfer(client, url, part, on_bytes)
        try:
            part.undo_encoding(client.policy.largest)
            if check is not None:
                check(part.path)
        except TransientError as error:
            part.discard()
            damaged += isinstance(error, DamagedError)
            if damaged >= client.policy.damaged:
                raise FetchError(f"{error} in {damaged} downloads: the host's copy is damaged") from error
            raise
        return part.bytes()

    def progressed() -> bool:
        nonlocal most
        if part.bytes() < most + client.policy.progress:
            return False
        most = part.bytes()  # a restarted file makes no progress until it is longer than before
        return True

    size = persist(client, PurePosixPath(public(url)).name, attempt, progressed)
    client.clock.check()
    if before_rename is not None:
        before_rename(size)
    part.finish()
    return size


def persist(client: Client, name: str, attempt: Callable[[], T], progressed: Callable[[], bool] = lambda: False) -> T:
    """The result of the first attempt that does not raise TransientError, with the policy's waits in between.

    Raises FetchError after the policy's number of consecutive attempts without progress.
    """
    policy, failures = client.policy, 0
    while True:
        try:
            return attempt()
        except TransientError as error:
            failures = 1 if progressed() else failures + 1
            if failures >= policy.attempts:
                hint = "; the host limits our rate: come back later, with fewer connections" if error.throttled else ""
                raise FetchError(f"{error} ({failures} attempts{hint}{error.doubt})") from error
            seconds = policy.wait(failures, error.told, client.draw())
            asked = ""
            if error.told is not None and error.told > policy.longest_told:
                asked = (
                    f", for {error.told:,.0f} s were requested and {policy.longest_told:,.0f} s is the longest we wait"
                )
            again = f"attempt {failures + 1} of {policy.attempts} in {seconds:.1f} s{asked}{error.doubt}"
            client.say(f"{name}: {error}; {again}")
            if error.throttled:
                client.limiter.hold(seconds)
            client.clock.sleep(seconds)


def _transfer(client: Client, url: str, part: PartialFile, on_bytes: Callable[[int], None] | None) -> None:
    """One request: for what is missing of the part, or for all of it."""
    known = part.version()
    try:
        answer = client.open_range(url, part.bytes() if known else 0, known.validator if known else None)
    except RangeError:
        part.discard()
        raise
    with answer:
        if not answer.start:
            part.begin(answer.version)
        elif known is None or not known.agrees(answer.version):
            part.discard()
            raise TransientError("the file changed at the host")
        with part.append() as out:  # `read` has its own errors, so an OSError here comes from the disk
            while data := answer.read():
                out.write(data)
                if on_bytes is not None:
                    on_bytes(len(data))
